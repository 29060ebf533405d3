"""From accepted to stored: exactly once over restarts, dead letters that block nothing, and back-pressure."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
import sqlalchemy as sa
from collector.otlp_samples import CHAT, Recorder, chat_body
from collector.processes import wait_until

from suffice.errors import SufficeError
from suffice_collector import apply as apply_module
from suffice_collector import building
from suffice_collector import ingest as ingest_module
from suffice_collector import journal as journal_module
from suffice_collector.ingest import BusyError, Ingest, now_entry
from suffice_collector.journal import NAME, Entry, Journal, JournalUnavailableError, segments
from suffice_collector.otlp import MalformedBodyError
from suffice_store.engines.reasons import DamagedError
from suffice_store.file_store import FileStore
from suffice_store.store import AppendResult


@pytest.fixture
def store(tmp_path: Path) -> Iterator[FileStore]:
    with FileStore(str(tmp_path / "calls.duckdb")) as opened:
        yield opened


def entry(body: bytes) -> Entry:
    return now_entry(body, json=False, gzip=False)


def start(store: FileStore, folder: Path, **settings: int) -> Ingest:
    return Ingest(store, folder, applied=store.journal_position(NAME), **settings)


def stored(store: FileStore) -> int:
    return int(store.read("overview").column("calls")[0].as_py())


def dead_letters(store: FileStore) -> int:
    return int(store.read("quality").column("dead_letters")[0].as_py())


def write_journal(folder: Path, bodies: list[bytes]) -> None:
    journal = Journal(folder)
    for body in bodies:
        journal.append(entry(body)).result(10)
    journal.close()


def test_what_a_killed_process_left_is_applied_at_the_next_start(store: FileStore, tmp_path: Path) -> None:
    write_journal(tmp_path / "j", [chat_body(3), chat_body(4)])
    ingest = start(store, tmp_path / "j")
    assert ingest.wait_replayed(30)
    assert stored(store) == 7
    ingest.close()
    assert segments(tmp_path / "j") == []


def test_until_all_of_it_is_readable_the_status_says_replaying(store: FileStore, tmp_path: Path) -> None:
    write_journal(tmp_path / "j", [chat_body(3)])
    gated = GatedStore(store)
    ingest = Ingest(gated, tmp_path / "j")  # type: ignore[arg-type]
    assert ingest.status() == "replaying"
    ingest.accept_blocking(entry(chat_body(2)))  # senders need not wait
    gated.open.set()
    wait_until(lambda: ingest.status() == "ok", "the replay")
    assert stored(store) >= 3
    ingest.close()
    assert stored(store) == 5


class GatedStore:
    """A store that takes its time."""

    def __init__(self, store: FileStore) -> None:
        self._store = store
        self.open = threading.Event()

    def append(self, tables: Mapping[str, pa.Table], *, journal: tuple[str, int] | None = None) -> AppendResult:
        self.open.wait(30)
        return self._store.append(tables, journal=journal)


def test_what_was_applied_before_the_kill_is_not_applied_again(store: FileStore, tmp_path: Path) -> None:
    recorder = Recorder(scope="suffice")
    recorder.span(
        "suffice.outcome",
        {"suffice.outcome.target": "run", "suffice.outcome.target_id": "r", "suffice.outcome.ok": True},
    )
    bodies = [recorder.body(), chat_body(2)]  # outcomes have no key: a second apply would show
    write_journal(tmp_path / "j", bodies)
    kept = {path: path.read_bytes() for path in (tmp_path / "j").iterdir()}
    start(store, tmp_path / "j").close()
    (tmp_path / "j").mkdir()
    for path, content in kept.items():
        path.write_bytes(content)  # as if the process had died before it could delete the segment
    start(store, tmp_path / "j").close()
    rows = {row["table_name"]: row["rows"] for row in store.read("info").to_pylist() if row["project"] == "default"}
    assert (rows["calls"], rows["outcomes"]) == (2, 1)


def test_a_journal_without_its_database_is_replayed_whole(tmp_path: Path) -> None:
    write_journal(tmp_path / "j", [chat_body(3)])
    with FileStore(str(tmp_path / "new.duckdb")) as fresh:
        start(fresh, tmp_path / "j").close()
        assert stored(fresh) == 3


def test_an_entry_that_cannot_be_read_is_a_dead_letter_and_the_rest_is_stored(store: FileStore, tmp_path: Path) -> None:
    write_journal(tmp_path / "j", [chat_body(1), b"\xff\xff", chat_body(2)])
    start(store, tmp_path / "j").close()
    assert (stored(store), dead_letters(store)) == (3, 1)


def test_an_entry_that_the_rows_cannot_be_made_of_is_a_dead_letter(
    store: FileStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = building.build_tables

    def picky(records: object, received_ns: int, *known: object) -> dict[str, pa.Table]:
        if any(getattr(getattr(each, "call", None), "request_model", "") == "poison" for each in records):  # type: ignore[attr-defined]
            raise ZeroDivisionError("a bug of ours")
        return real(records, received_ns)  # type: ignore[arg-type]

    monkeypatch.setattr(building, "build_tables", picky)
    ingest = start(store, tmp_path / "j")
    ingest.accept_blocking(entry(chat_body(2)))
    ingest.accept_blocking(entry(chat_body(1, {"gen_ai.request.model": "poison"})))
    ingest.accept_blocking(entry(chat_body(3)))
    ingest.close()
    assert (stored(store), dead_letters(store)) == (5, 1)


def test_duplicates_are_marked_with_the_calls(store: FileStore, tmp_path: Path) -> None:
    ingest = start(store, tmp_path / "j")
    client, wrapper = Recorder(scope="client"), Recorder(scope="wrapper")
    client.span(attributes={**CHAT, "gen_ai.response.id": "r1"})
    wrapper.span(attributes={**CHAT, "gen_ai.response.id": "r1"})
    ingest.accept_blocking(entry(client.body()))
    ingest.accept_blocking(entry(wrapper.body()))
    ingest.close()
    overview = store.read("overview").to_pylist()[0]
    assert (overview["calls"], overview["duplicate_calls"], overview["input_tokens"]) == (1, 1, 42)


def test_malformed_is_refused_before_anything_is_written(store: FileStore, tmp_path: Path) -> None:
    ingest = start(store, tmp_path / "j")
    with pytest.raises(MalformedBodyError):
        ingest.accept_blocking(entry(b"\xff\xff"))
    assert segments(tmp_path / "j") == []
    ingest.accept_blocking(entry(b""))  # nothing in it: nothing to keep
    assert segments(tmp_path / "j") == []
    ingest.close()


@pytest.mark.parametrize(
    ("error", "of_store"),
    [
        (duckdb.TransactionException("Failed to commit: Could not write file"), True),
        (duckdb.IOException("No space left on device"), True),
        (sa.exc.OperationalError("INSERT", {}, duckdb.TransactionException("Failed to commit")), True),
        (OSError(28, "No space left on device"), True),
        (duckdb.OutOfMemoryException("could not allocate block"), False),
        (duckdb.ConversionException("Could not convert"), False),
        (duckdb.Error("Corrupt database file: computed checksum 1 does not match stored checksum 2"), True),
        (DamagedError("/s.duckdb", "a checksum differs"), True),
        (duckdb.ConversionException("Could not convert 'Corrupt database file'"), False),
        (SufficeError("calls.call_id is missing in 1 of 1 rows"), False),
    ],
    ids=lambda each: type(each).__name__,
)
def test_what_a_full_disk_refuses_is_tried_again_and_no_dead_letter(error: Exception, of_store: bool) -> None:
    """A disk too full for a batch had room for its dead letters, and acknowledged calls were missing from the reads."""
    assert apply_module.is_of_store(error) == of_store


class RefusingStore:
    """A store whose disk is full until told otherwise."""

    def __init__(self, store: FileStore) -> None:
        self._store = store
        self.full = True

    def append(self, tables: Mapping[str, pa.Table], *, journal: tuple[str, int] | None = None) -> AppendResult:
        if self.full:
            raise OSError("no space left")
        return self._store.append(tables, journal=journal)


def test_a_store_that_takes_nothing_makes_senders_wait_and_loses_nothing(
    store: FileStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apply_module, "RETRY_S", 0.02)
    refusing = RefusingStore(store)
    ingest = Ingest(refusing, tmp_path / "j", max_backlog_spans=10)  # type: ignore[arg-type]
    ingest.accept_blocking(entry(chat_body(12)))
    with pytest.raises(BusyError):
        ingest.accept_blocking(entry(chat_body(1)))
    wait_until(lambda: ingest.status() == "not storing: no space left", "the status")
    refusing.full = False
    wait_until(lambda: stored(store) == 12, "the retry")
    wait_until(lambda: ingest.status() == "ok", "the status")
    ingest.accept_blocking(entry(chat_body(1)))
    ingest.close()
    assert (stored(store), dead_letters(store)) == (13, 0)


def test_a_journal_that_takes_nothing_is_told(
    store: FileStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(file: int) -> None:
        raise OSError(28, "No space left on device")

    ingest = start(store, tmp_path / "j")
    with monkeypatch.context() as patch:
        patch.setattr(journal_module, "_sync", full)
        with pytest.raises(JournalUnavailableError):
            ingest.accept_blocking(entry(chat_body(1)))
        assert ingest.status() == "not taking: [Errno 28] No space left on device"
    ingest.accept_blocking(entry(chat_body(1)))
    assert ingest.status() == "ok"
    ingest.close()
    assert stored(store) == 1


def test_what_could_not_be_stored_until_the_end_stays_in_the_journal(
    store: FileStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apply_module, "RETRY_S", 0.02)
    ingest = Ingest(RefusingStore(store), tmp_path / "j")  # type: ignore[arg-type]
    ingest.accept_blocking(entry(chat_body(5)))
    assert not ingest.close()
    assert segments(tmp_path / "j") == [1]
    start(store, tmp_path / "j").close()
    assert stored(store) == 5


def test_bytes_that_are_being_received_count(store: FileStore, tmp_path: Path) -> None:
    ingest = start(store, tmp_path / "j", max_backlog_bytes=100)
    ingest.reserve(60)
    with pytest.raises(BusyError):
        ingest.reserve(60)
    ingest.release(60)
    ingest.reserve(60)
    ingest.close()
    with pytest.raises(BusyError, match="shutting down"):
        ingest.reserve(0)


async def test_room_is_given_back_whatever_happens(store: FileStore, tmp_path: Path) -> None:
    ingest = start(store, tmp_path / "j")
    for body in (b"\xff", b"", chat_body(1)):
        ingest.reserve(len(body))
        with contextlib.suppress(MalformedBodyError):
            await ingest.accept(entry(body))
    given_up = entry(chat_body(2))
    ingest.reserve(len(given_up.body))
    task = asyncio.ensure_future(ingest.accept(given_up))
    await asyncio.sleep(0)
    task.cancel()  # a client that hangs up
    with pytest.raises(asyncio.CancelledError):
        await task
    await asyncio.to_thread(ingest.close)
    assert (ingest._waiting_spans, ingest._waiting_bytes) == (0, 0)


async def test_a_request_waits_a_little_for_a_store_that_is_behind_and_is_then_taken(
    store: FileStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ingest_module, "MAX_BUILT_SPANS", 0)
    slept: list[float] = []
    sleep = asyncio.sleep

    async def counted(seconds: float) -> None:
        slept.append(seconds)
        await sleep(seconds)

    monkeypatch.setattr(asyncio, "sleep", counted)
    ingest = Ingest(store, tmp_path / "j", build_process=False, columnar=False)
    given = entry(chat_body(2))
    ingest.reserve(len(given.body))
    assert (await ingest.accept(given)).count == 2
    assert slept
    assert ingest.close()
