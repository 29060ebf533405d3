"""Reading JSON that may be anything: what has the wrong shape is read as absent, never as an error.

A recorder sees half bodies, proxies' error pages and vendors' novelties; the app must not notice.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

MAX_DEPTH = 100  # JSON schemas of tools, the deepest seen, have 12
_CONTAINERS = (dict, list)
_NUMBERS = (int, float)  # isinstance() with "int | float" would make that union each time
_SURROGATE_ESCAPE = re.compile(rb"\\u[dD][89a-fA-F]")


def parse_json(body: bytes | str) -> Any:
    """The JSON value, or None where it does not parse (too deep counts as that). Broken UTF-8 is replaced."""
    try:
        value = json.loads(body.decode("utf-8", "replace") if isinstance(body, bytes) else body)
    except (ValueError, RecursionError):
        return None
    return None if is_too_deep(value) else value


def is_too_deep(value: Any) -> bool:
    """Over MAX_DEPTH levels: whoever walks or writes it after us would run out of stack."""
    level = [value] if isinstance(value, _CONTAINERS) else []
    for _ in range(MAX_DEPTH):
        level = [
            inner
            for each in level
            for inner in (each.values() if isinstance(each, dict) else each)
            if isinstance(inner, _CONTAINERS)
        ]
        if not level:
            return False
    return True


def parse_object(body: bytes | str) -> dict[str, Any]:
    """The JSON object, or ``{}`` where it is none."""
    return as_object(parse_json(body))


def as_object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def as_objects(value: Any) -> list[dict[str, Any]]:
    """The objects of a list; everything else in it is dropped."""
    return [each for each in as_list(value) if isinstance(each, dict)]


def as_text(value: Any) -> str | None:
    """A non-empty string, else None."""
    return value if isinstance(value, str) and value else None


def as_count(value: Any) -> int | None:
    """A number of tokens: a whole number from 0 to 2**62 (the store's integers end there), else None."""
    if isinstance(value, bool) or not isinstance(value, _NUMBERS):
        return None
    return int(value) if 0 <= value <= 2**62 and value == int(value) else None


def first_count(*values: Any) -> int | None:
    """The first of the values that is a number of tokens."""
    for value in values:
        if value is not None and (count := as_count(value)) is not None:
            return count
    return None


def parse_arguments(arguments: Any) -> Any:
    """A tool call's arguments as JSON, or the string as sent where it does not parse. Nothing sent is ``{}``."""
    if arguments is None or arguments == "":
        return {}
    if not isinstance(arguments, str):
        return arguments
    try:
        value = json.loads(arguments)
    except (ValueError, RecursionError):
        return arguments
    return arguments if is_too_deep(value) else value


def has_surrogates(body: bytes) -> bool:
    """Whether the JSON text may hold half a surrogate pair (most bodies: no, and the walk is spared)."""
    return b"\\" in body and _SURROGATE_ESCAPE.search(body) is not None


def without_lone_surrogates(value: Any) -> Any:
    """Half pairs become U+FFFD: neither protobuf nor Arrow takes them. Pairs split over two chunks are joined before."""
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError:
            return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        return value
    if isinstance(value, list):
        return [without_lone_surrogates(each) for each in value]
    if isinstance(value, Mapping):
        return {without_lone_surrogates(k): without_lone_surrogates(v) for k, v in value.items()}
    return value
