"""FileStore: appends that count once, one transaction, files that can't be opened."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
import sqlalchemy as sa
from store.synthetic import START_NS, call_record, text

from suffice.errors import SufficeError
from suffice_store import AppendResult, open_store
from suffice_store.appending import build_tables
from suffice_store.engines.duckdb import BLOCK_SIZE, ROW_GROUP_SIZE, DuckDB
from suffice_store.file_store import FileStore
from suffice_store.reads import READS
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


def test_one_statement_serves_every_call_and_every_run(store: FileStore, monkeypatch: pytest.MonkeyPatch) -> None:
    store.append(rows(0, 1, 2))
    stored = store.read("calls").to_pylist()
    built: list[str] = []
    prepare = store.database.prepare
    monkeypatch.setattr(store.database, "prepare", lambda statement: built.append(str(statement)) or prepare(statement))
    for call in stored:
        assert store.read("call", call_id=call["call_id"]).column("call_id").to_pylist() == [call["call_id"]]
        assert store.read("conversation", call_id=call["call_id"]).num_rows > 0
        found = store.read("run_calls", run_id=call["run_id"]).to_pylist()
        assert {each["run_id"] for each in found} == {call["run_id"]}
        assert call["call_id"] in {each["call_id"] for each in found}
    assert len(built) == 3
    assert not store.read("call", call_id="'; DROP TABLE calls; --").num_rows


def test_what_only_stands_as_a_value_is_a_text_that_a_read_needs() -> None:
    for read in READS.values():
        needed = {each.name for each in read.parameters if each.required and each.kind == "text"}
        assert set(read.only_values) <= needed


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


def test_a_checkpoint_that_finds_the_disk_full_shuts_the_file_until_there_is_room(tmp_path: Path) -> None:
    """DuckDB takes nothing more of such a file; who appends again, as the collector does, has it opened anew."""
    noisy = [call_record(n) for n in range(200)]
    for record in noisy:
        record.attributes = {"noise": os.urandom(3000).hex()}
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    with FileStore(str(tmp_path / "s.duckdb")) as store:
        store.append(build_tables(noisy, START_NS))
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, hard))
        try:
            with pytest.raises((duckdb.Error, sa.exc.SQLAlchemyError), match="has been invalidated"):
                store.database.checkpoint()
            resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, hard))
            for _ in range(3):  # no room yet, whatever is opened
                with pytest.raises((duckdb.OperationalError, sa.exc.OperationalError, OSError)):  # no row is at fault
                    store.append(rows(900))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        with suppress(duckdb.Error, sa.exc.SQLAlchemyError):
            store.append(rows(900))  # opens it, at the latest
        store.append(rows(900))
        assert store.read("overview").column("calls").to_pylist() == [201]
    with FileStore(str(tmp_path / "s.duckdb")) as store:
        assert store.read("overview").column("calls").to_pylist() == [201]


def letters(number: int) -> dict[str, pa.Table]:
    """Rows that have no key, and that no compression makes smaller."""
    row = {"project": "p", "journal": "j", "position": number, "reason": "r", "recorded_ns": 1}
    return {"dead_letters": pa.Table.from_pylist([{**row, "body": os.urandom(700_000)}])}


def test_what_was_committed_by_an_append_that_failed_is_not_stored_again(tmp_path: Path) -> None:
    """The checkpoint behind a commit finds the disk full: DuckDB says that the append failed."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    with FileStore(str(tmp_path / "s.duckdb")) as store:
        assert isinstance(store.database, DuckDB)
        store.database.checkpoint()
        with store.database.engine.connect() as connection:
            connection.exec_driver_sql("SET checkpoint_threshold = '500KB'")
        room = (tmp_path / "s.duckdb").stat().st_size + 1_100_000
        store.append(letters(1), journal=("j", 1))
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, hard))
        try:
            with pytest.raises((duckdb.Error, sa.exc.SQLAlchemyError), match="has been invalidated"):
                store.append(letters(2), journal=("j", 2))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert store.append(letters(2), journal=("j", 2)).known == {"dead_letters": 1}
        assert store.append(letters(3), journal=("j", 3)).added == {"dead_letters": 1}
        assert sorted(store.read("dead_letters", project="p").column("position").to_pylist()) == [1, 2, 3]


