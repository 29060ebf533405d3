"""However a search goes about it, it finds the calls that say the text, the newest first."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import sqlalchemy as sa
from store.synthetic import START_NS, call_record, text

from suffice_store.appending import build_tables
from suffice_store.compacting import Compaction
from suffice_store.file_store import DatabaseStore, FileStore
from suffice_store.reads import search
from suffice_store.reads.search import Places
from suffice_store.records import CallRecord
from suffice_store.rewriting import rewrite
from suffice_store.selection import Selection
from suffice_store.store import Store

HOUR_NS = 3_600 * 10**9
CALLS = 40
FIRST = START_NS + 100 * HOUR_NS  # the first call arrives


@pytest.fixture
def filled(tmp_path: Path) -> Iterator[FileStore]:
    """Four calls an hour, in an append for each: one system message for all, every third with history."""
    with FileStore(str(tmp_path / "s.duckdb"), clock=count(START_NS).__next__) as opened:
        fill(opened)
        yield opened


def fill(store: Store) -> None:
    made = []
    for number in range(CALLS):
        said = [text("system", "sort what comes"), text("user", f"question {number}")]
        if number % 3 == 2:
            said[1:1] = [text("user", f"question {number - 1}"), text("assistant", f"answer {number - 1}")]
        started = None if number == 5 else START_NS + number * HOUR_NS // 4
        made.append(call_record(number, messages=said, answer=f"answer {number}", started_ns=started))
    for first in range(0, CALLS, 4):
        store.append(build_tables(made[first : first + 4], FIRST + first))


def last_call(*said: str) -> CallRecord:
    """One more, the newest."""
    messages = [text("system", said[0]), *(text("user", each) for each in said[1:])]
    return call_record(CALLS, messages=messages, started_ns=START_NS + CALLS * HOUR_NS // 4)


def expected(words: str) -> list[str]:
    """By looking at each call: untimed ones come last."""
    ids = []
    for number in sorted(range(CALLS), key=lambda each: (each != 5, each), reverse=True):
        mine = {number, number - 1} if number % 3 == 2 else {number}
        own_id = words in (f"ext-{number}", f"run-{number // 5}")
        told = "sort what comes" + "".join(f"|question {each}|answer {each}" for each in mine)
        if own_id or words.lower() in told:
            ids.append(call_record(number).call_id)
    return ids


WORDS = ("question 7", "ANSWER 1", "sort what", "ext-3", "run-2", "nobody said this")
PAGES = ({"limit": 2}, {"limit": 3, "offset": 4})


@pytest.mark.parametrize(("looked_at", "most"), [(1, 1_000), (7, 0), (7, 3), (7, 1_000), (1_000, 1_000)])
def test_every_way_finds_the_same(
    filled: FileStore, monkeypatch: pytest.MonkeyPatch, looked_at: int, most: int
) -> None:
    """``most``: hashes or ids that go into a statement."""
    monkeypatch.setattr(search, "LOOKED_AT", looked_at)
    monkeypatch.setattr(search, "MOST", most)
    for words in WORDS:
        whole = expected(words)
        for page in PAGES:
            rows, first = filled.read("calls", search=words, **page), page.get("offset", 0)
            assert rows["call_id"].to_pylist() == whole[first : first + page["limit"]], (words, page)
        batches = pa.Table.from_batches(filled.read_batches("calls", search=words))
        assert batches["call_id"].to_pylist() == whole
        assert filled.read("search_count", search=words)["calls"].to_pylist() == [len(whole)]


def test_both_engines_find_the_same(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(store)
    for most in (0, 1_000):
        monkeypatch.setattr(search, "MOST", most)
        for words in WORDS:
            assert store.read("calls", search=words)["call_id"].to_pylist() == expected(words)
            assert store.read("search_count", search=words)["calls"].to_pylist() == [len(expected(words))]


def test_filters_narrow_what_was_found(filled: FileStore) -> None:
    run, found = call_record(7).run_id, expected("question 7")
    of_run = [call_record(n).call_id for n in range(5, 10)]
    rows = filled.read("calls", search="question 7", run_id=run)["call_id"].to_pylist()
    assert rows == [each for each in found if each in of_run] != []
    assert filled.read("calls", search="question 7", until_ns=START_NS)["call_id"].to_pylist() == []
    filled.command("mark_duplicate", call_id=found[0], duplicate_of=found[1], rule="wrapper")
    assert filled.read("calls", search="question 7")["call_id"].to_pylist() == found[1:]


def test_a_page_that_the_newest_fill_reads_no_other_texts(filled: FileStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "LOOKED_AT", 6)
    looked: list[str] = []
    sa.event.listen(
        filled.database.engine, "before_cursor_execute", lambda *given: looked.append(given[2]) if "ILIKE" in given[2] else None
    )  # fmt: skip
    assert filled.read("calls", search="sort what", limit=3).num_rows == 3
    assert looked
    assert all("received_ns" in statement for statement in looked)


def test_the_newest_call_that_came_before_the_others_is_found(
    filled: FileStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A resend, or a host whose clock goes ahead: its own text is the first that came of those looked at."""
    monkeypatch.setattr(search, "LOOKED_AT", 8)
    monkeypatch.setattr(search, "MOST", 3)
    filled.append(build_tables([last_call("sort what comes", "question 99")], FIRST + 1))
    found = filled.read("calls", search="question", limit=4)["call_id"].to_pylist()
    assert found == [call_record(number).call_id for number in range(CALLS, CALLS - 4, -1)]


def test_what_was_deleted_is_not_found_where_it_was(filled: FileStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where an old text lies is remembered; rows that move or go are looked for anew."""
    monkeypatch.setattr(search, "LOOKED_AT", 6)
    assert filled.read("calls", search="sort what", limit=3).num_rows == 3
    rewrite(filled, Selection(before_ns=START_NS + 8 * HOUR_NS))
    left = [call_record(number).call_id for number in (*range(CALLS - 1, 31, -1), 5)]  # the untimed one arrived later
    assert filled.read("calls", search="sort what")["call_id"].to_pylist() == left
    filled.append(build_tables([last_call("sort what comes")], FIRST + CALLS))
    assert filled.read("calls", search="sort what", limit=1)["call_id"].to_pylist() == [call_record(CALLS).call_id]


def test_a_text_that_was_stored_again_is_found_before_and_after_compaction(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "LOOKED_AT", 6)
    with FileStore(str(tmp_path / "s.duckdb"), clock=count(START_NS).__next__, exact_rows=0) as store:
        fill(store)
        store.forget_seen()
        again = last_call("sort what comes", "question 7")
        store.append(build_tables([again], FIRST + CALLS))
        newest = [again.call_id, *expected("question 7")]
        assert store.read("calls", search="question 7", limit=3)["call_id"].to_pylist() == newest[:3]
        assert Compaction(store).step().removed > 0
        assert store.read("calls", search="question 7", limit=3)["call_id"].to_pylist() == newest[:3]


def test_places_are_of_the_first_row_and_few(filled: FileStore) -> None:
    hashes = filled.read("conversation", call_id=call_record(6).call_id)["message_hash"].to_pylist()
    places = Places(most=2)
    assert places_of(filled, places, hashes) == dict(zip(hashes, (FIRST, FIRST + 4, FIRST + 4), strict=True))
    assert len(places._received) == 2
    assert places_of(filled, places, [hashes[-1], "f" * 32]) == {hashes[-1]: FIRST + 4}
    places.forget()
    assert places._received == {}


def places_of(store: DatabaseStore, places: Places, hashes: list[str]) -> dict[str, Any]:
    with store.connected() as connection:
        return places.find(connection, "default", hashes)
