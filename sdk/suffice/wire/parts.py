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
        if result and result[-1].get("type") == part.get("type") and _is_text(result[-1]) and _is_text(part):
            result[-1] = {"type": part["type"], "content": result[-1]["content"] + part["content"]}
        else:
            result.append(part)
    return result


def _is_text(part: Mapping[str, Any]) -> bool:
    return part.get("type") in ("text", "reasoning") and isinstance(part.get("content"), str)
