"""OTLP bodies for tests: made by OpenTelemetry's own SDK and encoder, or by hand where it refuses to."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, Status, StatusCode, set_span_in_context

START_NS = 1_795_000_000_000_000_001  # 2026-11-18, with a last digit that a float would lose

CHAT: dict[str, Any] = {
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "openai",
    "gen_ai.request.model": "gpt-5-mini",
    "gen_ai.response.model": "gpt-5-mini-2026-08-07",
    "gen_ai.request.temperature": 0.2,
    "gen_ai.usage.input_tokens": 42,
    "gen_ai.usage.output_tokens": 17,
    "gen_ai.usage.cache_read.input_tokens": 12,
    "gen_ai.response.finish_reasons": ("stop",),
    "gen_ai.input.messages": '[{"role":"user","parts":[{"type":"text","content":"Capital of France?"}]}]',
    "gen_ai.output.messages": '[{"role":"assistant","parts":[{"type":"text","content":"Paris."}],"finish_reason":"stop"}]',
}


class Recorder:
    """A tracer of its own whose spans are handed out as an OTLP body."""

    def __init__(self, resource: Mapping[str, Any] | None = None, scope: str = "some.instrumentation") -> None:
        self._exporter = InMemorySpanExporter()
        attributes = {"service.name": "billing", **(resource or {})}
        self._provider = TracerProvider(resource=Resource(attributes), shutdown_on_exit=False)
        self._provider.add_span_processor(SimpleSpanProcessor(self._exporter))
        self.tracer = self._provider.get_tracer(scope, "1.0")

    def span(
        self,
        name: str = "chat gpt-5-mini",
        attributes: Mapping[str, Any] | None = None,
        *,
        start_ns: int = START_NS,
        end_ns: int = START_NS + 1_500_000_000,
        parent: Any = None,
        status: StatusCode | None = None,
        message: str | None = None,
    ) -> Any:
        context = None if parent is None else set_span_in_context(parent)
        span = self.tracer.start_span(
            name, context, SpanKind.CLIENT, CHAT if attributes is None else attributes, start_time=start_ns
        )
        if status is not None:
            span.set_status(Status(status, message))
        span.end(end_ns)
        return span

    def body(self) -> bytes:
        """Everything recorded so far, as an ExportTraceServiceRequest."""
        return encode_spans(self._exporter.get_finished_spans()).SerializeToString()


def chat_body(
    count: int = 1, attributes: Mapping[str, Any] | None = None, resource: Mapping[str, Any] | None = None
) -> bytes:
    """``count`` chat spans, each a trace of its own."""
    recorder = Recorder(resource)
    for number in range(count):
        recorder.span(attributes={**CHAT, **(attributes or {})}, start_ns=START_NS + number * 1000)
    return recorder.body()


def json_body(spans: Sequence[Mapping[str, Any]], resource: Sequence[Mapping[str, Any]] = ()) -> bytes:
    return json.dumps(
        {
            "resourceSpans": [
                {
                    "resource": {"attributes": list(resource)},
                    "scopeSpans": [{"scope": {"name": "hand"}, "spans": list(spans)}],
                }
            ]
        }
    ).encode()


def json_span(number: int = 1, **fields: Any) -> dict[str, Any]:
    return {
        "traceId": f"{number:032x}",
        "spanId": f"{number:016x}",
        "name": "step",
        "kind": 3,
        "startTimeUnixNano": str(START_NS),
        "endTimeUnixNano": START_NS + 5,
        **fields,
    }