def test_an_append_that_failed_and_was_not_committed_is_stored_when_it_comes_again(store: FileStore) -> None:
    store.append(letters(1), journal=("j", 1))
    with pytest.raises(SufficeError):
        store.append({"nothing": letters(2)["dead_letters"]}, journal=("j", 2))
    assert store.append(letters(2), journal=("j", 2)).added == {"dead_letters": 1}
    assert store.append(letters(2)).added == {"dead_letters": 1}, "without a position nothing is known of it"


def test_a_file_that_came_half_open_is_opened_by_the_next_append(
    store: FileStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk may have no room for the log's name either."""
    database = store.database
    assert isinstance(database, DuckDB)
    store.append(rows(0))

    def no_room(self: DuckDB) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as full:
        full.setattr(DuckDB, "_make_log", no_room)
        with pytest.raises(OSError, match="No space left"), store.holding_writes(), store.standing_still(5):
            database.reopen()
        with pytest.raises(OSError, match="can't be opened again"):
            store.append(rows(1))
    assert store.append(rows(0, 1)).added["calls"] == 1
    assert store.read("overview").column("calls").to_pylist() == [2]


def test_a_file_is_closed_when_the_read_under_way_has_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("suffice_store.engines.duckdb.RELEASE_S", 60.0)
    store = FileStore(str(tmp_path / "s.duckdb"))
    begun = threading.Event()
    found: list[int] = []

    def read() -> None:
        with store.connected() as connection:
            begun.set()
            counted = "SELECT count(*) FROM range(20000000) AS number(n) WHERE hash(n) % 7 = 1"
            found.append(connection.exec_driver_sql(counted).scalar_one())

    reader = threading.Thread(target=read)
    reader.start()
    begun.wait(10)
    time.sleep(0.1)  # it is at work
    store.close()
    reader.join(10)
    assert found[0] > 2_000_000
    with FileStore(str(tmp_path / "s.duckdb")) as again:
        assert again.read("overview").column("calls").to_pylist() == [0]


def test_a_file_is_closed_though_a_read_would_go_on_for_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("suffice_store.engines.duckdb.RELEASE_S", 1.0)
    store = FileStore(str(tmp_path / "s.duckdb"))
    begun = threading.Event()
    ended: list[Exception] = []

    def read() -> None:
        begun.set()
        minutes = "SELECT count(*) FROM range(200000000000) AS number(n) WHERE hash(n) % 7 = 1"
        try:
            with store.connected() as connection:
                connection.exec_driver_sql(minutes)
        except Exception as error:
            ended.append(error)

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    begun.wait(10)
    time.sleep(0.1)  # it is at work
    store.close()
    reader.join(30)
    assert "INTERRUPT" in str(ended[0])
    with FileStore(str(tmp_path / "s.duckdb")) as again:
        assert again.read("overview").column("calls").to_pylist() == [0]


def test_a_text_that_only_says_so_opens_nothing_anew(store: FileStore) -> None:
    database = store.database
    assert isinstance(database, DuckDB)
    assert not database.shut_by(ValueError("the token was invalidated: reattach it"))
    assert not database.shut_by(duckdb.ConversionException("could not convert 'invalidated' to INT32"))
    assert not database.shut_by(None)
    assert database.shut_by(duckdb.IOException("Database has been invalidated because checkpointing failed"))
    with FileStore(":memory:") as other:
        assert isinstance(other.database, DuckDB)
        assert not other.database.shut_by(duckdb.IOException("has been invalidated")), "nothing of it is on a disk"
