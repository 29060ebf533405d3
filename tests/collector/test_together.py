"""Small bodies read as one: each becomes what it would by itself, and what can't be read with others is not."""

from __future__ import annotations

import gzip
import threading
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from collector.columnar.bodies import SPANS, forged_body, sdk_body
from collector.columnar.test_reading import CALL, TOLD, body_of, rows
from collector.otlp_samples import chat_body
from hypothesis import given, settings
from hypothesis import strategies as st

from suffice.wire.call import Usage
from suffice_collector.build_lane import BuildLane
from suffice_collector.building import Builder, Built
from suffice_collector.columnar import Columnar, load_reader
from suffice_collector.ingest import Ingest
from suffice_collector.journal import Entry, Journal, JournalUnavailableError, Position
from suffice_collector.otlp_values import MalformedBodyError
from suffice_collector.signals import LOGS
from suffice_collector.together import MOST_BYTES, is_whole
from suffice_store.file_store import FileStore


@pytest.fixture(scope="module")
def reader(compiled: None) -> Columnar:
    loaded = load_reader()
    assert loaded is not None
    return loaded


def new_builder(reader: Columnar) -> Builder:
    builder = Builder()
    builder._columnar = reader
    return builder


def one_by_one(builder: Builder, entries: list[Entry]) -> list[Built | Exception]:
    outcomes: list[Built | Exception] = []
    for entry in entries:
        try:
            outcomes.append(builder.build(entry))
        except ValueError as refusal:
            outcomes.append(refusal)
    return outcomes


def texts(outcomes: list[Built | Exception]) -> list[Any]:
    """Of all: a text that several hold goes with the first."""
    tables = [each.tables for each in outcomes if isinstance(each, Built)]
    told = [row for each in tables if "messages" in each for row in each["messages"].to_pylist()]
    return sorted({(row["project"], row["message_hash"], row["content"]) for row in told})


def told(outcome: Built | Exception) -> Any:
    if isinstance(outcome, Exception):
        return type(outcome), str(outcome)
    tables = {name: of for name, of in rows(outcome).items() if name != "messages"}
    return outcome.count, outcome.rejected, outcome.reason, outcome.failure, tables


def marked(outcomes: list[Built | Exception]) -> dict[str, tuple[str | None, str]]:
    """How each call ends: one body may bring a mark that the next one takes back."""
    marks = [mark for each in outcomes if isinstance(each, Built) for mark in each.marks]
    last = {mark.call_id: (mark.duplicate_of, mark.rule) for mark in marks}
    return {call_id: mark for call_id, mark in last.items() if mark[0] is not None}


def check_same(reader: Columnar, entries: list[Entry]) -> list[Built | Exception]:
    want, got = one_by_one(new_builder(reader), entries), new_builder(reader).build_all(entries)
    assert list(map(told, got)) == list(map(told, want))
    assert texts(got) == texts(want)
    assert marked(got) == marked(want)
    return got


@given(st.lists(st.tuples(st.booleans(), st.lists(TOLD, max_size=3)), min_size=1, max_size=6))
@settings(max_examples=100)
def test_what_meets_over_bodies(reader: Columnar, bodies: list[tuple[bool, list[Any]]]) -> None:
    check_same(
        reader,
        [
            Entry(b"".join(body_of(ours, each) for each in some), received_ns=7 + n)
            for n, (ours, some) in enumerate(bodies)
        ],
    )


@given(st.lists(st.lists(SPANS, max_size=3), min_size=2, max_size=4), st.data())
@settings(max_examples=100)
def test_forged_and_cut_bodies(reader: Columnar, bodies: list[list[dict[str, Any]]], data: st.DataObject) -> None:
    entries = []
    for spans in bodies:
        body = forged_body(spans, {"service.name": "s"})
        if data.draw(st.booleans()):
            body = body[: data.draw(st.integers(0, len(body)))]
        entries.append(Entry(body, received_ns=7))
    check_same(reader, entries)


def bodies(count: int, *, first: int = 1) -> list[bytes]:
    """Each of two calls, which share their question and have an answer of their own."""
    return [
        sdk_body(
            [
                replace(
                    CALL,
                    output_messages=[{"role": "assistant", "parts": [{"type": "text", "content": f"answer {n}"}]}],
                    response_id=f"r{n}",
                    usage=Usage(n, 2),
                )
                for n in (2 * number, 2 * number + 1)
            ],
            first=2 * number,
        )
        for number in range(first, first + count)
    ]


def test_they_are_read_at_once(reader: Columnar, monkeypatch: pytest.MonkeyPatch) -> None:
    builder = new_builder(reader)
    builder.build(Entry(bodies(1)[0]))  # its shape is known
    read: list[int] = []
    original = type(reader).read

    def counted(self: Any, body: bytes, *arguments: Any) -> Any:
        read.append(len(body))
        return original(self, body, *arguments)

    monkeypatch.setattr(type(reader), "read", counted)
    some = bodies(5, first=2)
    got = check_same(reader, [Entry(gzip.compress(body), gzip=True, received_ns=n + 1) for n, body in enumerate(some)])
    assert read == [*map(len, some), sum(map(len, some))]
    assert [len(each.tables["messages"]) for each in got if isinstance(each, Built)] == [3, 2, 2, 2, 2]


