"""LiteLLM's OpenTelemetry callback: the conventions on ``litellm_request``; its child ``raw_gen_ai_request`` holds the
vendor's bodies in Python's repr and is a step.

The SDK and the proxy emit the same. Who called stands in ``metadata.user_api_key_*``.
"""

from __future__ import annotations

from suffice_collector.dialects import fields, flat, otel_genai, tokens
from suffice_collector.dialects.place import call_record
from suffice_collector.otlp import Resource, Span
from suffice_store.records import CallRecord

NAME = "litellm"
SCOPES: tuple[str, ...] = ("litellm",)

_SPREAD = ("gen_ai.prompt.", "gen_ai.completion.", "llm.request.functions.")


def matches(span: Span) -> bool:
    return otel_genai.matches(span)


def normalise(span: Span, resource: Resource) -> CallRecord | None:
    a = span.attributes
    call = otel_genai.call_of(span)
    call.stream = call.stream or a.get("llm.is_streaming") in (True, "True")
    if not any(message["parts"] for message in call.output_messages):
        call.output_messages = flat.openllmetry_messages(a, _SPREAD[1], "assistant") or call.output_messages
    call.input_messages = call.input_messages or flat.openllmetry_messages(a, _SPREAD[0])
    functions = [{**each, "parameters": fields.json_value(each, "parameters")} for each in flat.entries(a, _SPREAD[2])]
    call.tool_definitions = call.tool_definitions or fields.tools({"tools": functions}, "tools")
    raw = fields.python_value(a, "metadata.usage_object")
    if isinstance(raw, dict) and (told := tokens.usage_of(raw)) is not None:
        call.usage = told
    record = call_record(call, span, resource, NAME, [*otel_genai.CONTENT, *flat.keys_under(a, *_SPREAD)])
    record.user_id = record.user_id or fields.text(a, "llm.user", "metadata.user_api_key_end_user_id")
    record.service = fields.text(a, "metadata.user_api_key_alias") or record.service
    return record
