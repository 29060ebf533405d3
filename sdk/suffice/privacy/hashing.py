"""Mode ``hashed``: content as keyed hashes. No text leaves; tasks are still found, threads still link, answers compare.

- A text becomes ``{"type": "hashed", "of": "text", "digest", "chars", "form"}``; what a task is found by (system and user
  messages) also carries its word 4-grams, see ``shingles.py``; a text that is JSON its shape, values as pseudonyms.
- Arguments and results of tools keep their shape: booleans and null stay, texts, numbers and names become pseudonyms.
- Schemas keep their JSON-schema words; names of properties, descriptions and values become pseudonyms.
- Kept as they are: roles, and names of tools (words of the program, not of its users).

Messages are made canonical first (``wire/canonical.py``): what is the same message is the same hash.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from suffice.privacy.forms import json_value, text_form
from suffice.privacy.pseudonyms import PSEUDONYM, Pseudonyms
from suffice.privacy.shingles import hashed_grams
from suffice.wire.canonical import canonical_message

_READ_FOR_TASKS = frozenset({"system", "user"})
_TOOL_NAME = re.compile(r"[A-Za-z_][\w.:/\-]{0,63}\Z", re.ASCII)
_MODALITY = re.compile(r"[a-z]{1,8}\Z")
_MEDIA_TYPE = re.compile(r"(?:image|audio|video|application|text)/[a-z0-9.+\-]{1,16}\Z")
_MOST_VALUES = 400  # of a JSON text whose shape is kept
_REMEMBERED_CHARS = 1_000_000

_SCHEMA_WORDS = frozenset(
    {
        "type",
        "properties",
        "required",
        "items",
        "enum",
        "anyOf",
        "oneOf",
        "allOf",
        "not",
        "$ref",
        "$defs",
        "definitions",
    }
    | {
        "additionalProperties",
        "minimum",
        "maximum",
        "minItems",
        "maxItems",
        "minLength",
        "maxLength",
        "const",
        "strict",
    }
    | {
        "nullable",
        "format",
        "json_schema",
        "schema",
        "name",
        "description",
        "parameters",
        "function",
        "default",
        "title",
    }
)
_NAMED_INSIDE = frozenset({"properties", "$defs", "definitions", "patternProperties"})
_SCHEMA_VALUES = frozenset(
    {
        "string",
        "number",
        "integer",
        "boolean",
        "object",
        "array",
        "null",
        "function",
        "text",
        "json_object",
        "json_schema",
    }
    | {"date", "date-time", "time", "email", "uri", "uuid", "custom", "json"}
)
_PARAMETER_WORDS = _SCHEMA_VALUES | frozenset(
    {"type", "name", "effort", "summary", "budget_tokens", "mode", "tools", "auto", "none", "any", "tool", "required"}
    | {
        "minimal",
        "low",
        "medium",
        "high",
        "xhigh",
        "default",
        "flex",
        "priority",
        "standard",
        "standard_only",
        "enabled",
    }
    | {
        "disabled",
        "adaptive",
        "concise",
        "detailed",
        "base64",
        "float",
        "allowed_tools",
        "disable_parallel_tool_use",
        "audio",
    }
)


class Hasher:
    """Hashes for one project."""

    def __init__(self, key: bytes, pseudonyms: Pseudonyms) -> None:
        self._key = key
        self._pseudonyms = pseudonyms
        self._known: dict[tuple[str, str], dict[str, Any]] = {}
        self._known_chars = 0

    def message(self, message: Mapping[str, Any]) -> dict[str, Any]:
        """The canonical message with its content hashed."""
        canonical = canonical_message(message)
        return {"role": canonical["role"], "parts": self.parts(canonical["parts"], canonical["role"])}

    def parts(self, parts: list[dict[str, Any]], role: str) -> list[dict[str, Any]]:
        return [self._part(part, role) for part in parts]

    def tool(self, definition: Mapping[str, Any]) -> dict[str, Any]:
        """A tool's definition: its name as it is, the rest as a schema."""
        rest = self.schema({key: value for key, value in definition.items() if key != "name"})
        return {"name": self.tool_name(definition.get("name")), **rest}

    def tool_name(self, name: Any) -> str:
        return name if isinstance(name, str) and _TOOL_NAME.match(name) else self._name("tool", str(name))

    def json(self, value: Any) -> Any:
        """Any JSON: its shape, with pseudonyms in it."""
        if isinstance(value, dict):
            return {self._name("name", str(key)): self.json(each) for key, each in value.items()}
        if isinstance(value, list):
            return [self.json(each) for each in value]
        if value is None or isinstance(value, bool) or value == "":
            return value
        return self._name("text", value) if isinstance(value, str) else self._name("number", json.dumps(value))

    def schema(self, value: Any, word: str = "") -> Any:
        """A JSON schema or response format. ``word``: the schema's word it stands under."""
        if isinstance(value, dict):
            if word in _NAMED_INSIDE:
                return {self._name("name", str(key)): self.schema(each) for key, each in value.items()}
            return {
                key if key in _SCHEMA_WORDS else self._name("name", str(key)): self.schema(each, str(key))
                for key, each in value.items()
            }
        if isinstance(value, list):
            return [self.schema(each, word) for each in value]
        if not isinstance(value, str) or value == "" or (word in ("type", "format") and value in _SCHEMA_VALUES):
            return (
                value
                if not isinstance(value, int | float) or word not in ("enum", "const", "default")
                else self.json(value)
            )
        return self._name("name" if word in ("required", "name") else "text", value)

    def parameters(self, value: Any, top: bool = True) -> Any:
        """Request parameters: numbers and the vendors' own words stay."""
        if isinstance(value, dict):
            return {
                key if top or key in _PARAMETER_WORDS else self._name("name", str(key)): self.parameters(each, False)
                for key, each in value.items()
            }
        if isinstance(value, list):
            return [self.parameters(each, False) for each in value]
        if isinstance(value, str) and value not in _PARAMETER_WORDS:
            return self._name("text", value)
        return value

    def _part(self, part: Mapping[str, Any], role: str) -> dict[str, Any]:
        kind = part.get("type")
        if kind in ("hashed", None):
            return dict(part)
        if kind in ("text", "refusal"):
            return self._text(str(part.get("content") or ""), role, str(kind))
        if kind == "tool_call":
            hashed = {
                "type": kind,
                "name": self.tool_name(part.get("name")),
                "arguments": self.json(part.get("arguments")),
            }
            return hashed | self._id(part)
        if kind == "tool_call_response":
            response = part.get("response")
            hidden = self._text(response, role, "text") if isinstance(response, str) else self.json(response)
            return {"type": kind, "response": hidden} | self._id(part)
        if kind == "blob":
            kept = {
                "type": kind,
                "size": part.get("size"),
                "blake2b": self._pseudonyms.digest("blob", str(part.get("blake2b"))),
            }
            for name, shape in (("modality", _MODALITY), ("mime_type", _MEDIA_TYPE)):
                if isinstance(part.get(name), str) and shape.match(part[name]):
                    kept[name] = part[name]
            return kept
        return {
            "type": "hashed",
            "of": "other",
            "digest": self._pseudonyms.digest("other", json.dumps(part, sort_keys=True, default=str)),
        }

    def _text(self, text: str, role: str, of: str) -> dict[str, Any]:
        known = self._known.get((role, text))
        if known is not None:
            return dict(known, of=of)
        digest = self._pseudonyms.digest("text", text)
        hashed: dict[str, Any] = {
            "type": "hashed",
            "of": of,
            "digest": digest,
            "chars": len(text),
            "form": text_form(text),
        }
        document = json_value(text) if hashed["form"] == "json" else None
        if isinstance(document, dict | list) and text.count(",") <= _MOST_VALUES:
            hashed["json"] = self.json(document)
        if role in _READ_FOR_TASKS:
            hashed["grams"] = hashed_grams(text, role, self._key)
        self._remember(role, text, hashed)
        return hashed

    def _remember(self, role: str, text: str, hashed: dict[str, Any]) -> None:
        """Histories come again: of tau_bench's messages one in 20 is new."""
        if len(text) > _REMEMBERED_CHARS // 8:
            return
        if self._known_chars > _REMEMBERED_CHARS:
            self._known.clear()
            self._known_chars = 0
        self._known[role, text] = hashed
        self._known_chars += 4 * len(text) + 200

    def _id(self, part: Mapping[str, Any]) -> dict[str, str]:
        return {"id": self._name("id", str(part["id"]))} if part.get("id") else {}

    def _name(self, kind: str, value: str) -> str:
        return value if PSEUDONYM.fullmatch(value) else self._pseudonyms.name(kind, value)
