"""LangSmith's OpenTelemetry export: ``langsmith.span.kind``; ``gen_ai.prompt`` and ``gen_ai.completion`` as JSON.

``gen_ai.operation.name`` says ``chat`` on prompts too, so that only the kind counts. Details of the tokens are
Python's repr of a dict.
"""

from __future__ import annotations

from suffice_collector.dialects import fields, otel_genai, payload
from suffice_collector.dialects.place import call_record
from suffice_collector.otlp import Resource, Span
from suffice_store.records import CallRecord

NAME = "langsmith"
SCOPES: tuple[str, ...] = ("langsmith",)

KIND = "langsmith.span.kind"
_CONTENT = ("gen_ai.prompt", "gen_ai.completion")
_METADATA = "langsmith.metadata."


def matches(span: Span) -> bool:
    return fields.word(span.attributes, KIND, ("llm", "embedding")) is not None


def normalise(span: Span, resource: Resource) -> CallRecord | None:
    a = span.attributes
    call = otel_genai.call_of(span)
    call.operation = "embeddings" if a[KIND] == "embedding" else "chat"
    call.provider = (fields.text(a, f"{_METADATA}ls_provider") or call.provider).lower()
    call.request_model = call.request_model or fields.text(a, f"{_METADATA}ls_model_name")
    temperature = fields.number(a, f"{_METADATA}ls_temperature")
    if temperature is not None:
        call.parameters.setdefault("temperature", temperature)
    if call.usage is not None:
        asked = fields.python_value(a, "gen_ai.usage.input_token_details")
        answered = fields.python_value(a, "gen_ai.usage.output_token_details")
        if isinstance(asked, dict):
            call.usage.cache_read_tokens = fields.integer(asked, "cache_read")
            call.usage.cache_write_5m_tokens = fields.integer(asked, "cache_creation")
        if isinstance(answered, dict):
            call.usage.reasoning_tokens = fields.integer(answered, "reasoning")
    answer = fields.json_value(a, "gen_ai.completion")
    asked_for = fields.json_value(a, "gen_ai.prompt")
    payload.fill(call, payload.read_request(asked_for if asked_for is not None else a.get("gen_ai.prompt")))
    if call.operation == "chat":
        payload.fill(call, None, payload.read_answer(answer if answer is not None else a.get("gen_ai.completion")))
    content = (*otel_genai.CONTENT, *(_CONTENT if call.input_messages else ()))
    record = call_record(call, span, resource, NAME, content)
    record.conversation_id = fields.text(a, f"{_METADATA}session_id", f"{_METADATA}thread_id") or record.conversation_id
    record.run_name = fields.text(a, f"{_METADATA}lc_agent_name")
    return record
