"""Pieces put together are the text; ids are unique and of the asked length."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from suffice_demo.provider.pieces import PIECE_CHARS, pieces_of, random_id


@given(st.text())
def test_pieces_together_are_the_text(text: str) -> None:
    pieces = pieces_of(text)
    assert "".join(pieces) == text
    assert all(0 < len(piece) <= PIECE_CHARS for piece in pieces)


def test_ids_are_unique_and_repeatable() -> None:
    ids = {random_id("call_", n, m, length=24) for n in range(500) for m in range(3)}
    assert len(ids) == 1500
    assert {len(each) for each in ids} == {29}
    assert random_id("a", 1) == random_id("a", 1) != random_id("a", 2)
