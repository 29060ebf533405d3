"""A deletion really removes text: shown by reading every byte, on a file kept uncompressed so that the text can be seen."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from sqlalchemy.ext.compiler import compiles
from store.synthetic import START_NS, call_record, text

from suffice.errors import SufficeError
from suffice_migrations import types
from suffice_migrations.types import CompressedText
from suffice_store.appending import build_tables
from suffice_store.engines.duckdb import REWRITE
from suffice_store.file_store import FileStore
from suffice_store.rewriting import rewrite, write_copy
from suffice_store.selection import Selection

GONE, STAYS = "marker-GONE-7c1f", "marker-STAYS-93ab"
DAY_NS = 86_400 * 10**9


@pytest.fixture
def plain_columns() -> Iterator[None]:
    """Tables made meanwhile keep long text as it is."""
    compiles(CompressedText, "duckdb")(lambda element, compiler, **options: "VARCHAR")
    yield
    compiles(CompressedText, "duckdb")(types._duckdb)


@contextmanager
def opened(path: Path, *, compressed: bool = False) -> Iterator[FileStore]:
    with FileStore(str(path)) as store:
        with store.database.engine.connect() as connection:
            connection.exec_driver_sql(f"SET GLOBAL force_compression = '{'auto' if compressed else 'uncompressed'}'")
        yield store


def add(store: FileStore, *records: Any, received_ns: int = START_NS) -> None:
    store.append(build_tables(records, received_ns))


def said(number: int, words: str, **changes: Any) -> Any:
    return call_record(
        number, messages=[text("system", "be brief"), text("user", words)], answer=f"answer to {words}", **changes
    )


def bytes_in(folder: Path, marker: str) -> list[str]:
    """The files under ``folder`` in which the marker stands."""
    found = (path for path in folder.rglob("*") if path.is_file())
    return sorted(str(path.relative_to(folder)) for path in found if marker.encode() in path.read_bytes())


def texts(store: FileStore, project: str = "default") -> list[str]:
    return sorted(row["content"] for row in store.read("analysis_messages", project=project).to_pylist())


def calls_of(store: FileStore, project: str = "default") -> list[str]:
    return sorted(row["external_id"] for row in store.read("analysis_calls", project=project).to_pylist())


def checkpoint(store: FileStore) -> None:
    with store.database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("CHECKPOINT suffice")


CASES: dict[str, tuple[Selection, dict[str, Any], dict[str, Any]]] = {
    "project": (Selection(project="a"), {"project": "a"}, {"project": "b"}),
    "user": (Selection(user="ann"), {"user_id": "ann"}, {"user_id": "bob"}),
    "user of a project": (
        Selection(project="a", user="ann"),
        {"project": "a", "user_id": "ann"},
        {"project": "b", "user_id": "ann"},
    ),
    "run": (Selection(run="r-1"), {"run_id": "r-1"}, {"run_id": "r-2"}),
    "time": (
        Selection(before_ns=START_NS),
        {"started_ns": START_NS - DAY_NS},
        {"started_ns": START_NS + 1},
    ),
}


@pytest.mark.usefixtures("plain_columns")
@pytest.mark.parametrize("case", CASES)
def test_no_byte_of_what_was_deleted_is_left_under_the_folder(case: str, tmp_path: Path) -> None:
    selection, of_gone, of_staying = CASES[case]
    with opened(tmp_path / "s.duckdb") as store:
        many = [said(n, f"{GONE} {n}", **of_gone) for n in range(0, 300, 5)]
        few = [said(n, f"{STAYS} {n}", **of_staying) for n in range(1, 300, 5)]
        add(store, *many, *few)
        checkpoint(store)
        add(store, said(1000, f"{GONE} in the log", **of_gone))
        assert bytes_in(tmp_path, GONE) == ["s.duckdb", "s.duckdb.wal"], "the search can see the text"
        removed = rewrite(store, selection)
        assert removed["calls"] == 61
        assert removed["messages"] == (123 if selection.project else 122)  # "be brief" is shared within a project
        assert bytes_in(tmp_path, GONE) == []
        assert bytes_in(tmp_path, STAYS) == ["s.duckdb"], "the search still sees text"
        project = of_staying.get("project", "default")
        assert len(calls_of(store, project)) == 60
        assert len(texts(store, project)) == 121
        add(store, said(2000, "after", **of_staying))
        assert len(calls_of(store, project)) == 61
    assert bytes_in(tmp_path, GONE) == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["s.duckdb"]


@pytest.mark.usefixtures("plain_columns")
def test_duckdb_itself_leaves_the_bytes(tmp_path: Path) -> None:
    """Why a file is written anew: the day this fails, DELETE may do."""
    with opened(tmp_path / "s.duckdb") as store:
        add(store, *(said(n, f"{GONE} {n}") for n in range(200)), *(said(n, STAYS, project="b") for n in range(50)))
        checkpoint(store)
        with store.database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            for statement in ("DELETE FROM messages WHERE project = 'default'", "CHECKPOINT suffice", "VACUUM"):
                connection.exec_driver_sql(statement)
        assert texts(store) == []
        assert bytes_in(tmp_path, GONE) == ["s.duckdb"]


def test_on_a_compressed_file_no_table_tells_the_text(tmp_path: Path) -> None:
    with opened(tmp_path / "s.duckdb", compressed=True) as store:
        add(store, *(said(n, f"{GONE} {n}", user_id="ann") for n in range(40)), said(41, STAYS, user_id="bob"))
        letter = {"project": [""], "journal": ["otlp"], "position": [1], "reason": [GONE], "body": [GONE.encode()]}
        store.append({"dead_letters": pa.table({**letter, "recorded_ns": [1]})})
        assert told(store, GONE) == ["dead_letters", "messages"]
        rewrite(store, Selection(user="ann"))
        assert told(store, GONE) == []
        assert told(store, STAYS) == ["messages"]


def told(store: FileStore, marker: str) -> list[str]:
    """The tables in whose rows the marker stands."""
    with store.connected() as connection:
        names = [row[0] for row in connection.exec_driver_sql("SELECT table_name FROM duckdb_tables()")]
        rows = {name: connection.exec_driver_sql(f"SELECT * FROM {name}").fetchall() for name in names}
    return sorted(name for name, found in rows.items() if marker in repr(found))


def test_a_message_that_a_staying_call_shares_stays(tmp_path: Path) -> None:
    with opened(tmp_path / "s.duckdb") as store:
        add(store, said(0, STAYS, user_id="ann"), said(1, STAYS, user_id="bob"), said(2, GONE, user_id="ann"))
        rewrite(store, Selection(user="ann"))
        assert calls_of(store) == ["ext-1"]
        assert [STAYS in each for each in texts(store)] == [True, False, True]
        (call,) = store.read("analysis_calls").to_pylist()
        conversation = store.read("conversation", call_id=call["call_id"]).to_pylist()
        assert all(row["content"] for row in conversation)


@pytest.mark.usefixtures("plain_columns")
def test_duplicates_outcomes_spans_and_analyses_go_with_their_calls(tmp_path: Path) -> None:
    with opened(tmp_path / "s.duckdb") as store:
        ann, twin, bob = said(0, GONE, user_id="ann"), said(6, GONE), said(12, STAYS, user_id="bob")
        add(store, ann, twin, bob)
        store.command("mark_duplicate", call_id=twin.call_id, duplicate_of=ann.call_id)
        for record in (ann, bob):
            store.command("record_outcome", target="call", target_id=record.call_id, ok=True)
            store.command("record_outcome", target="run", target_id=record.run_id, ok=True)
        store.append({"spans": spans(("t-tool", f'{{"user.id":"ann","note":"{GONE}"}}'), (bob.trace_id, "{}"))})
        points = {"analysis_id": ["x"], "point_id": ["p"], "task_id": ["t"], "x": [0.0], "y": [0.0], "calls": [1]}
        store.append({"map_points": pa.table({"project": ["default"], **points, "example": [GONE]})})
        removed = rewrite(store, Selection(user="ann"))
        assert removed == {"calls": 2, "messages": 2, "duplicates": 1, "outcomes": 2, "spans": 1, "map_points": 1}
        assert calls_of(store) == ["ext-12"]
        assert [row["target_id"] for row in store.read("outcomes").to_pylist()] == [bob.call_id, bob.run_id]
    assert bytes_in(tmp_path, GONE) == []


def spans(*rows: tuple[str, str]) -> pa.Table:
    made = [
        {
            "project": "default", "trace_id": trace, "span_id": f"{n:016x}", "started_day": 0, "name": "tool", "kind": 1,
            "scope": "x", "started_ns": START_NS, "ended_ns": START_NS, "status": "ok", "attributes": attributes,
            "received_ns": START_NS,
        }
        for n, (trace, attributes) in enumerate(rows)
    ]  # fmt: skip
    return pa.Table.from_pylist(made)


def test_what_comes_while_it_copies_is_not_lost(tmp_path: Path) -> None:
    """Also a text that the copy leaves behind and a call then needs: known to the old file, it was not stored again."""
    with opened(tmp_path / "s.duckdb") as store:
        add(store, said(0, "shared words", user_id="ann"), said(1, STAYS, user_id="bob"))
        came = []

        def meanwhile(step: str) -> None:
            if step == "copying what came meanwhile":  # writes are held back: this one waits for the new file
                came.append(threading.Thread(target=add, args=(store, said(3, "late"))))
                came[0].start()
            elif step == "copying what stays":
                came_before = said(2, "shared words", user_id="bob")
                copied.append(came_before)

        copied: list[Any] = []
        from suffice_store import copying

        original = copying.Copy.snapshot

        def snapshot(self: Any, **options: Any) -> None:
            original(self, **options)
            add(store, *copied)

        copying.Copy.snapshot = snapshot  # type: ignore[method-assign]
        try:
            rewrite(store, Selection(user="ann"), meanwhile)
        finally:
            copying.Copy.snapshot = original  # type: ignore[method-assign]
        came[0].join(30)
        assert calls_of(store) == ["ext-1", "ext-2", "ext-3"]
        assert sum("shared words" in each for each in texts(store)) == 2
        assert sum("late" in each for each in texts(store)) == 2


def test_a_read_that_goes_on_holds_up_the_exchange_only(tmp_path: Path) -> None:
    with opened(tmp_path / "s.duckdb") as store:
        add(store, *(said(n, GONE, user_id="ann") for n in range(3)), said(9, STAYS))
        reading = store.read_batches("analysis_messages")
        first = next(reading)
        done = threading.Thread(target=rewrite, args=(store, Selection(user="ann")))
        done.start()
        done.join(0.5)
        assert done.is_alive()
        assert first.num_rows + sum(batch.num_rows for batch in reading) == 5
        done.join(30)
        assert not done.is_alive()
        assert len(texts(store)) == 3


def test_what_an_interrupted_rewrite_left_is_removed(tmp_path: Path) -> None:
    path = tmp_path / "s.duckdb"
    with opened(path) as store:
        add(store, said(0, STAYS))
        write_copy(store, f"{path}{REWRITE}")
    (tmp_path / f"s.duckdb{REWRITE}.wal").write_bytes(b"torn")
    with opened(path) as store:
        assert calls_of(store) == ["ext-0"]
    assert sorted(each.name for each in tmp_path.iterdir()) == ["s.duckdb"]


def test_a_rewrite_of_everything_changes_no_answer(tmp_path: Path) -> None:
    with opened(tmp_path / "s.duckdb") as store:
        add(store, *(said(n, f"{STAYS} {n}") for n in range(50)))
        store.append({}, journal=("otlp", 77))
        store.command("create_key", label="ci", scopes="read", project="p")
        names = ("analysis_calls", "analysis_messages", "overview", "info", "prices", "keys")
        before = {name: store.read(name, project="p" if name == "keys" else "default") for name in names}
        assert rewrite(store, None) == {}
        assert {name: store.read(name, project="p" if name == "keys" else "default") for name in names} == before
        assert store.journal_position("otlp") == 77


def test_without_room_nothing_is_begun(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with opened(tmp_path / "s.duckdb") as store:
        monkeypatch.setattr(type(store.database), "size_bytes", lambda self: 10**18)
        with pytest.raises(SufficeError, match=r"may take 1000000000\.0 GB .* make room first"):
            rewrite(store, None)


@pytest.mark.parametrize("given", [{}, {"user": ""}, {"before_ns": "x"}, {"before_ns": True}])
def test_a_deletion_of_nothing_in_particular_is_refused(given: dict[str, Any]) -> None:
    with pytest.raises(SufficeError):
        Selection(**given)
