"""Reads attributes that somebody else wrote: a value of the wrong type is "not stated", never an error."""

from __future__ import annotations

import ast
import json
from collections.abc import Container, Iterable, Mapping
from typing import Any, cast

import orjson

from suffice.wire.call import Message, ToolDefinition
from suffice_collector.dialects.said import messages_of, parts_of

MAX_TOKENS = 2**53  # beyond this it is not a token count
MAX_INT32 = 2**31 - 1
_MAX_REPR = 100_000  # characters: Python parses no longer ones here

_SCHEMAS = ("inputSchema", "input_schema", "parameters_json_schema")  # Vercel and Strands, Anthropic, pydantic-ai
_FINISH_REASONS = {
    "tool_calls": "tool_call",
    "tool_use": "tool_call",
    "function_call": "tool_call",
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "refusal": "content_filter",
    "tool-calls": "tool_call",
    "content-filter": "content_filter",
    "completed": "stop",  # a status of the responses format
    "stop_reason_unspecified": "stop",
}


def text(attributes: Mapping[str, Any], *keys: str) -> str | None:
    """The first of the keys that holds a non-empty string."""
    for key in keys:
        value = attributes.get(key)
        if value and isinstance(value, str):
            return value
    return None


def word(attributes: Mapping[str, Any], key: str, words: Container[str]) -> str | None:
    """The text under the key where it is one of ``words``; a value of any other type is none of them."""
    value = attributes.get(key)
    return value if isinstance(value, str) and value in words else None


def integer(attributes: Mapping[str, Any], *keys: str, at_most: int = MAX_TOKENS) -> int | None:
    """The first of the keys that holds a whole number from 0 up: an int, 42.0 or "42"."""
    for key in keys:
        if (value := attributes.get(key)) is not None and (count := whole(value, at_most)) is not None:
            return count
    return None


def counts(attributes: Mapping[str, Any], keys: Iterable[str]) -> list[int | None]:
    """What ``integer`` reads under each of the keys; a call's eight counts take a third of the time."""
    return [
        value if value is None or (type(value) is int and 0 <= value <= MAX_TOKENS) else whole(value)
        for value in map(attributes.get, keys)
    ]


def whole(value: Any, at_most: int = MAX_TOKENS) -> int | None:
    """A whole number from 0 up, written as an int, 42.0 or "42"; None for anything else."""
    if type(value) is not int:  # True is none
        digits = isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 20
        if not digits and not (isinstance(value, float) and value.is_integer()):
            return None
        value = int(value)
    return value if 0 <= value <= at_most else None


def number(attributes: Mapping[str, Any], *keys: str) -> float | None:
    for key in keys:
        value = attributes.get(key)
        if value is not None and isinstance(value, int | float) and not isinstance(value, bool):
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
    """A list of messages; what is not one is left out, and a message's bytes become their hash."""
    value = json_value(attributes, key)
    if not isinstance(value, list):
        return []
    found = messages_of([each for each in value if isinstance(each, dict)])
    for message in found:
        if "finish_reason" in message:
            message["finish_reason"] = finish_reason(message["finish_reason"])
    return found


def parts(attributes: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
    """A list of parts (system instructions); a bare string is one text part."""
    value = json_value(attributes, key)
    if value is None and isinstance(attributes.get(key), str) and attributes[key]:
        value = attributes[key]
    return parts_of(value)


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
        schema = next((definition.pop(name) for name in _SCHEMAS if name in definition), None)
        if schema is not None and "parameters" not in definition:
            definition["parameters"] = (
                schema["json"] if isinstance(schema, dict) and set(schema) == {"json"} else schema
            )
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


def python_value(attributes: Mapping[str, Any], key: str) -> Any:
    """A structure written by Python's ``repr`` (LiteLLM's raw spans, LangSmith's details); None where it is none."""
    value = attributes.get(key)
    if not isinstance(value, str) or len(value) > _MAX_REPR:
        return None
    try:
        return ast.literal_eval(value)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return None
