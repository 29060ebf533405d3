"""The values of OTLP, whatever the signal: attributes and AnyValues, ids and numbers, from protobuf and from JSON.

The JSON side takes what exporters were seen to send: 64-bit integers as strings or numbers, nulls for empty lists.
"""

from __future__ import annotations

import base64
import json
import math
import re
from collections.abc import Callable, Iterable
from typing import Any

import orjson

MAX_DEPTH = 64  # of nested attribute values; deeper ones are refused, not followed
MAX_TIME_NS = 2**63 - 1
_HEX = re.compile("[0-9a-fA-F]+").fullmatch


class MalformedBodyError(ValueError):
    """The body is not what its content type says. One line, sent back with status 400."""


# protobuf


def attributes(pairs: Iterable[Any], depth: int = 0) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for pair in pairs:
        value = pair.value
        text = value.string_value  # most values are text: one look instead of asking which it is
        found[pair.key] = text or attribute_value(value, depth)
    return found


def attribute_value(value: Any, depth: int = 0) -> Any:
    """An AnyValue message as a JSON value: bytes as base64 text, NaN and infinities as text."""
    if depth > MAX_DEPTH:
        raise MalformedBodyError("an attribute value is nested too deeply")
    which = value.WhichOneof("value")
    return None if which is None else _READ_VALUE[which](value, depth)


_READ_VALUE: dict[str, Callable[[Any, int], Any]] = {
    "string_value": lambda v, _: v.string_value,
    "int_value": lambda v, _: v.int_value,
    "double_value": lambda v, _: finite(v.double_value),
    "bool_value": lambda v, _: v.bool_value,
    "bytes_value": lambda v, _: base64.b64encode(v.bytes_value).decode(),
    "array_value": lambda v, depth: [attribute_value(each, depth + 1) for each in v.array_value.values],
    "kvlist_value": lambda v, depth: attributes(v.kvlist_value.values, depth + 1),
}


# JSON


def load_json(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        # Half a surrogate pair (a text cut in the middle by an exporter's limit) is refused by orjson.
        try:
            lenient = json.loads(body)
        except ValueError as error:
            raise MalformedBodyError(f"the body is not JSON: {first_line(error)}") from None
        return orjson.loads(json.dumps(lenient, ensure_ascii=False, allow_nan=False).encode("utf-8", "replace"))


def json_attributes(owner: dict[str, Any], depth: int = 0) -> dict[str, Any]:
    return {text(pair["key"]): json_value(pair.get("value"), depth) for pair in objects(owner, "attributes")}


def json_value(value: Any, depth: int) -> Any:
    if depth > MAX_DEPTH:
        raise MalformedBodyError("an attribute value is nested too deeply")
    if not value:
        return None
    if not isinstance(value, dict):
        raise MalformedBodyError("an attribute value is not an object")
    for kind, inner in value.items():
        read = _READ_JSON_VALUE.get(kind)
        if read is not None:
            return read(inner, depth)
    return None


def _json_double(value: Any) -> float | str:
    return finite(float(value)) if isinstance(value, int | float | str) else 0.0


_READ_JSON_VALUE: dict[str, Callable[[Any, int], Any]] = {
    "stringValue": lambda v, _: text(v),
    "intValue": lambda v, _: integer(v),
    "doubleValue": lambda v, _: _json_double(v),
    "boolValue": lambda v, _: bool(v),
    "bytesValue": lambda v, _: text(v),
    "arrayValue": lambda v, depth: [json_value(each, depth + 1) for each in objects(v or {}, "values", any)],
    "kvlistValue": lambda v, depth: {
        text(pair["key"]): json_value(pair.get("value"), depth + 1) for pair in objects(v or {}, "values")
    },
}


def objects(owner: dict[str, Any], key: str, kind: Any = dict) -> list[Any]:
    """A list under a key; missing and null are empty. With ``kind`` dict, every member must be an object."""
    values = owner.get(key)
    if values is None:
        return []
    if not isinstance(values, list) or (kind is dict and not all(isinstance(each, dict) for each in values)):
        raise MalformedBodyError(f"'{key}' is not a list of objects")
    return values


def text(value: Any) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise MalformedBodyError(f"expected a string, found {type(value).__name__}")
    return value


def integer(value: Any) -> int:
    """A JSON number or a string of digits; missing is 0."""
    if value is None or value == "":
        return 0
    if isinstance(value, bool) or not isinstance(value, int | str):
        if isinstance(value, float) and value.is_integer():
            return int(value)
        raise MalformedBodyError(f"expected an integer, found {value!r:.40}")
    return int(value) if isinstance(value, int) or len(value) <= 20 else _integer_error(value)


def _integer_error(value: str) -> int:
    raise MalformedBodyError(f"expected a 64-bit integer, found {value!r:.40}")


# both


def is_id(text: str, digits: int) -> bool:
    """Whether it is a number of so many hex digits, and not 0."""
    return len(text) == digits and _HEX(text) is not None and text.strip("0") != ""


def finite(value: float) -> float | str:
    return value if math.isfinite(value) else str(value)


def first_line(error: Exception) -> str:
    return (str(error).splitlines() or [""])[0][:200]
