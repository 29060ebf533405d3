"""A restart between two tellings of one call: the finder reads what was stored."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pyarrow as pa
import pytest
from collector.duplicates.tellings import call, mark, span, text

from suffice_collector.duplicates import DuplicateFinder, Mark
from suffice_collector.duplicates.look_back import WINDOW_NS, finder_for
from suffice_store.appending import build_tables
from suffice_store.engines.duckdb import DuckDB
from suffice_store.file_store import FileStore
from suffice_store.records import CallRecord, SpanRecord


def store_with(path: Path, *records: CallRecord | SpanRecord, marks: list[Mark] = []) -> FileStore:  # noqa: B006
    store = FileStore(str(path / "calls.duckdb"))
    tables = build_tables(records, time.time_ns())
    if marks:
        tables["duplicates"] = pa.table(
            {
                "project": [each.project for each in marks],
                "call_id": [each.call_id for each in marks],
                "duplicate_of": [each.duplicate_of for each in marks],
                "rule": [each.rule for each in marks],
                "recorded_ns": [time.time_ns()] * len(marks),
            }
        )
    store.append(tables)
    return store


def test_a_wrapper_whose_client_was_stored_before(tmp_path: Path) -> None:
    inner = [call(name, parent="step", start=start, end=start + 1) for name, start in (("a", 0), ("b", 1))]
    with store_with(tmp_path, *inner, span("step", "w")) as store:
        agent = call("w", scope="wrapper", tokens=(84, 34), end=2)
        assert finder_for(store).find([agent], []) == [mark("w", "a", "ancestor_tokens")]


def test_the_same_response_id(tmp_path: Path) -> None:
    with store_with(tmp_path, call("a", response="r1")) as store:
        again = call("b", trace="other", scope="wrapper", response="r1")
        assert finder_for(store).find([again], []) == [mark("b", "a", "response_id")]


def test_the_log_records_of_a_stored_span(tmp_path: Path) -> None:
    with store_with(tmp_path, call("s", span="x")) as store:
        log = call("l", span="x", dialect="otel_events", tokens=(None, None), model=None, asked="hi", answered="ho")
        assert finder_for(store).find([log], []) == [mark("s", "l", "span_log")]
        assert log.call.usage is not None
        assert log.call.usage.input_tokens == 42


def test_the_span_of_stored_log_records(tmp_path: Path) -> None:
    log = call("l", span="x", dialect="otel_events", tokens=(None, None), model=None, asked="hi", answered="ho")
    with store_with(tmp_path, log) as store:
        told = call("s", span="x")
        assert finder_for(store).find([told], []) == [mark("l", "s", "span_log")]
        assert told.call.input_messages == text("user", "hi")


def test_near_miss_words_that_differ_are_known_to_differ(tmp_path: Path) -> None:
    with store_with(tmp_path, call("a", asked="hi", answered="ho")) as store:
        other = call("b", trace="o", scope="wrapper", asked="hi", answered="no")
        assert finder_for(store).find([other], []) == []


def test_what_is_marked_and_matched_already_is_not_matched_again(tmp_path: Path) -> None:
    told = call("w", scope="wrapper", trace="w", end=1.1), call("c", trace="c")
    marks = DuplicateFinder().find(told, [])
    with store_with(tmp_path, *told, marks=marks) as store:
        finder = finder_for(store)
        assert finder.find(told, []) == []  # a resend
        assert finder.find([call("c2", trace="c2")], []) == []  # a second, equal call of the client


def test_what_came_before_the_window_is_not_read(tmp_path: Path) -> None:
    with store_with(tmp_path, call("a", response="r1")) as store:
        later = finder_for(store, now_ns=time.time_ns() + 2 * WINDOW_NS)
        assert later.find([call("b", trace="other", scope="wrapper", response="r1")], []) == []


def test_long_calls_are_read_in_little_memory(tmp_path: Path) -> None:
    """All that a call holds, of 20,000 of the last hour, may be gigabytes: it is the ids, the scope and the last words that count."""
    long = [call(f"c{n}", trace=f"t{n}", scope="client", response=f"r{n}") for n in range(10_000)]
    for record in long:
        record.attributes["noise"] = os.urandom(6_000).hex()
    with store_with(tmp_path, *long) as store:
        assert isinstance(store.database, DuckDB)
        store.database.checkpoint()
        with store.database.engine.connect() as connection:
            connection.exec_driver_sql("SET memory_limit = '140MB'")
        again = call("w", trace="other", scope="wrapper", response="r7")
        assert finder_for(store).find([again], []) == [mark("w", "c7", "response_id")]


@pytest.mark.parametrize("scope", ['a "quoted" one', "back\\slash", "é, and a } more", ""])
def test_a_scope_is_known_whatever_it_is_called(tmp_path: Path, scope: str) -> None:
    """One emitter tells a call once: what it sends again with another id is another call."""
    with store_with(tmp_path, call("a", scope=scope, trace="a", response="r1")) as store:
        assert finder_for(store).find([call("b", scope=scope, trace="b", response="r1")], []) == []
        assert len(finder_for(store).find([call("c", scope="other", trace="c", response="r1")], [])) == 1


def test_calls_without_times_are_read_beside_others(tmp_path: Path) -> None:
    timeless = call("t", trace="t", response="r2")
    timeless.started_ns = timeless.ended_ns = None
    with store_with(tmp_path, call("a", trace="a", response="r1"), timeless) as store:
        again = call("b", trace="other", scope="wrapper", response="r1")
        assert finder_for(store).find([again], []) == [mark("b", "a", "response_id")]


def test_what_cannot_be_read_costs_marks_and_no_call(caplog: pytest.LogCaptureFixture) -> None:
    def broken(finder: DuplicateFinder) -> None:
        raise MemoryError("no room")

    finder = DuplicateFinder(look_back=broken)
    assert finder.find([call("a", response="r1")], []) == []
    assert finder.find([call("b", trace="o", scope="wrapper", response="r1")], []) == [mark("b", "a", "response_id")]
    assert [each.message for each in caplog.records] == [
        "what was stored lately could not be read: calls told again after the restart may count twice"
    ]
