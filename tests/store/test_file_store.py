"""FileStore: appends that count once, one transaction, files that can't be opened."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
import sqlalchemy as sa
from store.synthetic import START_NS, call_record, text

from suffice.errors import SufficeError
from suffice_store import AppendResult, open_store
from suffice_store.appending import build_tables
from suffice_store.engines.duckdb import BLOCK_SIZE, ROW_GROUP_SIZE
from suffice_store.file_store import FileStore
from suffice_store.tables import ingest_state


@pytest.fixture
def store(tmp_path: Path) -> FileStore:
    with FileStore(str(tmp_path / "s.duckdb"), clock=lambda: START_NS) as opened:
        yield opened


def rows(*numbers: int, **changes: object) -> dict[str, pa.Table]:
    return build_tables([call_record(number, **changes) for number in numbers], START_NS)


def test_a_resend_changes_nothing(store: FileStore) -> None:
    assert store.append(rows(0, 1)) == AppendResult({"calls": 2, "messages": 4}, {"calls": 0, "messages": 0})
    assert store.append(rows(1, 2)) == AppendResult({"calls": 1, "messages": 1}, {"calls": 1, "messages": 3})
    assert store.read("overview").column("calls").to_pylist() == [3]


def test_the_same_call_twice_in_one_batch_counts_once(store: FileStore) -> None:
    twice = {name: pa.concat_tables([table, table]) for name, table in rows(0, 1).items()}
    assert store.append(twice) == AppendResult({"calls": 2, "messages": 4}, {"calls": 2, "messages": 4})


def test_calls_without_a_time_are_found_again_too(store: FileStore) -> None:
    assert store.append(rows(0, started_ns=None)).added["calls"] == 1
    assert store.append(rows(0, 1, started_ns=None)).known["calls"] == 1


def test_calls_of_many_days_are_found_again(store: FileStore) -> None:
    day = 86_400 * 10**9
    records = [call_record(n, started_ns=START_NS + n * day if n else None) for n in range(100)]
    tables = build_tables(records, START_NS)
    assert store.append(tables).added["calls"] == 100
    assert store.append(tables).known["calls"] == 100


def test_what_was_stored_is_there_after_opening_again(tmp_path: Path) -> None:
    path = str(tmp_path / "s.duckdb")
    with FileStore(path) as store:
        store.append(rows(0), journal=("a.journal", 17))
    with FileStore(path) as store:
        assert store.read("overview").column("calls").to_pylist() == [1]
        assert store.journal_position("a.journal") == 17
        assert store.journal_position("b.journal") is None


def test_an_append_is_all_or_nothing(store: FileStore) -> None:
    tables = rows(0)
    with pytest.raises(SufficeError, match=r"spans\.trace_id is missing in 1 of 1 rows"):
        store.append({**tables, "spans": pa.table({"project": ["p"]})}, journal=("a.journal", 1))
    assert store.read("overview").column("calls").to_pylist() == [0]
    assert store.journal_position("a.journal") is None


@pytest.mark.parametrize(
    ("tables", "said"),
    [
        ({"nosuch": pa.table({"a": [1]})}, "there is no table 'nosuch'; there are actions, alert_deliveries, alerts, "),
        ({"calls": pa.table({"nosuch": [1]})}, "table 'calls' has no column 'nosuch'; it has project, "),
        ({"duplicates": pa.table({"recorded_ns": ["late"]})}, "duplicates.project is missing|recorded_ns does not fit"),
    ],
)
def test_rows_that_do_not_fit_are_refused(store: FileStore, tables: dict[str, pa.Table], said: str) -> None:
    with pytest.raises(SufficeError, match=said):
        store.append(tables)


def test_a_file_held_by_another_process_names_it(tmp_path: Path) -> None:
    path = tmp_path / "s.duckdb"
    FileStore(str(path)).close()
    code = f"import duckdb; c = duckdb.connect({str(path)!r}); print('open', flush=True); input()"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"open\n"
        with pytest.raises(SufficeError) as raised:
            FileStore(str(path))
        holder.communicate(b"\n")
    assert f"(pid {holder.pid}, " in str(raised.value)
    assert "--server" in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_file_open_in_this_process_says_so(tmp_path: Path) -> None:
    path = str(tmp_path / "s.duckdb")
    with FileStore(path), pytest.raises(SufficeError, match="open in this process already"):
        FileStore(path)


def test_what_is_not_a_database_is_refused_in_one_line(tmp_path: Path) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("no database at all " * 500)
    with pytest.raises(SufficeError, match=r"notes.txt is not a suffice database"):
        open_store(str(text))
    with pytest.raises(SufficeError, match="is a directory: name a file in it"):
        open_store(str(tmp_path))
    with pytest.raises(SufficeError, match="there is no directory"):
        open_store(str(tmp_path / "no" / "s.duckdb"))
    with pytest.raises(SufficeError, match="there is no database at"):
        open_store(str(tmp_path / "none.duckdb"), create=False)
    assert not (tmp_path / "none.duckdb").exists()


def test_a_file_from_a_newer_suffice_is_refused(tmp_path: Path) -> None:
    path = str(tmp_path / "s.duckdb")
    FileStore(path).close()
    with duckdb.connect(path) as raw:
        raw.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(SufficeError, match=r"has schema 9999, which is newer .* pip install -U"):
        FileStore(path)


def test_the_file_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "s.duckdb"
    FileStore(str(path)).close()
    assert path.stat().st_mode & 0o077 == 0


def test_a_path_with_quotes_and_spaces(tmp_path: Path) -> None:
    path = tmp_path / "it's a file.duckdb"
    with FileStore(str(path)) as store:
        store.append(rows(0))
    assert path.exists()


def modes(folder: Path) -> dict[str, int]:
    return {file.name: file.stat().st_mode & 0o777 for file in folder.iterdir()}


def test_the_log_beside_the_file_is_as_private(tmp_path: Path) -> None:
    path = tmp_path / "s.duckdb"
    with FileStore(str(path)) as store:
        store.append(rows(0))
        assert modes(tmp_path) == {"s.duckdb": 0o600, "s.duckdb.wal": 0o600}
        with store.database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("CHECKPOINT suffice")  # takes the log away; the next commit makes it again
        assert modes(tmp_path) == {"s.duckdb": 0o600}
        store.append(rows(1))
        assert modes(tmp_path) == {"s.duckdb": 0o600, "s.duckdb.wal": 0o600}
    with FileStore(str(path)) as store:
        assert store.read("overview").column("calls").to_pylist() == [2]
    assert modes(tmp_path) == {"s.duckdb": 0o600}


def test_a_journal_s_position_is_one_row(store: FileStore) -> None:
    for position in range(1, 6):
        store.append(rows(position), journal=("a.journal", position))
    store.append(rows(0), journal=("b.journal", 1))
    with store.database.engine.connect() as connection:
        state = sa.select(ingest_state.c.journal, ingest_state.c.position).order_by(ingest_state.c.journal)
        assert [tuple(row) for row in connection.execute(state)][:2] == [("a.journal", 5), ("b.journal", 1)]


def test_a_position_never_goes_back_nor_stands_for_what_failed(store: FileStore) -> None:
    store.append(rows(0), journal=("a.journal", 7))
    with pytest.raises(SufficeError, match="is missing"):
        store.append({**rows(1), "spans": pa.table({"project": ["p"]})}, journal=("a.journal", 8))
    assert store.journal_position("a.journal") == 7
    store.append(rows(2), journal=("a.journal", 3))
    assert store.journal_position("a.journal") == 7


def test_a_file_of_another_block_size_is_used_as_it_is(tmp_path: Path) -> None:
    path = str(tmp_path / "s.duckdb")
    sizes = {}
    with duckdb.connect() as plain:
        plain.execute(f"ATTACH '{path}' AS older (BLOCK_SIZE 262144)")
    for name in (path, str(tmp_path / "new.duckdb")):
        with FileStore(name, clock=lambda: START_NS) as opened:
            assert opened.append(rows(0, 1)).added == {"calls": 2, "messages": 4}
            sizes[name] = storage(
                opened, "SELECT block_size FROM pragma_database_size() WHERE database_name = 'suffice'"
            )
    assert [size for ((size,),) in sizes.values()] == [262_144, BLOCK_SIZE]


def test_rows_of_many_pieces_fill_their_row_groups(store: FileStore) -> None:
    """Else every checkpoint writes them anew, to even them."""
    marks = [
        pa.table({"project": ["p"] * 500, "call_id": [f"{piece}-{n}" for n in range(500)], "duplicate_of": ["x"] * 500,
                  "rule": ["retry"] * 500, "recorded_ns": [piece] * 500})
        for piece in range(34)
    ]  # fmt: skip
    store.append({"duplicates": pa.concat_tables(marks)})
    groups = (
        "SELECT max(count) FROM pragma_storage_info('duplicates') WHERE column_id = 1 GROUP BY row_group_id ORDER BY 1"
    )
    assert storage(store, groups) == [(616,), (ROW_GROUP_SIZE,), (ROW_GROUP_SIZE,)]


def test_texts_that_begin_alike_lie_side_by_side(store: FileStore) -> None:
    said = [call_record(n, messages=[text("user", f"{'ab'[n % 2] * 60} {n}")], answer=None) for n in range(6)]
    store.append(build_tables(said, START_NS))
    beginnings = [content[22] for (content,) in storage(store, "SELECT content FROM messages")]
    assert beginnings == ["a", "a", "a", "b", "b", "b"]


def storage(store: FileStore, query: str) -> list[tuple[object, ...]]:
    with store.connected() as connection:
        return [tuple(row) for row in connection.exec_driver_sql(query)]
