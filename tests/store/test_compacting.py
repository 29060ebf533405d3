"""Texts stored again go, one row of each stays; beside appends and reads, killed at any moment, in bounded steps."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import sqlalchemy as sa
from store.synthetic import START_NS, call_record, text

from suffice_store.appending import build_tables
from suffice_store.compacting import Compaction, Step, compact
from suffice_store.engines.duckdb import DuckDB
from suffice_store.file_store import FileStore
from suffice_store.rewriting import rewrite

KILL_ROUNDS = int(os.environ.get("SUFFICE_KILL_ROUNDS", "1"))  # read here: no test sees SUFFICE_* (conftest.py)


def opened(path: Path | str) -> FileStore:
    """One that never asks the table, as with more than 200,000 texts, and remembers what this process committed."""
    return FileStore(str(path), exact_rows=0)


def tables(*numbers: int, received_ns: int = START_NS) -> dict[str, pa.Table]:
    """Calls that share a system message, each with a question and an answer of its own."""
    return build_tables([call_record(n, answer=f"answer {n}") for n in numbers], received_ns)


def rows(store: FileStore, name: str = "messages") -> int:
    with store.connected() as connection:
        return int(connection.scalar(sa.select(sa.func.count()).select_from(sa.table(name))))


def told(store: FileStore) -> dict[str, Any]:
    return {
        "messages": store.read("analysis_messages").sort_by("message_hash").to_pylist(),
        "calls": store.read("analysis_calls").to_pylist(),
        "listed": store.read("calls", search="question 3").to_pylist(),
    }


@pytest.fixture
def repeated(tmp_path: Path) -> FileStore:
    """Ten calls, told by three processes: 21 distinct texts in 63 rows, besides those of later calls."""
    with opened(tmp_path / "s.duckdb") as store:
        for restart in range(3):
            store.forget_seen()
            store.append(tables(*range(10), received_ns=START_NS + restart))
        assert rows(store) == 63
        yield store


def test_each_text_is_kept_once_and_no_answer_changes(repeated: FileStore) -> None:
    before = told(repeated)
    assert len(before["messages"]) == 21
    assert compact(repeated) == 42
    assert rows(repeated) == 21
    assert told(repeated) == before
    assert compact(repeated) == 0


def test_the_first_row_stays(repeated: FileStore) -> None:
    compact(repeated)
    with repeated.connected() as connection:
        assert connection.exec_driver_sql("SELECT DISTINCT received_ns FROM messages").fetchall() == [(START_NS,)]


def test_a_step_looks_at_so_many_rows_and_the_next_goes_on(repeated: FileStore) -> None:
    compaction = Compaction(repeated, chunk_rows=20)  # an append's rows are of one time, and looked at together
    steps = [compaction.step() for _ in range(4)]
    assert [(step.looked, step.removed) for step in steps] == [(20, 0), (20, 21), (20, 21), (0, 0)]
    assert [step.more for step in steps] == [True, True, True, False]
    repeated.append(tables(11, received_ns=START_NS + 9))
    assert compaction.step() == Step("messages", 2, 0, more=False)


def test_the_same_text_in_two_projects_is_two(tmp_path: Path) -> None:
    with opened(tmp_path / "s.duckdb") as store:
        for project in ("a", "b", "a"):
            store.forget_seen()
            store.append(build_tables([call_record(0, project=project)], START_NS))
        assert compact(store) == 3
        assert [store.read("analysis_messages", project=project).num_rows for project in ("a", "b")] == [3, 3]


def test_lists_of_tools_too(tmp_path: Path) -> None:
    tool = {"name": "look", "description": "x" * 100, "parameters": {}}
    with opened(tmp_path / "s.duckdb") as store:
        for _ in range(2):
            store.forget_seen()
            store.append(build_tables([call_record(0, tool_definitions=[tool])], START_NS))
        assert rows(store, "toolsets") == 2
        assert compact(store) == 4
        assert (rows(store, "toolsets"), store.read("toolsets").num_rows) == (1, 1)


def test_nothing_is_done_while_something_else_moves_rows(repeated: FileStore) -> None:
    with repeated.maintenance:
        assert Compaction(repeated).step() == Step()
    assert rows(repeated) == 63


def test_writing_anew_leaves_repeats_behind_too(repeated: FileStore) -> None:
    before = told(repeated)
    assert rewrite(repeated, None) == {"messages": 42}
    assert (rows(repeated), told(repeated)) == (21, before)


def test_rows_that_a_checkpoint_moves_under_a_copy_cost_another_try(
    repeated: FileStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows deleted while somebody reads keep their place until a later checkpoint, which may come during the copy."""
    from suffice_store import copying

    original, tries = copying.Copy.snapshot, []

    def snapshot(self: Any, **options: Any) -> None:
        original(self, **options)
        tries.append(1)
        if len(tries) == 1:
            repeated.append(tables(50, received_ns=START_NS + 7))
            with repeated.writing() as connection:
                connection.exec_driver_sql("DELETE FROM messages WHERE rowid < 2")

    monkeypatch.setattr(copying.Copy, "snapshot", snapshot)
    rewrite(repeated, None)
    assert len(tries) == 2
    assert repeated.read("overview").to_pylist()[0]["calls"] == 11


