"""Parts joined: neighbouring texts become one, whatever lies between stays, and what has no text is left alone."""

from __future__ import annotations

from typing import Any

import pytest

from suffice.wire.parts import joined_parts, text_of, text_parts

A, B = {"type": "text", "content": "a"}, {"type": "text", "content": "b"}
THOUGHT = {"type": "reasoning", "content": "hm"}
CALL = {"type": "tool_call", "id": "1", "name": "f", "arguments": {}}


@pytest.mark.parametrize(
    ("parts", "joined"),
    [
        ([], []),
        ([A, B], [{"type": "text", "content": "ab"}]),
        ([THOUGHT, THOUGHT, A], [{"type": "reasoning", "content": "hmhm"}, A]),
        ([A, CALL, B], [A, CALL, B]),
        # a vendor's own block under our names, as 1 of 100,000 spoiled exchanges had it: it used to raise
        ([A, {"type": "text", "text": "b"}], [A, {"type": "text", "text": "b"}]),
        ([{"type": "reasoning", "encrypted": "x"}, THOUGHT], [{"type": "reasoning", "encrypted": "x"}, THOUGHT]),
        ([A, {"type": "text", "content": None}, B], [A, {"type": "text", "content": None}, B]),
    ],
)
def test_joined(parts: list[dict[str, Any]], joined: list[dict[str, Any]]) -> None:
    assert joined_parts(parts) == joined


def test_parts_given_are_not_changed() -> None:
    first = {"type": "text", "content": "a"}
    joined_parts([first, B])
    assert first == A


def test_text() -> None:
    assert text_parts("") == []
    assert text_parts("a") == [A]
    assert text_of([A, THOUGHT, B, {"type": "text"}]) == "ab"
