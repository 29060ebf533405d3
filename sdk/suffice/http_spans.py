"""``init(http_spans=True)``: HTTP child spans and ``traceparent``, by opentelemetry-instrumentation-httpx.

Its two instrumentors (httpx and httpx2 are separate classes) work one layer below ours. They end when the
headers arrive and are blind to custom transports, so they add to our capture and can't replace it. Our
span is the current one only during ``send``. Requests that are no LLM calls get neither span nor header.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from importlib import import_module
from typing import TYPE_CHECKING, Any

from suffice import context

if TYPE_CHECKING:
    from suffice.capture import Capture

logger = logging.getLogger("suffice")
_INSTRUMENTORS = (("httpx", "HTTPXClientInstrumentor"), ("httpx2", "HTTPX2ClientInstrumentor"))
_NOTHING: AbstractContextManager[None] = nullcontext()
watched: dict[str, Any] = {}  # the instrumentors that we switched on, by library


def instrument(module_name: str, tracer_provider: Any) -> None:
    """Switch the library's instrumentor on, unless the host has done so: then its spans stay the host's."""
    try:
        package = import_module("opentelemetry.instrumentation.httpx")
    except ImportError:
        logger.warning("http_spans needs an extra: pip install 'suffice[http-spans]'")
        return
    for name, class_name in _INSTRUMENTORS:
        instrumentor_class = getattr(package, class_name, None)
        if name != module_name or instrumentor_class is None:
            continue
        instrumentor = instrumentor_class()
        if instrumentor.is_instrumented_by_opentelemetry:
            continue
        instrumentor.instrument(tracer_provider=tracer_provider, skip_dep_check=True)
        watched[name] = instrumentor


def remove() -> None:
    """Switch off what was switched on here."""
    while watched:
        watched.popitem()[1].uninstrument()


def around_call(capture: Capture) -> AbstractContextManager[None]:
    """Make the call's span the current one while the request is sent, where somebody is to see it."""
    recorder = context.recorder
    if recorder is None or not recorder.attaches_context or capture.span is None:
        return _NOTHING
    return _attached(capture.span)


@contextmanager
def _attached(span: Any) -> Iterator[None]:
    from opentelemetry.context import attach, detach
    from opentelemetry.trace import set_span_in_context

    token = attach(set_span_in_context(span))
    try:
        yield
    finally:
        detach(token)


@contextmanager
def unobserved() -> Iterator[None]:
    """Keep our instrumentor away from a request that is no LLM call. Only of a library in ``watched``: else it is the host's own."""
    from opentelemetry.instrumentation.utils import suppress_http_instrumentation

    with suppress_http_instrumentation():
        yield
