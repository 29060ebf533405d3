"""OpenLLMetry (Traceloop): the conventions with its own scope and ``traceloop.*`` around them (0.5x on).

Up to 0.4x messages were spread over ``gen_ai.prompt.N.*`` and ``gen_ai.completion.N.*``, the operation stood in
``llm.request.type``, tools in ``llm.request.functions.N.*``; both are read here, by the span.
"""

from __future__ import annotations

from suffice import semconv
from suffice_collector.dialects import fields, flat, otel_genai
from suffice_collector.dialects.place import call_record
from suffice_collector.otlp import Resource, Span
from suffice_store.records import CallRecord

NAME = "openllmetry"
SCOPES: tuple[str, ...] = ()  # its scopes are named as OpenTelemetry's own: opentelemetry.instrumentation.openai.v1

REQUEST_TYPE = "llm.request.type"
_OPERATIONS = {"chat": "chat", "completion": "text_completion", "embedding": "embeddings"}
_SPREAD = ("gen_ai.prompt.", "gen_ai.completion.", "llm.request.functions.")
_OWN = ("gen_ai.is_streaming", "llm.is_streaming", "traceloop.workflow.name", "traceloop.entity.name")


def matches(span: Span) -> bool:
    a = span.attributes
    operation = a.get(semconv.OPERATION)
    if operation is None:
        named = otel_genai.SYSTEM in a or semconv.REQUEST_MODEL in a
        return named and fields.word(a, REQUEST_TYPE, _OPERATIONS) is not None
    return any(key in a for key in _OWN) and otel_genai.matches(span)


def normalise(span: Span, resource: Resource) -> CallRecord | None:
    a = span.attributes
    call = otel_genai.call_of(span)
    if kind := fields.word(a, REQUEST_TYPE, _OPERATIONS) if semconv.OPERATION not in a else None:
        call.operation = _OPERATIONS[kind]
    call.stream = call.stream or a.get("llm.is_streaming") is True
    call.input_messages = call.input_messages or flat.openllmetry_messages(a, "gen_ai.prompt.")
    if call.operation != "embeddings":
        call.output_messages = call.output_messages or flat.openllmetry_messages(a, "gen_ai.completion.", "assistant")
    call.tool_definitions = call.tool_definitions or fields.tools(
        {"tools": [_tool(each) for each in flat.entries(a, _SPREAD[2])]}, "tools"
    )
    schema = fields.json_object(a, "gen_ai.request.structured_output_schema")
    if schema is not None:
        call.response_format = {"type": "json_schema", "json_schema": {"schema": schema}}
        call.parameters.pop("structured_output_schema", None)
    if not call.finish_reasons:
        call.finish_reasons = [each["finish_reason"] for each in call.output_messages if "finish_reason" in each]
    record = call_record(call, span, resource, NAME, [*otel_genai.CONTENT, *flat.keys_under(a, *_SPREAD)])
    record.run_name = fields.text(a, "traceloop.workflow.name")
    record.user_id = record.user_id or fields.text(a, "traceloop.association.properties.user_id", "llm.user")
    session = fields.text(a, "traceloop.association.properties.session_id")
    record.conversation_id = record.conversation_id or session
    return record


def _tool(flat_tool: dict[str, object]) -> dict[str, object]:
    return {**flat_tool, "parameters": fields.json_value(flat_tool, "parameters")}