def test_beside_appends_and_reads_nothing_goes_missing(tmp_path: Path) -> None:
    with opened(tmp_path / "s.duckdb") as store:
        stop, failed = threading.Event(), []

        def append() -> None:
            number = 0
            while not stop.is_set():
                if number % 3 == 0:
                    store.forget_seen()
                store.append(tables(*range(max(0, number - 20), number + 20), received_ns=START_NS + number))
                number += 10

        def read() -> None:
            while not stop.is_set():
                found = store.read("analysis_messages").column("message_hash").to_pylist()
                wanted = {
                    h for hashes in store.read("analysis_calls").column("input_hashes").to_pylist() for h in hashes
                }
                later = set(store.read("analysis_messages").column("message_hash").to_pylist())
                if len(found) != len(set(found)) or not wanted <= later:
                    failed.append((len(found), len(wanted - later)))

        threads = [threading.Thread(target=each) for each in (append, read)]
        for thread in threads:
            thread.start()
        compaction, removed, end = Compaction(store, chunk_rows=50), 0, time.monotonic() + 3
        while time.monotonic() < end:
            removed += compaction.step().removed
        stop.set()
        for thread in threads:
            thread.join()
        assert (failed, removed > 0) == ([], True)
        compact(store)
        assert rows(store) == store.read("analysis_messages").num_rows


APPENDING = """
import itertools, sys, threading
sys.path.insert(0, {tests!r})
from store.test_compacting import opened, tables
from suffice_store.compacting import Compaction
with opened({path!r}) as store:
    compaction = Compaction(store, chunk_rows=200)
    def compact():
        while True:
            if compaction.step().removed:
                print("removed", flush=True)
    threading.Thread(target=compact, daemon=True).start()
    for number in itertools.count({first}):
        store.forget_seen()
        store.append(tables(*range(max(0, number - 20), number + 1), received_ns=number + 1))
        print(number, flush=True)
"""


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_killed_at_random_moments_every_text_is_there(tmp_path: Path) -> None:
    """As many processes as SUFFICE_KILL_ROUNDS (1), each killed while it appends and compacts."""
    path, rng, first = tmp_path / "s.duckdb", random.Random(7), 0
    for _ in range(KILL_ROUNDS):
        script = APPENDING.format(tests=str(Path(__file__).parents[1]), path=str(path), first=first)
        with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as child:
            assert child.stdout is not None
            said: list[str] = []
            while "removed" not in said:  # it compacts
                said.append(child.stdout.readline().strip())
            ending = threading.Timer(rng.uniform(0, 1.5), child.send_signal, [signal.SIGKILL])
            ending.start()
            said += child.stdout.read().split()
        first = max((int(each) + 1 for each in said if each != "removed"), default=first)
        with opened(path) as store:
            stored = store.read("analysis_calls")
            assert stored.num_rows >= first
            texts = store.read("analysis_messages").column("message_hash").to_pylist()
            assert len(texts) == len(set(texts))
            told = {
                h
                for name in ("input_hashes", "output_hashes")
                for each in stored.column(name).to_pylist()
                for h in each
            }
            assert told == set(texts)
    with opened(path) as store:
        compact(store)
        assert rows(store) == len(told)


def test_a_checkpoint_merges_few_row_groups(tmp_path: Path) -> None:
    """Appends wait for it: with DuckDB's default of 100 merges one took 15 s on a file of 90 MB."""
    with opened(tmp_path / "s.duckdb") as store, store.connected() as connection:
        assert connection.exec_driver_sql("SELECT current_setting('max_vacuum_tasks')").scalar() == 4
        assert isinstance(store.database, DuckDB)


def test_what_was_removed_gives_its_room_to_what_comes(tmp_path: Path) -> None:
    """Of 20,000 rows that repeat, blocks are free after the checkpoint that ends the step."""
    with opened(tmp_path / "s.duckdb") as store:
        long = [text("user", f"{n} " + random.Random(n).randbytes(200).hex()) for n in range(10_000)]
        made = build_tables([call_record(0, messages=long, answer=None)], START_NS)["messages"]
        for _ in range(3):
            store.forget_seen()
            store.append({"messages": made})
        assert compact(store) == 20_000
        with store.connected() as connection:
            free = "SELECT free_blocks FROM pragma_database_size() WHERE database_name = 'suffice'"
            assert connection.exec_driver_sql(free).scalar() > 0
