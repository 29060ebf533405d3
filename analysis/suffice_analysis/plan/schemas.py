"""A JSON Schema learnt from documents, and the check against one: the few keywords that both need.

Read are type, properties, required, additionalProperties, items, enum, const, anyOf, oneOf, allOf; others (formats, patterns, bounds) are
not looked at, so that an answer is never sent back for what was not understood. Tests hold it against the ``jsonschema`` package.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

DIALECT = "https://json-schema.org/draft/2020-12/schema"
MOST_VALUES, SEEN_EACH = 30, 5  # of a field to be a closed set: at most so many, each seen so often on average
_TYPES: dict[str, type | tuple[type, ...]] = {
    "object": dict, "array": list, "string": str, "boolean": bool, "null": type(None), "number": (int, float), "integer": int,
}  # fmt: skip


def learn_schema(documents: Sequence[Any]) -> dict[str, Any]:
    """What all the documents have in common. A field that every one has is required; no other field may come."""
    return {"$schema": DIALECT, **_learnt(documents)} if documents else {}


def _learnt(values: Sequence[Any]) -> dict[str, Any]:
    types = sorted({_type(value) for value in values})
    if "integer" in types and "number" in types:
        types.remove("integer")
    schema: dict[str, Any] = {"type": types[0] if len(types) == 1 else types}
    if objects := [value for value in values if isinstance(value, dict)]:
        names = Counter(name for each in objects for name in each)
        schema["properties"] = {
            name: _learnt([each[name] for each in objects if name in each]) for name in sorted(names)
        }
        schema["required"] = sorted(name for name, n in names.items() if n == len(objects))
        schema["additionalProperties"] = False
    if items := [item for value in values if isinstance(value, list) for item in value]:
        schema["items"] = _learnt(items)
    if types == ["string"] and (closed := _closed(values)):
        schema["enum"] = closed
    return schema


def _closed(texts: Sequence[str]) -> list[str]:
    distinct = sorted(set(texts))
    return distinct if 0 < len(distinct) <= MOST_VALUES and len(texts) >= SEEN_EACH * len(distinct) else []


def _type(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, float) and not value.is_integer():
        return "number"
    if isinstance(value, (int, float)):
        return "integer"
    if value is None:
        return "null"
    return "object" if isinstance(value, dict) else "array" if isinstance(value, list) else "string"


def violation(value: Any, schema: Any, where: str = "") -> str | None:
    """What of the value is not as the schema says, with its place; None where nothing is."""
    if schema is False:
        return f"{where or 'it'} may not be there"
    if not isinstance(schema, Mapping):
        return None
    place = where or "it"
    if (types := schema.get("type")) and not any(
        _is(value, name) for name in ([types] if isinstance(types, str) else types)
    ):
        return f"{place} is {_type(value)}, not {types if isinstance(types, str) else ' or '.join(types)}"
    if "enum" in schema and not any(_same(value, each) for each in schema["enum"]):
        return f"{place} is none of the {len(schema['enum'])} values seen"
    if "const" in schema and not _same(value, schema["const"]):
        return f"{place} is not {schema['const']!r}"
    return _combined(value, schema, where) or _inner(value, schema, where)


def _combined(value: Any, schema: Mapping[str, Any], where: str) -> str | None:
    for each in schema.get("allOf") or ():
        if problem := violation(value, each, where):
            return problem
    if "oneOf" in schema and sum(violation(value, each, where) is None for each in schema["oneOf"]) != 1:
        return f"{where or 'it'} fits not exactly one of {len(schema['oneOf'])} shapes"
    if "anyOf" in schema and all(violation(value, each, where) for each in schema["anyOf"]):
        return f"{where or 'it'} fits none of {len(schema['anyOf'])} shapes"
    return None


def _inner(value: Any, schema: Mapping[str, Any], where: str) -> str | None:
    if isinstance(value, dict):
        known = schema.get("properties") or {}
        for name in schema.get("required") or ():
            if name not in value:
                return f"{_at(where, name)} is missing"
        for name, each in value.items():
            inner = known[name] if name in known else schema.get("additionalProperties", True)
            if inner is False and name not in known:
                return f"{_at(where, name)} was never seen"
            if problem := violation(each, inner, _at(where, name)):
                return problem
    if isinstance(value, list) and "items" in schema:
        for number, each in enumerate(value):
            if problem := violation(each, schema["items"], f"{where}[{number}]"):
                return problem
    return None


def _is(value: Any, name: str) -> bool:
    if isinstance(value, bool):
        return name == "boolean"
    if name == "integer":
        return isinstance(value, int) or (isinstance(value, float) and value.is_integer())
    return isinstance(value, _TYPES.get(name, object))


def _same(one: Any, other: Any) -> bool:
    """As JSON says: 1 and 1.0 are the same, 1 and true are not."""
    return isinstance(one, bool) == isinstance(other, bool) and bool(one == other)


def _at(where: str, name: str) -> str:
    return f"{where}.{name}" if where else name