def test_what_stays_by_itself(reader: Columnar) -> None:
    a, b, c, d = bodies(4)
    check_same(
        reader,
        [
            Entry(a, received_ns=1),
            Entry(b, received_ns=1, project="other"),
            Entry(b"\xff\xff", received_ns=1),
            Entry(c, received_ns=1, signal=LOGS.code),
            Entry(d[:-1], received_ns=1),
            Entry(b"{}", json=True, received_ns=1),
            Entry(chat_body(2), received_ns=1),
            Entry(d, received_ns=1),
            Entry(gzip.compress(bytes(65 * 1024 * 1024)), gzip=True, received_ns=1),
            Entry(a, received_ns=1),
        ],
    )


def test_a_body_that_would_swallow_the_next_is_told(reader: Columnar) -> None:
    whole, following = bodies(2)
    assert is_whole(whole)
    assert is_whole(b"")
    reaches_over = whole + bytes([0x0A, len(following) & 127 | 128, len(following) >> 7])
    assert not is_whole(reaches_over)
    assert not any(is_whole(whole[:cut]) for cut in range(1, len(whole)))
    assert not is_whole(b"\x0a\x00" * 65)
    assert not is_whole(b"\x0b")
    got = check_same(reader, [Entry(reaches_over, received_ns=1), Entry(following, received_ns=1)])
    assert isinstance(got[0], MalformedBodyError)


def test_large_ones_are_not_read_with_others(reader: Columnar) -> None:
    large = b"".join(bodies(1 + MOST_BYTES // len(bodies(1)[0]), first=100))
    got = check_same(reader, [Entry(large, received_ns=1), Entry(bodies(1)[0], received_ns=1)])
    assert not any(each.shares_texts for each in got if isinstance(each, Built))


def test_a_mark_goes_with_the_later_of_its_calls(reader: Columnar) -> None:
    trace = bytes(15) + b"\x01"
    told = [sdk_body([replace(CALL, usage=Usage(n, 2))], first=n, trace=trace, service=f"s{n}") for n in (1, 2, 3)]
    builder = new_builder(reader)
    builder.build_all([Entry(each) for each in told])  # their shapes are known
    got = check_same(reader, [Entry(each, received_ns=1) for each in told])
    ids = [each.tables["calls"]["call_id"][0].as_py() for each in got if isinstance(each, Built)]
    pairs = [
        {ids.index(m.call_id), ids.index(m.duplicate_of or "")}
        for m in (got[1].marks if isinstance(got[1], Built) else [])
    ]
    assert pairs == [{0, 1}]


def test_the_lane_reads_what_waits_together(reader: Columnar) -> None:
    lane = BuildLane(process=False, columnar=False)
    lane._builder._columnar = reader
    some = [Entry(body, received_ns=n + 1) for n, body in enumerate(bodies(6, first=500))]
    lane.build(Entry(bodies(1, first=499)[0]))
    held, taken = threading.Event(), threading.Event()

    def hold() -> None:
        taken.set()
        held.wait(10)

    lane._thread.submit(hold)
    taken.wait(10)
    waiting: list[Future[Built]] = [lane.submit(each) for each in some[:4]]
    broken = lane.submit(Entry(b"\xff\xff"))
    again = lane.submit(some[4], mark_duplicates=False)
    held.set()
    assert [each.result(10).shares_texts for each in waiting] == [True] * 4
    with pytest.raises(MalformedBodyError):
        broken.result(10)
    assert not again.result(10).shares_texts
    lane.close()


def test_a_text_of_one_that_the_disk_refused_is_kept_for_the_others(
    reader: Columnar, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was read with the first, which its sender sends again; the second one's call needs it now."""
    first, second = (Entry(body, received_ns=n + 1) for n, body in enumerate(bodies(2, first=900)))
    store = FileStore(str(tmp_path / "s.duckdb"))
    ingest = Ingest(store, tmp_path / "journal", build_process=False, columnar=False)
    builder = new_builder(reader)
    builder.build(Entry(bodies(1, first=899)[0]))
    refused, kept = builder.build_all([first, second])
    assert isinstance(refused, Built)
    assert isinstance(kept, Built)
    original = Journal.append

    def append(self: Journal, entry: Entry, on_durable: Any = None) -> Future[Position]:
        if entry is first:
            failed: Future[Position] = Future()
            failed.set_exception(JournalUnavailableError("full"))
            return failed
        return original(self, entry, on_durable)

    monkeypatch.setattr(Journal, "append", append)
    outcomes = {id(first): refused, id(second): kept}
    monkeypatch.setattr(BuildLane, "build", lambda self, entry, **_: outcomes[id(entry)])
    with pytest.raises(JournalUnavailableError):
        ingest.accept_blocking(first)
    ingest.accept_blocking(second)
    ingest.settle(30)
    with store.connected() as connection:
        stored = connection.exec_driver_sql("SELECT call_id, input_hashes FROM calls").fetchall()
        held = {row[0] for row in connection.exec_driver_sql("SELECT message_hash FROM messages")}
    assert {row[0] for row in stored} == set(kept.tables["calls"]["call_id"].to_pylist())
    assert all(set(row[1]) <= held for row in stored)
    ingest.close()
    store.close()
