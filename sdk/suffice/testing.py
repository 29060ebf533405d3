"""For an app's own tests: which LLM calls did this code make, without a collector.

with suffice.testing.recorded_calls() as calls:
    answer_ticket("...")
assert [call["gen_ai.request.model"] for call in calls()] == ["gpt-4o-mini"]
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from suffice import context, semconv, transports
from suffice.collector import Answer, Collector, Verdict
from suffice.config import read_settings
from suffice.otlp import Bytes
from suffice.recorder import Recorder


class _Kept(Collector):
    """Takes every batch, and keeps it as the spans it holds."""

    def __init__(self) -> None:
        super().__init__("http://127.0.0.1:1")
        self.bodies: list[bytes] = []

    def post_spans(self, body: Bytes) -> Answer:
        self.bodies.append(b"".join(body))
        return Answer(Verdict.STORED)


@contextmanager
def recorded_calls(capture: str = "full") -> Iterator[Callable[[], list[dict[str, Any]]]]:
    """Record the calls made inside. Gives a function that returns their span attributes so far, by start time.

    Replaces a recorder that is active, for the time being.
    """
    settings = read_settings(capture=capture, spool=False, quiet=True, environ={})
    recorder = Recorder(settings)
    kept = _Kept()
    recorder.deliver_to(kept)

    def calls() -> list[dict[str, Any]]:
        recorder.flush(10.0)
        return _calls_in(kept.bodies)

    before, context.recorder = context.recorder, recorder
    transports.install()
    try:
        yield calls
    finally:
        context.recorder = before
        recorder.shutdown(5.0)


def _calls_in(bodies: list[bytes]) -> list[dict[str, Any]]:
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    spans = [
        span
        for body in bodies
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
    ]
    described = [
        {each.key: _plain(each.value) for each in span.attributes}
        for span in sorted(spans, key=lambda span: span.start_time_unix_nano)
    ]
    return [attributes for attributes in described if semconv.WIRE_FORMAT in attributes]


def _plain(value: Any) -> Any:
    kind = value.WhichOneof("value")
    if kind == "array_value":
        return [_plain(each) for each in value.array_value.values]
    return getattr(value, kind) if kind else None
