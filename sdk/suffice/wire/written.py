"""Small writers that the formats share."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from suffice.wire.lenient import parse_arguments


def json_text(value: Any) -> str:
    """The text itself, else its JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def arguments_text(arguments: Any) -> str:
    """A tool call's arguments as the JSON text vendors send; what never was JSON stays as it is."""
    is_fragment = isinstance(arguments, str) and arguments and parse_arguments(arguments) == arguments
    return str(arguments) if is_fragment else json.dumps(arguments, ensure_ascii=False)


_NOT_AN_OBJECT = "_arguments"


def arguments_object(arguments: Any) -> dict[str, Any]:
    """For formats that take nothing but an object: what is none stands under ``_arguments``."""
    if isinstance(arguments, dict) and _NOT_AN_OBJECT not in arguments:
        return arguments
    return {_NOT_AN_OBJECT: arguments}


def read_arguments(arguments: Any) -> Any:
    """The way back from ``arguments_object``."""
    if isinstance(arguments, dict) and list(arguments) == [_NOT_AN_OBJECT]:
        return arguments[_NOT_AN_OBJECT]
    return parse_arguments(arguments)


def tool_result(response: Any, write_part: Callable[[Mapping[str, Any]], dict[str, Any]]) -> Any:
    """A tool's answer: text, a list of parts, or any JSON as its text."""
    if isinstance(response, list):
        return [write_part(part) if isinstance(part, dict) and "type" in part else part for part in response]
    return response if response is None else json_text(response)
