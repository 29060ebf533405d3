"""Haystack 2.x: ``haystack.component.run`` spans; the model, the usage and the text are in the output of a generator
component, as JSON, and only with HAYSTACK_CONTENT_TRACING_ENABLED."""

from __future__ import annotations

from typing import Any

from suffice.wire.call import Call
from suffice_collector.dialects import fields, tokens
from suffice_collector.dialects.place import call_record, failure_of
from suffice_collector.dialects.said import messages_of
from suffice_collector.otlp import Resource, Span
from suffice_store.records import CallRecord

NAME = "haystack"
SCOPES: tuple[str, ...] = ("haystack",)

TYPE = "haystack.component.type"
_INPUT, _OUTPUT = "haystack.component.input", "haystack.component.output"
_PROVIDERS = {
    "OpenAI": "openai", "AzureOpenAI": "azure.ai.openai", "Anthropic": "anthropic", "Cohere": "cohere",
    "Mistral": "mistral_ai", "GoogleAI": "gcp.gemini", "VertexAI": "gcp.vertex_ai", "AmazonBedrock": "aws.bedrock",
    "Ollama": "ollama", "HuggingFace": "huggingface",
}  # fmt: skip


def matches(span: Span) -> bool:
    kind = span.attributes.get(TYPE)
    return isinstance(kind, str) and kind.endswith("Generator")


def normalise(span: Span, resource: Resource) -> CallRecord | None:
    a = span.attributes
    failed, why = failure_of(span)
    asked = fields.json_object(a, _INPUT) or {}
    answered = fields.json_object(a, _OUTPUT) or {}
    replies = [each for each in _list(answered.get("replies")) if isinstance(each, dict | str)]
    meta = _meta(answered, replies)
    call = Call(
        wire_format="",
        operation="chat" if "Chat" in a[TYPE] else "text_completion",
        provider=next((word for start, word in _PROVIDERS.items() if str(a[TYPE]).startswith(start)), ""),
        response_model=fields.text(meta, "model"),
        response_id=fields.text(meta, "id"),
        input_messages=messages_of([_plain(each) for each in _list(asked.get("messages") or asked.get("prompt"))]),
        output_messages=messages_of([_plain(each) for each in replies], "assistant"),
        usage=tokens.usage_of(meta["usage"]) if isinstance(meta.get("usage"), dict) else None,
        finish_reasons=fields.finish_reasons(meta, "finish_reason"),
        completeness="complete" if failed is None else "error",
        error_type=failed,
        error_message=why,
    )
    record = call_record(call, span, resource, NAME, (_INPUT, _OUTPUT) if call.output_messages else ())
    record.task_name = fields.text(a, "haystack.component.name")
    return record


def _meta(answered: dict[str, Any], replies: list[Any]) -> dict[str, Any]:
    """A reply's own ``meta`` (chat), its ``_meta`` (serialised), or the list beside the replies (completion)."""
    candidates = [each.get("meta", each.get("_meta")) for each in replies if isinstance(each, dict)]
    candidates += _list(answered.get("meta"))
    return next((each for each in candidates if isinstance(each, dict)), {})


def _plain(message: Any) -> Any:
    """ChatMessage's own spelling (``_role``, ``_content``) without the underscores."""
    if not isinstance(message, dict):
        return message
    plain = {key.removeprefix("_"): value for key, value in message.items() if key not in ("_meta", "meta")}
    content = plain.get("content")
    if isinstance(content, list):
        plain["content"] = [_plain_part(each) for each in content]
    return plain


def _plain_part(part: Any) -> Any:
    if isinstance(part, dict) and isinstance(inner := part.get("tool_call"), dict):
        return {"type": "tool_call", **inner, "name": inner.get("tool_name", inner.get("name"))}
    if isinstance(part, dict) and isinstance(inner := part.get("tool_call_result"), dict):
        origin = inner.get("origin")
        return {
            "type": "tool_result",
            "content": inner.get("result"),
            "id": origin.get("id") if isinstance(origin, dict) else None,
        }
    return part


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]
