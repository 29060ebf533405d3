"""A request that goes through every compiled function, so that each is there before the first real one comes."""

from __future__ import annotations

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue

from suffice import semconv

_TEXTS = {
    semconv.WIRE_FORMAT: "openai.chat",
    semconv.USAGE_SOURCE: "reported",
    semconv.USAGE_RAW: '{"prompt_tokens":1,"more":{"n":[1]}}',
    semconv.RESPONSE_ID: "r",
    semconv.INPUT_MESSAGES: '[{"role":"user","parts":[{"type":"text","content":"a\\n"}]}]',
    semconv.OUTPUT_MESSAGES: '[{"role":"assistant","parts":[{"type":"text","content":"b"}]}]',
}


def sample_body() -> bytes:
    """One call with a parent, in protobuf."""
    request = ExportTraceServiceRequest()
    scope = request.resource_spans.add().scope_spans.add()
    scope.scope.name = semconv.SCOPE
    span = scope.spans.add(trace_id=b"t" * 16, span_id=b"s" * 8, parent_span_id=b"p" * 8, name="chat")
    span.attributes.extend(KeyValue(key=key, value=AnyValue(string_value=text)) for key, text in _TEXTS.items())
    return request.SerializeToString()
