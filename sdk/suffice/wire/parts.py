"""Small builders of message parts that the formats share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any


def text_parts(text: str) -> list[dict[str, Any]]:
    """One text part, or none for the empty string."""
    return [{"type": "text", "content": text}] if text else []


def text_of(parts: Iterable[Mapping[str, Any]]) -> str:
    """The text of the text parts, joined."""
    return "".join(str(part.get("content", "")) for part in parts if part.get("type") == "text")


def joined_parts(parts: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """The parts with neighbouring texts made one (and thoughts too): a stream, or citations, cut them anywhere."""
    result: list[dict[str, Any]] = []
    for part in parts:
        if result and part["type"] in ("text", "reasoning") and result[-1]["type"] == part["type"]:
            result[-1] = {"type": part["type"], "content": result[-1]["content"] + part["content"]}
        else:
            result.append(part)
    return result
