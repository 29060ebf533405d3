"""Reads attributes that somebody else wrote: a value of the wrong type is "not stated", never an error."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, cast

import orjson

from suffice.wire.blobs import blob_part, without_bytes
from suffice.wire.call import Message, ToolDefinition

MAX_TOKENS = 2**53  # beyond this it is not a token count
MAX_INT32 = 2**31 - 1

_FINISH_REASONS = {
    "tool_calls": "tool_call",
    "tool_use": "tool_call",
    "function_call": "tool_call",
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "refusal": "content_filter",
}


def text(attributes: Mapping[str, Any], *keys: str) -> str | None:
    """The first of the keys that holds a non-empty string."""
    for key in keys:
        value = attributes.get(key)
        if isinstance(value, str) and value:
            return value
    return None


def integer(attributes: Mapping[str, Any], *keys: str, at_most: int = MAX_TOKENS) -> int | None:
    """The first of the keys that holds a whole number from 0 up: an int, 42.0 or "42"."""
    for key in keys:
        value = attributes.get(key)
        if (isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 20) or (
            isinstance(value, float) and value.is_integer()
        ):
            value = int(value)
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= at_most:
            return value
    return None


def number(attributes: Mapping[str, Any], *keys: str) -> float | None:
    for key in keys:
        value = attributes.get(key)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return float(value)
    return None


def boolean(attributes: Mapping[str, Any], key: str) -> bool | None:
    value = attributes.get(key)
    return value if isinstance(value, bool) else None


def json_value(attributes: Mapping[str, Any], key: str) -> Any:
    """A structure, given as it is or as JSON text (span attributes may be either); None where it is neither."""
    value = attributes.get(key)
    if not isinstance(value, str):
        return value
    try:
        return orjson.loads(value)
    except ValueError:
        pass
    try:
        return json.loads(value)  # takes NaN and half surrogate pairs, which Python's own writer makes
    except (ValueError, RecursionError):
        return None


def json_object(attributes: Mapping[str, Any], key: str) -> dict[str, Any] | None:
    value = json_value(attributes, key)
    return value if isinstance(value, dict) else None


def messages(attributes: Mapping[str, Any], key: str) -> list[Message]:
    """A list of ``{role, parts}``; what is not one is left out, and a message's bytes become their hash."""
    value = json_value(attributes, key)
    if not isinstance(value, list):
        return []
    return [_message(each) for each in value if isinstance(each, dict)]


def parts(attributes: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
    """A list of parts (system instructions); a bare string is one text part."""
    value = json_value(attributes, key)
    if value is None and isinstance(attributes.get(key), str) and attributes[key]:
        value = attributes[key]
    return _parts(value)


def tools(attributes: Mapping[str, Any], key: str) -> list[ToolDefinition]:
    value = json_value(attributes, key)
    if not isinstance(value, list):
        return []
    found: list[ToolDefinition] = []
    for each in value:
        each = json_value({"tool": each}, "tool")  # some send a list of JSON texts
        if not isinstance(each, dict):
            continue
        inner = each.get("function")
        definition = {**inner, "type": "function"} if isinstance(inner, dict) else {"type": "function", **each}
        if isinstance(definition.get("name"), str):
            found.append(cast(ToolDefinition, definition))
    return found


def finish_reasons(attributes: Mapping[str, Any], key: str) -> list[str]:
    """A list, a JSON text of a list, or one value; vendors' words become the conventions'."""
    value = attributes.get(key)
    if isinstance(value, str) and value.startswith("["):
        value = json_value(attributes, key)
    values = value if isinstance(value, list) else [value]
    return [finish_reason(each) for each in values if isinstance(each, str) and each]


def finish_reason(value: str) -> str:
    return _FINISH_REASONS.get(value.lower(), value.lower())


def _message(value: dict[str, Any]) -> Message:
    message: Message = {
        "role": str(value.get("role") or "user"),
        "parts": _parts(value.get("parts", value.get("content"))),
    }
    if isinstance(value.get("name"), str):
        message["name"] = value["name"]
    if isinstance(value.get("finish_reason"), str):
        message["finish_reason"] = finish_reason(value["finish_reason"])
    return message


def _parts(value: Any) -> list[dict[str, Any]]:
    if isinstance(value, str):
        return [{"type": "text", "content": value}] if value else []
    if not isinstance(value, list):
        return []
    return [_part(each) for each in value if isinstance(each, dict | str)]


def _part(value: dict[str, Any] | str) -> dict[str, Any]:
    if isinstance(value, str):
        return {"type": "text", "content": value}
    part = dict(value)
    kind = part.get("type")
    if not isinstance(kind, str):
        part["type"] = kind = "text" if isinstance(part.get("content"), str) else "generic"
    if kind in ("text", "reasoning") and not isinstance(part.get("content"), str):
        part["content"] = "" if part.get("content") is None else orjson.dumps(part["content"]).decode()
    if kind == "tool_call_response" and "response" not in part and "result" in part:
        part["response"] = part.pop("result")  # its name up to v1.41
    if kind == "blob" and "blake2b" not in part:
        data = part.pop("content", part.pop("data", None))
        modality = part.get("modality")
        part |= blob_part(str(data or ""), text(part, "mime_type"), modality if isinstance(modality, str) else None)
    elif kind not in ("text", "reasoning", "blob"):
        part = {key: without_bytes(each) for key, each in part.items()}
    return part
