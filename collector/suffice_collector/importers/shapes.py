"""What products keep as "input" and "output" of a call. Bodies as they went over the wire are read by ``suffice.wire``,
everything else (LangChain's dumps, bare messages, keyword arguments, plain text) as the dialects read it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from suffice.wire import anthropic_messages, gemini_generate_content, openai_chat, openai_responses
from suffice.wire.call import Call
from suffice.wire.lenient import as_list, as_object, as_objects, parse_json
from suffice.wire.providers import provider_of_model
from suffice.wire.registry import WireFormat
from suffice_collector.dialects import payload

_ROLES = {"system", "developer", "user", "assistant", "tool", "function"}
_ANTHROPIC_BLOCKS = {"tool_use", "tool_result", "thinking", "redacted_thinking"}


def parse_call(
    asked: Any, answered: Any, *, model: str | None = None, provider: str | None = None, **settings: Any
) -> Call:
    """The Call of an exported input and output. ``settings``: more of the request's body (tools, temperature, ...).

    ``provider`` as the export names it; else the maker by the model's name. Request and answer are each read in the
    form they have: an export may keep one as it was sent and the other in a form of its own.
    """
    request = _with_settings(_inner(loaded(asked)), settings)
    wire = _request_format(request)
    if wire is not None:
        call = wire.parse_request(request)
    else:
        call = payload.fill(Call("", "chat", ""), payload.read_request(request))
    call.request_model = call.request_model or model
    answered = loaded(answered)
    body = as_object(answered)
    response = body["response"] if isinstance(body.get("response"), dict) else answered
    reader = _response_format(as_object(response))
    if reader is not None:
        reader.parse_response(call, response)
    elif answered not in (None, "", [], {}):
        payload.fill(call, None, payload.read_answer(_answer(response)))
    call.completeness = "error" if call.completeness == "error" else "complete" if call.output_messages else "partial"
    call.wire_format = ""  # read from an export, not from the wire
    call.provider = provider_name(provider) or provider_of_model(call.response_model or call.request_model, "unknown")
    return call


def _inner(asked: Any) -> Any:
    """The request inside of a traced function's keyword arguments, and the one conversation of LangChain's batch."""
    body = as_object(asked)
    for name in ("kwargs", "request", "body"):
        if any(key in as_object(body.get(name)) for key in ("messages", "input", "contents")):
            body = as_object(body[name])
            asked = body
    first = next(iter(as_list(body.get("messages"))), None)
    if isinstance(first, list):
        return {**body, "messages": first}
    known = ("messages", "input", "prompt", "contents", "role")
    if body and not any(body.get(key) for key in known):
        for name in ("question", "query", "text", "prompts"):
            if body.get(name):
                return {**body, "input": body[name]}
        return {"input": _text(body)}  # a function's own arguments: kept as one text
    return asked


def _with_settings(asked: Any, settings: Mapping[str, Any]) -> dict[str, Any]:
    body = dict(asked) if isinstance(asked, dict) and "role" not in asked else {}
    if not body and asked not in (None, "", [], {}):
        body["messages"] = asked if isinstance(asked, list) else [asked if isinstance(asked, dict) else _said(asked)]
    return {key: value for key, value in settings.items() if value is not None} | body


def _said(text: Any) -> dict[str, Any]:
    return {"role": "user", "content": text if isinstance(text, str) else _text(text)}


def _answer(answered: Any) -> Any:
    """The message inside of what a traced function returned; of a list of messages the last of the model's."""
    body = as_object(answered)
    if body and not any(key in body for key in ("role", "content", "generations", "output", "kwargs")):
        inner = next(
            (body[key] for key in ("completion", "answer", "text", "message", "messages") if body.get(key)), None
        )
        return _text(body) if inner is None else _answer(inner)
    if isinstance(body.get("output"), str | dict):
        return _answer(body["output"])
    spoken = [each for each in as_objects(answered) if str(each.get("role") or each.get("type")) in ("assistant", "ai")]
    return spoken[-1] if spoken else answered


def _request_format(request: Mapping[str, Any]) -> WireFormat | None:
    if isinstance(request.get("contents"), list):
        return gemini_generate_content
    messages = as_list(request.get("messages"))
    if not messages or not all(as_object(each).get("role") in _ROLES for each in messages):
        return None
    if any("args" in call for each in as_objects(messages) for call in as_objects(each.get("tool_calls"))):
        return None  # LangChain's
    blocks = (as_object(block) for each in as_objects(messages) for block in as_list(each.get("content")))
    if "system" in request or any(block.get("type") in _ANTHROPIC_BLOCKS for block in blocks):
        return anthropic_messages
    return openai_chat


def _response_format(response: Mapping[str, Any]) -> WireFormat | None:
    if isinstance(response.get("candidates"), list):
        return gemini_generate_content
    if as_objects(response.get("choices")) or "error" in response:
        return openai_chat
    if response.get("type") == "message" and isinstance(response.get("content"), list) and "role" in response:
        return anthropic_messages
    return openai_responses if response.get("object") == "response" else None


_PROVIDERS = {
    "azure": "azure.ai.openai", "azure_openai": "azure.ai.openai", "azure_ai": "azure.ai.inference",
    "gemini": "gcp.gemini", "google": "gcp.gemini", "google_genai": "gcp.gemini", "google_ai_studio": "gcp.gemini",
    "vertex_ai": "gcp.vertex_ai", "google_vertexai": "gcp.vertex_ai", "vertex_ai_beta": "gcp.vertex_ai",
    "bedrock": "aws.bedrock", "bedrock_converse": "aws.bedrock", "aws": "aws.bedrock", "amazon_bedrock": "aws.bedrock",
    "mistral": "mistral_ai", "mistralai": "mistral_ai", "xai": "x_ai", "together": "together_ai",
    "fireworks": "fireworks_ai", "togetherai": "together_ai", "x": "x_ai", "openai-api": "openai",
}  # fmt: skip


def provider_name(name: str | None) -> str | None:
    """An export's word for a provider as ``gen_ai.provider.name`` has it."""
    word = (name or "").strip().lower().replace(" ", "_")
    return _PROVIDERS.get(word, word) or None


def loaded(value: Any) -> Any:
    """A JSON text as what it says (CSV cells, databases' text columns); everything else as it is."""
    if isinstance(value, str) and value.lstrip()[:1] in ("{", "[", '"'):
        parsed = parse_json(value)
        return value if parsed is None else parsed
    return value


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
