"""What is noted is known, what is forgotten or pushed out is not, and nothing is known that was not noted."""

from __future__ import annotations

from hashlib import blake2b

import pyarrow as pa
import pytest
from store.synthetic import START_NS, call_record, text

from suffice_store.appending import build_tables
from suffice_store.file_store import FileStore
from suffice_store.seen import Seen


def hashes(first: int, count: int) -> pa.ChunkedArray:
    made = [blake2b(str(number).encode(), digest_size=16).hexdigest() for number in range(first, first + count)]
    return pa.chunked_array([pa.array(made, pa.string())])


def test_only_what_was_noted_is_known() -> None:
    seen = Seen()
    assert seen.has(hashes(0, 3)).to_pylist() == [False] * 3
    seen.note(hashes(0, 1_000))
    assert sum(seen.has(hashes(0, 1_000)).to_pylist()) >= 995  # two of a place: the later one stays
    assert not any(seen.has(hashes(1_000, 10_000)).to_pylist())


def test_a_newer_one_takes_the_place_of_an_older() -> None:
    seen = Seen(places=1)
    seen.note(hashes(0, 2))
    assert seen.has(hashes(0, 2)).to_pylist() == [False, True]


def test_what_is_forgotten_is_not_known() -> None:
    seen = Seen()
    seen.note(hashes(0, 2))
    seen.forget()
    assert seen.has(hashes(0, 2)).to_pylist() == [False, False]


def test_ids_of_any_form_are_told_apart() -> None:
    seen = Seen()
    seen.note(pa.chunked_array([["short", "x" * 32]]))
    assert seen.has(pa.chunked_array([["short", "x" * 32, "y" * 32]])).to_pylist() == [True, True, False]


@pytest.mark.parametrize(("exact_rows", "added_again"), [(0, 1), (1, 0)], ids=["long", "short"])
def test_a_table_that_got_long_is_not_asked_but_what_is_remembered_is_not_stored_again(
    exact_rows: int, added_again: int
) -> None:
    told = build_tables([call_record(0, messages=[text("user", "hello")], answer=None)], START_NS)
    messages = {"messages": told["messages"]}
    with FileStore(":memory:", exact_rows=exact_rows) as store:
        assert [store.append(messages).added["messages"] for _ in range(2)] == [1, 0]
        store.forget_seen()
        assert [store.append(messages).added["messages"] for _ in range(2)] == [added_again, 0]
        assert store.read("analysis_messages").num_rows == 1


def test_hashes_in_pieces_and_parts_of_pieces_are_the_same_hashes() -> None:
    seen = Seen()
    whole = hashes(0, 100)
    seen.note(pa.chunked_array([*whole.slice(10, 20).chunks, *whole.slice(50, 1).chunks]))
    assert seen.has(whole).to_pylist() == [10 <= number < 30 or number == 50 for number in range(100)]
    assert seen.has(whole.slice(0, 0)).to_pylist() == []
