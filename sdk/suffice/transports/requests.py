"""requests: ``Session.send``, which every request passes, whatever adapter carries it.

Redirects call ``send`` from within, so they are one exchange. An answer that ``send`` has not read
(``stream=True``) is read from ``response.raw``, urllib3's response: teed there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from suffice.announce import log_once
from suffice.capture import Capture, RawHeaders, capturing
from suffice.http_spans import around_call
from suffice.transports.seams import Unpatch, as_bytes, as_raw_headers, begin, wrap
from suffice.transports.urllib3_tee import tee

MODULES = ("requests",)


def patch(module: Any) -> Unpatch:
    """Wrap ``Session.send``."""
    return wrap(module.Session, "send", _send)


def _send(original: Callable[..., Any]) -> Callable[..., Any]:
    def send(self: Any, request: Any, **kwargs: Any) -> Any:
        def read() -> tuple[str, RawHeaders, bytes]:
            return request.url, as_raw_headers(request.headers.items()), as_bytes(request.body)

        url, method = getattr(request, "url", None), getattr(request, "method", None)
        capture = begin("requests", method, url, read) if isinstance(url, str) and isinstance(method, str) else None
        if capture is None:
            return original(self, request, **kwargs)
        token = capturing.set(True)
        try:
            with around_call(capture):
                response = original(self, request, **kwargs)
        except BaseException as error:
            capture.fail(error)
            raise
        finally:
            capturing.reset(token)
        _take_answer(capture, response)
        return response

    return send


def _take_answer(capture: Capture, response: Any) -> None:
    try:
        if response.status_code == 101:
            return
        capture.answered(response.status_code, as_raw_headers(response.headers.items()))
        body: Any = getattr(response, "_content", False)  # the public ``content`` would read it
        if body is False:
            response.raw = tee(response.raw, capture)
        else:
            capture.whole(body or b"")
            capture.end()
    except Exception:
        log_once("reading a requests response")
