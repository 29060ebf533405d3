"""Messages as anybody writes them, as ours: OpenTelemetry's parts, OpenAI's chat and responses, Anthropic's blocks,
Gemini's and Bedrock's parts, Vercel's, LangChain's dumps.

A telemetry attribute doesn't say whose form it holds (one framework hands on what another made), so that each message
is read by its own shape. What is no message is left out; nothing is an error.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import orjson

from suffice.wire.blobs import blob_part, uri_part, without_bytes
from suffice.wire.call import Message
from suffice.wire.lenient import parse_arguments

Part = dict[str, Any]

MAX_MESSAGES = 10_000
_ROLES = {
    "human": "user", "humanmessage": "user", "humanmessagechunk": "user", "ai": "assistant", "aimessage": "assistant",
    "aimessagechunk": "assistant", "model": "assistant", "system": "system", "systemmessage": "system", "toolmessage": "tool",
    "chatmessage": "user", "tool": "tool", "function": "tool", "functionmessage": "tool",
}  # fmt: skip
_KNOWN_ROLES = {"user", "assistant", "system", "tool", "developer", *_ROLES}
_TEXTS = ("text", "input_text", "output_text")
_CALLS = ("tool_call", "tool_use", "tool-call", "function_call", "custom_tool_call", "toolUse", "functionCall")
_RESULTS = (
    "tool_call_response", "tool_result", "tool-result", "function_call_output", "custom_tool_call_output",
    "toolResult", "functionResponse",
)  # fmt: skip


def messages_of(value: Any, role: str = "user") -> list[Message]:
    """A conversation, whatever holds it; a bare text is one message of ``role``."""
    if isinstance(value, str):
        return [{"role": role, "parts": [text_part(value)]}] if value else []
    if isinstance(value, dict):
        inner = value.get("messages", value.get("contents"))
        if inner is not None and not _is_message(value):
            return messages_of(inner, role)
        message = message_of(value, role)
        return [] if message is None else [message]
    if not isinstance(value, list):
        return []
    if (
        len(value) == 2 and all(isinstance(each, str) for each in value) and value[0] in _KNOWN_ROLES
    ):  # LangChain's pair
        return [{"role": role_of(value[0]), "parts": [text_part(value[1])]}]
    if value and all(isinstance(each, list) for each in value) and isinstance(value[0][:1], list) and value[0]:
        if isinstance(value[0][0], dict):
            return messages_of(value[0], role)  # LangChain's batch of one conversation
        return [each for pair in value[:MAX_MESSAGES] for each in messages_of(pair, role)]
    found: list[Message] = []
    for each in value[:MAX_MESSAGES]:
        if isinstance(each, str):
            found.append({"role": role, "parts": [text_part(each)]})
        elif isinstance(each, dict) and (message := message_of(each, role)) is not None:
            found.append(message)
    return found


def message_of(value: Mapping[str, Any], role: str = "user") -> Message | None:
    """One message; None where the object is something else (a tool's definition among the messages)."""
    value = _unwrapped(value)
    kind = value.get("type")
    if kind in _CALLS and "role" not in value:  # an item of the responses format
        return {"role": "assistant", "parts": [tool_call(value)]}
    if kind in _RESULTS and "role" not in value:
        return {"role": "tool", "parts": [tool_response(value)]}
    if kind == "reasoning" and "role" not in value:
        text = _joined(value.get("summary")) or _joined(value.get("content"))
        return {"role": "assistant", "parts": [{"type": "reasoning", "content": text}]} if text else None
    spoken = role_of(value.get("role") or (kind if str(kind).lower() in _ROLES else None) or role)
    content = value.get("parts")
    if not isinstance(content, list):
        content = value.get("content")
    if spoken == "tool" and isinstance(content, dict) and content.get("type") == "function":
        return None  # Langfuse's LangChain handler puts the tools' definitions here
    message: Message = {"role": spoken, "parts": _message_parts(value, spoken, content)}
    if isinstance(value.get("name"), str) and value["name"]:
        message["name"] = value["name"]
    if isinstance(value.get("finish_reason"), str):
        message["finish_reason"] = value["finish_reason"]
    return message


def parts_of(value: Any) -> list[Part]:
    """The parts of a message's content."""
    if isinstance(value, str):
        return [text_part(value)] if value else []
    if isinstance(value, dict):
        return [part_of(value)]
    if not isinstance(value, list):
        return []
    return [
        text_part(each) if isinstance(each, str) else part_of(each) for each in value if isinstance(each, dict | str)
    ]


def part_of(value: Mapping[str, Any]) -> Part:
    kind = value.get("type")
    if not isinstance(kind, str):
        kind = next(
            (name for name in ("toolUse", "toolResult", "functionCall", "functionResponse") if name in value), ""
        )
        value = value[kind] if kind and isinstance(value[kind], dict) else value
        if not kind and (text := value.get("text", value.get("content"))) is not None:
            return text_part(text)
    if kind in _TEXTS:
        return text_part(value.get("content", value.get("text")))
    if kind in _CALLS:
        return tool_call(value)
    if kind in _RESULTS:
        return tool_response(value)
    if kind in ("reasoning", "thinking"):
        return {"type": "reasoning", "content": _joined(value.get("content", value.get("text", value.get("thinking"))))}
    if kind == "refusal":
        return {"type": "refusal", "content": str(value.get("content", value.get("refusal")) or "")}
    return _media_part(kind, value) or {**_without_bytes(value), "type": kind or "generic"}


def text_part(text: Any) -> Part:
    return {"type": "text", "content": text if isinstance(text, str) else "" if text is None else _json(text)}


def tool_call(value: Mapping[str, Any]) -> Part:
    """A call of a tool: id, name and arguments under any of their names."""
    function = value.get("function")
    inner = function if isinstance(function, dict) else value
    arguments = _first(inner, "arguments", "args", "input", "parameters")
    return {
        "type": "tool_call",
        "id": _first(value, "call_id", "id", "toolCallId", "toolUseId"),
        "name": str(_first(inner, "name", "toolName") or ""),
        "arguments": parse_arguments(arguments),
    }


def tool_response(value: Mapping[str, Any]) -> Part:
    response = _first(value, "response", "result", "output", "content")
    if isinstance(response, dict) and isinstance(response.get("value"), str) and "type" in response:
        response = response["value"]  # Vercel: {"type": "text", "value": ...}
    elif isinstance(response, list):
        parts = parts_of(response)
        texts = all(part["type"] == "text" for part in parts)
        response = "".join(part["content"] for part in parts) if texts else parts
    identity = _first(value, "tool_call_id", "tool_use_id", "call_id", "id", "toolCallId", "toolUseId", "name")
    return {"type": "tool_call_response", "id": identity, "response": response}


def role_of(value: Any) -> str:
    name = str(value)
    return _ROLES.get(name.lower(), name)


def _message_parts(value: Mapping[str, Any], role: str, content: Any) -> list[Part]:
    calls = [tool_call(each) for each in value.get("tool_calls") or () if isinstance(each, dict)]
    identity = value.get("tool_call_id") or (value.get("id") if role == "tool" else None)
    if role == "tool" and not (isinstance(content, list) and any(_is_tool_part(each) for each in content)):
        return [tool_response({"id": identity, "content": content})]
    parts = parts_of(content)
    if isinstance(reasoning := value.get("reasoning_content"), str) and reasoning:
        parts.insert(0, {"type": "reasoning", "content": reasoning})
    if isinstance(refusal := value.get("refusal"), str) and refusal:
        parts.append({"type": "refusal", "content": refusal})
    legacy = value.get("function_call")
    if isinstance(legacy, dict) and legacy.get("name"):
        calls.append(tool_call(legacy))
    told = {(part.get("id"), part.get("name")) for part in parts if part["type"] == "tool_call"}
    return parts + [each for each in calls if (each["id"], each["name"]) not in told]


def _is_message(value: Mapping[str, Any]) -> bool:
    return "role" in value or "kwargs" in value or ("type" in value and "data" in value)


def _is_tool_part(value: Any) -> bool:
    return isinstance(value, dict) and (
        value.get("type") in _RESULTS or "toolResult" in value or "functionResponse" in value
    )


def _unwrapped(value: Mapping[str, Any]) -> Mapping[str, Any]:
    """What LangChain wraps a message in: its constructor's call, or {"type", "data"}."""
    inner = value.get("kwargs") if "lc" in value else value.get("data")
    if not isinstance(inner, dict) or "role" in value:
        return value
    named = value.get("id")
    kind = named[-1] if isinstance(named, list) and named else value.get("type")
    return {**inner, "type": inner.get("type") or kind, "id": inner.get("tool_call_id")}


def _media_part(kind: str, value: Mapping[str, Any]) -> Part | None:
    holder = value.get("source", value.get("image_url", value.get("image", value.get("file", value))))
    address = holder if isinstance(holder, str) else None
    data = None
    mime = _text(value, "mime_type", "media_type", "mediaType", "mimeType")
    if isinstance(holder, dict):
        address = _text(holder, "url", "uri", "file_uri", "image_url")
        data = _text(holder, "data", "content", "file_data", "image_data")
        mime = mime or _text(holder, "mime_type", "media_type", "mediaType")
        if identity := _text(holder, "file_id"):
            return {"type": "file", "file_id": identity}
    modality = value.get("modality") or next((m for m in ("image", "audio", "video") if m in kind), None)
    if "blake2b" in value or kind == "generic":
        return dict(value) if "blake2b" in value else None
    if address and (
        address.startswith(("data:", "http:", "https:")) or kind == "uri" or "://" in address or ":" in address[:40]
    ):
        return uri_part(address, modality if isinstance(modality, str) else None, mime)
    data = data or address
    if data and (kind == "blob" or mime or modality or kind in ("file", "input_file")):
        return blob_part(data, mime, modality if isinstance(modality, str) else None)
    return None


def _without_bytes(value: Mapping[str, Any]) -> dict[str, Any]:
    return {key: without_bytes(each) for key, each in value.items()}


def _joined(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "".join(
            str(part.get("content") or "") for part in parts_of(value) if part["type"] in ("text", "reasoning")
        )
    return "" if value is None else _json(value)


def _first(value: Mapping[str, Any], *keys: str) -> Any:
    return next((value[key] for key in keys if value.get(key) is not None), None)


def _text(value: Mapping[str, Any], *keys: str) -> str | None:
    found = _first(value, *keys)
    return found if isinstance(found, str) and found else None


def _json(value: Any) -> str:
    try:
        return orjson.dumps(value, default=str).decode()
    except TypeError:  # an integer beyond 64 bits, half of a surrogate pair
        return json.dumps(value, default=str)
