"""Files of recorded calls, made here: one example an importer, for the contract suite and the command's tests."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from collector.importers.exports import EXPORTS
from google.protobuf.json_format import MessageToDict
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue


def logged(number: int = 1, **fields: Any) -> dict[str, Any]:
    """One line of the neutral call log."""
    line = {
        "id": f"log-{number}",
        "request": {"model": "gpt-4o", "messages": [{"role": "user", "content": f"Question {number}?"}]},
        "response": {
            "model": "gpt-4o-2024-08-06",
            "choices": [{"index": 0, "message": {"role": "assistant", "content": "Yes."}, "finish_reason": "stop"}],
        },
    }
    return {key: value for key, value in (line | fields).items() if value is not None}


def json_lines(values: Iterable[Any]) -> bytes:
    return "".join(json.dumps(each) + "\n" for each in values).encode()


def otlp_request(calls: int = 2, service: str = "shop", trace: int = 1) -> ExportTraceServiceRequest:
    """``calls`` chat spans, and one span that is no call."""
    request = ExportTraceServiceRequest()
    group = request.resource_spans.add()
    if service:
        group.resource.attributes.append(_text("service.name", service))
    scope = group.scope_spans.add()
    for number in range(calls + 1):
        span = scope.spans.add()
        span.trace_id = trace.to_bytes(16, "big")
        span.span_id = (number + 1).to_bytes(8, "big")
        span.start_time_unix_nano = 1_790_000_000_000_000_000 + number
        span.end_time_unix_nano = span.start_time_unix_nano + 5_000_000
        if number == calls:
            span.name = "render page"
            continue
        span.name = "chat gpt-4o"
        attributes = {
            "gen_ai.operation.name": "chat",
            "gen_ai.provider.name": "openai",
            "gen_ai.request.model": "gpt-4o",
            "gen_ai.response.id": f"chatcmpl-{trace}-{number}",
            "gen_ai.input.messages": json.dumps(
                [{"role": "user", "parts": [{"type": "text", "content": f"Q{number}"}]}]
            ),
            "gen_ai.output.messages": json.dumps([{"role": "assistant", "parts": [{"type": "text", "content": "A"}]}]),
        }
        span.attributes.extend(_text(key, value) for key, value in attributes.items())
        span.attributes.append(KeyValue(key="gen_ai.usage.input_tokens", value=AnyValue(int_value=10)))
        span.attributes.append(KeyValue(key="gen_ai.usage.output_tokens", value=AnyValue(int_value=3)))
    return request


def otlp_json(request: ExportTraceServiceRequest, indent: int | None = None) -> bytes:
    """As exporters write it: ids as hex, not as protobuf's JSON mapping has them (base64)."""
    body = MessageToDict(request)
    for group, raw in zip(body["resourceSpans"], request.resource_spans, strict=True):
        for scope, raw_scope in zip(group["scopeSpans"], raw.scope_spans, strict=True):
            for span, raw_span in zip(scope["spans"], raw_scope.spans, strict=True):
                span["traceId"], span["spanId"] = raw_span.trace_id.hex(), raw_span.span_id.hex()
    return json.dumps(body, indent=indent).encode()


def _text(key: str, value: str) -> KeyValue:
    return KeyValue(key=key, value=AnyValue(string_value=value))


# importer -> a file of two calls
TWO_CALLS: dict[str, bytes] = {
    "openai-log": json_lines([logged(1), logged(2)]),
    "otlp": otlp_json(otlp_request(2)),
    **{name: next(iter(ways.values())) for name, ways in EXPORTS.items()},
}
