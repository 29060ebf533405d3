"""Google's Agent Development Kit: the conventions on ``generate_content`` spans; older ones (``call_llm``) carry the
request and answer whole, in ``gcp.vertex.agent.llm_request`` and ``.llm_response``.

Through LiteLLM (the model is named ``vendor/model``) the output counts reasoning twice: 23 was told for 17.
"""

from __future__ import annotations

from suffice import semconv
from suffice.wire.call import Call
from suffice_collector.dialects import fields, otel_genai, tokens
from suffice_collector.dialects.place import call_record
from suffice_collector.dialects.said import messages_of, parts_of
from suffice_collector.otlp import Resource, Span
from suffice_store.records import CallRecord

NAME = "google_adk"
SCOPES: tuple[str, ...] = ("gcp.vertex.agent",)

_REQUEST, _RESPONSE = "gcp.vertex.agent.llm_request", "gcp.vertex.agent.llm_response"


def matches(span: Span) -> bool:
    return otel_genai.matches(span) or (span.name == "call_llm" and _REQUEST in span.attributes)


def normalise(span: Span, resource: Resource) -> CallRecord | None:
    a = span.attributes
    call = otel_genai.call_of(span)
    if call.operation not in semconv.CALL_OPERATIONS:
        call.operation = "generate_content"
    _add_bodies(call, span)
    vendor, _, model = (call.request_model or "").partition("/")
    if model:
        call.request_model, call.provider = model, call.provider or vendor
        usage = call.usage
        if usage is not None and usage.output_tokens is not None and usage.reasoning_tokens:
            usage.output_tokens = max(usage.output_tokens - usage.reasoning_tokens, usage.reasoning_tokens)
    content = (*otel_genai.CONTENT, *((_REQUEST, _RESPONSE) if call.input_messages else ()))
    record = call_record(call, span, resource, NAME, content)
    record.conversation_id = record.conversation_id or fields.text(a, "gcp.vertex.agent.session_id")
    return record


def _add_bodies(call: Call, span: Span) -> None:
    request = fields.json_object(span.attributes, _REQUEST) or {}
    response = fields.json_object(span.attributes, _RESPONSE) or {}
    call.request_model = call.request_model or fields.text(request, "model")
    call.input_messages = call.input_messages or messages_of(request.get("contents"))
    config = request.get("config")
    if isinstance(config, dict) and not call.system_instructions:
        call.system_instructions = parts_of(config.get("system_instruction"))
    if isinstance(content := response.get("content"), dict):
        call.output_messages = call.output_messages or messages_of([content], "assistant")
    if call.usage is None and isinstance(raw := response.get("usage_metadata"), dict):
        named = {
            "input_tokens": raw.get("prompt_token_count"),
            "output_tokens": raw.get("candidates_token_count"),
            "reasoning_tokens": raw.get("thoughts_token_count"),
            "cached_content_token_count": raw.get("cached_content_token_count"),
        }
        call.usage = tokens.usage_of(named, output_exclusive=True)
