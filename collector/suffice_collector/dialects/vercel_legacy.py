"""Vercel's AI SDK with its own telemetry (up to 6, and 7's LegacyOpenTelemetry): ``ai.generateText.doGenerate``.

The outer span (``ai.generateText``) repeats the sum of its steps; only the ``.do...`` spans are calls.
"""

from __future__ import annotations

from typing import Any

from suffice.wire.call import Call, Message
from suffice_collector.dialects import fields, otel_genai, payload, tokens
from suffice_collector.dialects.place import call_record
from suffice_collector.dialects.said import messages_of, text_part, tool_call
from suffice_collector.otlp import Resource, Span
from suffice_store.records import CallRecord

NAME = "vercel_legacy"
SCOPES: tuple[str, ...] = ("ai",)

OPERATION = "ai.operationId"
_CONTENT = ("ai.prompt.messages", "ai.prompt", "ai.response.text", "ai.response.toolCalls", "ai.response.object")
_VENDOR_BITS = {"chat", "responses", "embedding", "completion", "messages", "generative-ai"}


def matches(span: Span) -> bool:
    operation = span.attributes.get(OPERATION)
    return isinstance(operation, str) and ".do" in operation


def normalise(span: Span, resource: Resource) -> CallRecord | None:
    a = span.attributes
    call = otel_genai.call_of(span)
    embeds = str(a[OPERATION]).startswith("ai.embed")
    call.operation = "embeddings" if embeds else "chat"
    call.provider = _provider(fields.text(a, "ai.model.provider") or call.provider)
    call.request_model = call.request_model or fields.text(a, "ai.model.id")
    call.response_model = call.response_model or fields.text(a, "ai.response.model")
    call.response_id = call.response_id or fields.text(a, "ai.response.id")
    call.finish_reasons = call.finish_reasons or fields.finish_reasons(a, "ai.response.finishReason")
    call.stream = ".doStream" in str(a[OPERATION])
    call.usage = _usage(a) or call.usage
    call.input_messages = messages_of(fields.json_value(a, "ai.prompt.messages"))
    if embeds:
        several = a.get("ai.values")
        values = several if isinstance(several, list) else [a.get("ai.value")]
        call.input_messages = messages_of([fields.json_value({"it": each}, "it") for each in values if each])
    call.output_messages = _answer(a, call)
    call.tool_definitions = fields.tools(a, "ai.prompt.tools")
    settings = {key.removeprefix("ai.settings."): a[key] for key in a if key.startswith("ai.settings.")}
    settings.pop("maxRetries", None)
    if "maxOutputTokens" in settings:
        settings["max_tokens"] = settings.pop("maxOutputTokens")
    call.parameters = {**payload.parameters_of(settings), **call.parameters}
    record = call_record(call, span, resource, NAME, [key for key in _CONTENT if call.input_messages])
    record.task_name = fields.text(a, "ai.telemetry.functionId")
    record.conversation_id = fields.text(a, "ai.telemetry.metadata.sessionId") or record.conversation_id
    record.user_id = record.user_id or fields.text(a, "ai.telemetry.metadata.userId")
    record.time_to_first_token_ms = fields.number(a, "ai.response.msToFirstChunk")
    return record


def _usage(a: dict[str, Any]) -> Any:
    start = "ai.usage."
    raw = {key.removeprefix(start): value for key, value in a.items() if key.startswith(start)}
    asked = {k.removeprefix("inputTokenDetails."): v for k, v in raw.items() if k.startswith("inputTokenDetails.")}
    counts = {**raw, "inputTokenDetails": asked}
    if "tokens" in raw and "inputTokens" not in raw:  # embeddings
        counts["inputTokens"] = raw["tokens"]
    return tokens.usage_of(counts)


def _answer(a: dict[str, Any], call: Call) -> list[Message]:
    said = fields.text(a, "ai.response.text", "ai.response.object")
    used = fields.json_value(a, "ai.response.toolCalls")
    parts = [text_part(said)] if said else []
    parts += [tool_call(each) for each in used if isinstance(each, dict)] if isinstance(used, list) else []
    if not parts:
        return []
    message: Message = {"role": "assistant", "parts": parts}
    if call.finish_reasons:
        message["finish_reason"] = call.finish_reasons[0]
    return [message]


def _provider(name: str) -> str:
    """``openai.chat`` is OpenAI's chat format; ``azure.openai`` stays what it is."""
    vendor, _, form = name.lower().rpartition(".")
    return vendor if vendor and form in _VENDOR_BITS else name.lower()
