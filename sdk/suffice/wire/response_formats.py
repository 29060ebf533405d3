"""The form asked of an answer: every vendor's spelling, and the way to each. A schema of Gemini's own kind is made JSON schema."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from suffice.wire.lenient import as_object, as_text

_DEFAULT_NAME = "answer"  # OpenAI wants one
_CAPITALS = frozenset({"OBJECT", "ARRAY", "STRING", "NUMBER", "INTEGER", "BOOLEAN", "NULL"})


def schema_of(response_format: Mapping[str, Any]) -> dict[str, Any] | None:
    """The JSON schema asked for, or None where any JSON (or any text) will do."""
    schema = as_object(as_object(response_format.get("json_schema")).get("schema"))
    schema = schema or as_object(response_format.get("schema"))
    return as_object(lower_types(schema)) or None


def asks_for_json(response_format: Mapping[str, Any]) -> bool:
    return str(response_format.get("type")).startswith("json") or schema_of(response_format) is not None


def write_response_format(response_format: Mapping[str, Any], wire_format: str) -> dict[str, Any] | None:
    """As that format's ``Call.response_format``; None where it has no word for it."""
    schema = schema_of(response_format)
    if schema is None:
        has_word = wire_format not in ("anthropic.messages", "bedrock.converse")
        return {"type": "json_object"} if asks_for_json(response_format) and has_word else None
    described = as_object(response_format.get("json_schema")) or response_format
    name = as_text(described.get("name")) or _DEFAULT_NAME
    strict = {"strict": True} if described.get("strict") is True else {}
    match wire_format:
        case "openai.chat":
            return {"type": "json_schema", "json_schema": {"name": name, "schema": schema} | strict}
        case "openai.responses":
            return {"type": "json_schema", "name": name, "schema": schema} | strict
        case "cohere.v2.chat":
            return {"type": "json_object", "schema": schema}
        case "bedrock.converse":
            return {"type": "json_schema", "name": name, "schema": schema}
        case _:
            return {"type": "json_schema", "schema": schema}


def lower_types(schema: Any) -> Any:
    """Gemini's ``{"type": "OBJECT"}`` as JSON schema's ``{"type": "object"}``, at any depth."""
    if isinstance(schema, dict):
        kind = schema.get("type")
        lowered = {"type": kind.lower()} if isinstance(kind, str) and kind in _CAPITALS else {}
        return {key: lower_types(value) for key, value in schema.items()} | lowered
    return [lower_types(each) for each in schema] if isinstance(schema, list) else schema
