"""TraceAI (Future AGI), a fork of OpenInference under OpenTelemetry's names: ``gen_ai.input.messages.N.message.*``.

``gen_ai.request.model`` holds the response's model.
"""

from __future__ import annotations

from suffice import semconv
from suffice_collector.dialects import fields, flat, otel_genai, payload
from suffice_collector.dialects.place import call_record
from suffice_collector.otlp import Resource, Span
from suffice_store.records import CallRecord

NAME = "traceai"
SCOPES: tuple[str, ...] = ("traceai",)

KIND = "gen_ai.span.kind"
_OPERATIONS = {"LLM": "chat", "EMBEDDING": "embeddings"}
_SPREAD = ("gen_ai.input.messages.", "gen_ai.output.messages.", "gen_ai.tool.definitions.")


def matches(span: Span) -> bool:
    return fields.word(span.attributes, KIND, _OPERATIONS) is not None


def normalise(span: Span, resource: Resource) -> CallRecord | None:
    a = span.attributes
    call = otel_genai.call_of(span)
    call.operation = _OPERATIONS[a[KIND]]
    call.response_model, call.request_model = call.response_model or call.request_model, None
    call.input_messages = call.input_messages or flat.openinference_messages(a, _SPREAD[0])
    call.output_messages = call.output_messages or flat.openinference_messages(a, _SPREAD[1])
    call.tool_definitions = call.tool_definitions or flat.openinference_tools(a, _SPREAD[2])
    call.parameters = payload.parameters_of(fields.json_object(a, "gen_ai.request.parameters") or {})
    if call.usage is not None:
        call.usage.cache_read_tokens = call.usage.cache_read_tokens or fields.integer(
            a, f"{semconv.INPUT_TOKENS}.cache_read"
        )
        call.usage.reasoning_tokens = call.usage.reasoning_tokens or fields.integer(
            a, f"{semconv.OUTPUT_TOKENS}.reasoning"
        )
    payload.fill(call, payload.read_request(fields.json_value(a, "input.value")))
    answer = fields.json_value(a, "output.value") or fields.python_value(a, "output.value")
    if call.operation == "chat":
        payload.fill(call, None, payload.read_answer(answer))
    return call_record(call, span, resource, NAME, [*otel_genai.CONTENT, *flat.keys_under(a, *_SPREAD)])
