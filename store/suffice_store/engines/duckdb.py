"""One DuckDB file, set up the way ingest was measured to need it.

Rows go in by ``INSERT ... SELECT`` from Arrow memory (45,000-72,000 a second; executemany was measured at 538).

DuckDB lets one process hold a file, so an error that a person meets here is "somebody else holds it"; for this and
others ``reasons`` has one line that says what to do.
"""

from __future__ import annotations

import gc
import os
import shutil
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from weakref import WeakSet

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa
from duckdb_sqlalchemy import ConnectionWrapper
from sqlalchemy.pool import QueuePool

from suffice.errors import SufficeError
from suffice_store.engines import BATCH_ROWS, DAYS_LISTED, KEYS, NO_DAY, Prepared, days_to_look_in
from suffice_store.engines.reasons import OURS, check_folder, fault_of, not_ours, written_to
from suffice_store.engines.side_by_side import in_order

ROW_GROUP_SIZE = 8192  # the default 122,880 rows make a commit wait up to 0.6 s while the last group is rewritten
BLOCK_SIZE = 131_072  # of a new file; a column of 8,192 rows fills the default of 262,144 badly: 827 B a span, not 896
CHECKPOINT_THRESHOLD = "64MB"  # with 8,192 rows: 45k spans/s at 1k a transaction, against 22k with the defaults
MERGES = 4  # of row groups a checkpoint; appends wait for them: with DuckDB's 100 one took 15 s where 4 took 1 s
MEMORY_LIMIT = "1GB"  # DuckDB's own default is 80 % of the machine, which belongs to the app that runs beside
PRIVATE = 0o600  # prompts are private
READERS = 8  # connections kept open; more are made when needed
MEMORY = ":memory:"

_COPY_WARNING = "Arrow output on a DB-API result makes an extra copy"  # known, see ``fetch_table``
warnings.filterwarnings("ignore", message=_COPY_WARNING, category=UserWarning)

_ALIAS = "suffice"
FRESH = "fresh"  # the file that a rewrite fills
REWRITE = ".rewrite"  # behind the path of the file that it will replace
RELEASE_S = 5.0  # for the last result of a file to be given back, and the last read to end
_NEW_FILE = f"TYPE duckdb, ROW_GROUP_SIZE {ROW_GROUP_SIZE}, BLOCK_SIZE {BLOCK_SIZE}"
_OLD_FILE = f"TYPE duckdb, ROW_GROUP_SIZE {ROW_GROUP_SIZE}"  # has its block size
_TABLES = f"SELECT table_name FROM duckdb_tables() WHERE database_name = '{_ALIAS}'"  # noqa: S608
_BATCH = "suffice_batch"  # the name under which DuckDB sees Arrow rows


class DuckDB:
    """An open file: ``engine`` hands each thread a connection of its own (a DuckDB cursor)."""

    replaces_positions = False

    def __init__(self, path: str, *, create: bool = True) -> None:
        """Open ``path`` (or ``:memory:``). Raises SufficeError when it is held, missing or not a database."""
        self.path, self._shut = path, False
        self._cursors: WeakSet[Any] = WeakSet()
        self._base = duckdb.connect(config={"memory_limit": MEMORY_LIMIT, "autoinstall_known_extensions": "false"})
        try:
            with written_to(path):  # not in ``reopen``, which is tried again after an OSError
                self._attach(create)
        except BaseException:
            self._base.close()
            raise
        self.engine = sa.create_engine(
            "duckdb://",
            creator=self._connect,
            poolclass=QueuePool,
            pool_size=READERS,
            max_overflow=-1,
        )

    def close(self) -> None:
        """Give the file back. What was committed is on disk already. A read under way has RELEASE_S to end, then it is ended."""
        self.engine.dispose()
        try:
            _when_released(self._base.close, duckdb.ResourceInUseException)  # with the cursors made from it
        except duckdb.ResourceInUseException:
            for cursor in list(self._cursors):
                cursor.interrupt()
            _when_released(self._base.close, duckdb.ResourceInUseException)
        if self.path != MEMORY and self._log.exists() and self._log.stat().st_size == 0:
            self._log.unlink()

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """A transaction that writes: committed at the end, rolled back on an error."""
        self._make_log()
        with self.engine.begin() as connection:
            yield connection

    def size_bytes(self) -> int:
        """Bytes on disk, the write-ahead log included."""
        if self.path == MEMORY:
            return 0
        return sum(file.stat().st_size for file in (Path(self.path), self._log) if file.exists())

    @contextmanager
    def beside(self, path: str) -> Iterator[Any]:
        """A cursor that sees this database as ``suffice`` and a new one at ``path`` as ``fresh``, which it may fill."""
        cursor = self._base.cursor()
        try:
            cursor.execute(f"ATTACH '{_quoted(path)}' AS {FRESH} ({_NEW_FILE})")
            try:
                Path(path).chmod(PRIVATE)
                os.close(os.open(f"{path}.wal", os.O_CREAT | os.O_WRONLY, PRIVATE))
                cursor.execute(f"USE {_ALIAS}")
                yield cursor
                cursor.execute(f"CHECKPOINT {FRESH}")
            except BaseException:
                with suppress(duckdb.Error):
                    cursor.execute("ROLLBACK")
                raise
            finally:
                cursor.execute("USE memory")
                cursor.execute(f"DETACH {FRESH}")
                Path(f"{path}.wal").unlink(missing_ok=True)  # empty, or of a copy that failed
        finally:
            cursor.close()

    def exchange(self, path: str) -> None:
        """Put the closed database at ``path`` in the place of this one, in one step. Nobody may read or write.

        The log goes first: were it still there, it would be replayed onto the other file.
        """
        self.engine.dispose()
        self._base.execute(f"CHECKPOINT {_ALIAS}")
        self._base.execute(f"DETACH {_ALIAS}")
        try:
            if self._log.exists() and self._log.stat().st_size:
                raise SufficeError(f"{self._log} could not be emptied: nothing was changed")
            self._log.unlink(missing_ok=True)
            Path(path).replace(self.path)
            sync_folder(Path(self.path).parent)
        finally:
            # A path is opened once a process: a result that nobody has given back yet holds the old file.
            _when_released(lambda: self._attach(create=False), SufficeError)

    def shut_by(self, error: Exception | None) -> bool:
        """Whether the file takes nothing more until it is opened anew: a checkpoint found the disk full."""
        ours = isinstance(getattr(error, "orig", error), duckdb.OperationalError)  # not a text that says so
        return self.path != MEMORY and (self._shut or (ours and "has been invalidated" in str(error)))

    def reopen(self) -> None:
        """Nobody may read or write. Raises SufficeError, OSError."""
        self.engine.dispose()
        self._shut = True
        self._base.execute(f"DETACH DATABASE IF EXISTS {_ALIAS}")  # an earlier try may have come half way
        self._attach(create=False)  # what was committed is in the file or its log
        self._shut = False

    def find_repeats(
        self, connection: sa.Connection, name: str, keys: tuple[str, ...], after_ns: int, most: int
    ) -> tuple[int, int, pa.Table]:
        """Of the next ``most`` rows received after ``after_ns``: up to when that is, how many, and the numbers of
        those whose keys an earlier row of the table has.

        Row numbers hold within the transaction: no checkpoint merges row groups while it is open.
        """
        driver = _driver(connection)
        window = f"SELECT received_ns FROM {name} WHERE received_ns > ? LIMIT {most}"  # noqa: S608
        until, looked = driver.execute(f"SELECT max(received_ns), count(*) FROM ({window})", [after_ns]).fetchone()  # noqa: S608
        if not looked:
            return after_ns, 0, pa.table({"number": pa.array([], pa.int64())})
        columns = ", ".join(keys)
        found = driver.execute(
            f"WITH fresh AS (SELECT rowid AS number, {columns} FROM {name} WHERE received_ns > ? AND received_ns <= ?), "  # noqa: S608
            f"first AS (SELECT {columns}, min(rowid) AS number FROM {name} SEMI JOIN fresh USING ({columns}) GROUP BY {columns}) "
            f"SELECT fresh.number FROM fresh JOIN first USING ({columns}) WHERE fresh.number <> first.number",
            [after_ns, until],
        ).to_arrow_table()
        return int(until), int(looked), found

    def remove_rows(self, connection: sa.Connection, name: str, numbers: pa.Table) -> None:
        """In the transaction that found the numbers."""
        with _batch(connection, numbers) as driver:
            first, last = driver.execute(f"SELECT min(number), max(number) FROM {_BATCH}").fetchone()  # noqa: S608
            within = f"rowid BETWEEN {first} AND {last}"  # leaves the other row groups alone
            driver.execute(f"DELETE FROM {name} WHERE {within} AND rowid IN (SELECT number FROM {_BATCH})")  # noqa: S608

    def checkpoint(self) -> None:
        """What was removed gives its blocks to what comes next, MERGES row groups at a time. Nobody may write."""
        with self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql(f"CHECKPOINT {_ALIAS}")

    def table_bytes(self) -> dict[str, int]:
        """Bytes on disk of each table, from the blocks its columns lie in; a block that tables share counts for each."""
        with self.engine.connect() as connection:
            driver = _driver(connection)
            names = [row[0] for row in driver.execute("SELECT table_name FROM duckdb_tables()").fetchall()]
            (block,) = driver.execute("SELECT block_size FROM pragma_database_size() LIMIT 1").fetchone()
            used = {}
            for name in names:
                blocks_of = f"pragma_storage_info('{name}') WHERE persistent"
                query = f"SELECT unnest(list_append(additional_block_ids, block_id)) AS block FROM {blocks_of}"  # noqa: S608
                (blocks,) = driver.execute(f"SELECT count(DISTINCT block) FROM ({query}) WHERE block >= 0").fetchone()  # noqa: S608
                used[name] = int(blocks) * int(block)
            return used

    def insert(self, connection: sa.Connection, name: str, rows: pa.Table) -> None:
        """See ``Database.insert``."""
        if rows.num_rows:
            with _batch(connection, in_order(name, rows)) as driver:
                driver.execute(f"INSERT INTO {name} BY NAME SELECT * FROM {_BATCH}")  # noqa: S608

    def stored(self, connection: sa.Connection, name: str, rows: pa.Table) -> pa.Array:
        """See ``Database.stored``: only the keys are joined, of calls and spans within the days of the batch."""
        keys = KEYS[name]
        lookup = rows.select([*keys, *(["started_day"] if "started_day" in rows.column_names else [])])
        numbers = pa.array(range(rows.num_rows), pa.int64())
        lookup = lookup.append_column("row_number", numbers)
        same = " AND ".join(f"stored.{key} = batch.{key}" for key in keys)
        query = f"SELECT DISTINCT batch.row_number FROM {name} AS stored JOIN {_BATCH} AS batch ON {same}"  # noqa: S608
        if "started_day" in lookup.column_names:
            query += _day_filter(lookup.column("started_day"))
        with _batch(connection, lookup) as driver:
            found = driver.sql(query).to_arrow_table().column("row_number")
        return pc.is_in(numbers, found.combine_chunks())

    def prepare(self, statement: sa.Select[Any]) -> Prepared:
        """See ``Database.prepare``."""
        compiled = statement.compile(dialect=self.engine.dialect, compile_kwargs={"render_postcompile": True})
        values = compiled.construct_params()
        order = compiled.positiontup or ()
        return Prepared(str(compiled), [values[name] for name in order], tuple(statement.selected_columns.keys()))

    def driver(self, connection: sa.Connection) -> Any:
        """The DuckDB connection that SQLAlchemy's transaction runs on, for what has no SQLAlchemy form."""
        return _driver(connection)

    def interrupt(self, connection: sa.Connection) -> None:
        """See ``Database.interrupt``."""
        _driver(connection).interrupt()

    def fetch_table(self, connection: sa.Connection, query: Prepared) -> pa.Table:
        """See ``Database.fetch_table``.

        ``sql()`` would copy the rows once less, but plans the statement twice: 26 ms for an overview instead of 15.
        """
        table: pa.Table = _driver(connection).execute(query.sql, query.values).to_arrow_table()
        return table

    def fetch_batches(self, connection: sa.Connection, query: Prepared) -> Iterator[pa.RecordBatch]:
        """See ``Database.fetch_batches``."""
        with _driver(connection).sql(query.sql, params=query.values).to_arrow_reader(BATCH_ROWS) as reader:
            seen = False
            for batch in reader:
                seen = True
                yield batch
            if not seen:
                yield pa.RecordBatch.from_pylist([], schema=reader.schema)

    @property
    def _log(self) -> Path:
        """The write-ahead log, which comes with the first commit after a checkpoint and goes with the next one."""
        return Path(f"{self.path}.wal")

    def _make_log(self) -> None:
        """The log holds prompts too, but DuckDB would make it readable by everybody; one that is there is used."""
        if self.path != MEMORY:
            os.close(os.open(self._log, os.O_CREAT | os.O_WRONLY, PRIVATE))

    def _attach(self, create: bool) -> None:
        new = False
        if self.path != MEMORY:
            file = Path(self.path)
            new = not file.exists()
            if file.is_dir():
                raise SufficeError(f"{self.path} is a directory: name a file in it, as in {file / 'suffice.duckdb'}")
            if new and not create:
                raise SufficeError(
                    f"there is no database at {self.path}: record calls with 'suffice up' or 'suffice import', "
                    "or name another with --db"
                )
            check_folder(self.path)
            self._base.execute(f"SET temp_directory = '{_quoted(self.path)}.tmp'")
        try:
            self._base.execute(f"ATTACH '{_quoted(self.path)}' AS {_ALIAS} ({_NEW_FILE if new else _OLD_FILE})")
        except duckdb.Error as error:
            raise fault_of(self.path, str(error)) from None
        names = {name for (name,) in self._base.execute(_TABLES).fetchall()}
        if names and not names >= OURS:
            raise not_ours(self.path)
        if self.path != MEMORY:
            discard(f"{self.path}{REWRITE}")  # of a rewrite that was interrupted: this file is as it was before
        self._base.execute(f"SET checkpoint_threshold = '{CHECKPOINT_THRESHOLD}'")
        self._base.execute(f"SET max_vacuum_tasks = {MERGES}")
        if new:
            Path(self.path).chmod(PRIVATE)
        self._make_log()  # for the migrations

    def _connect(self) -> ConnectionWrapper:
        cursor = self._base.cursor()
        cursor.execute(f"USE {_ALIAS}")
        self._cursors.add(cursor)
        return ConnectionWrapper(cursor)


def _when_released(work: Callable[[], object], busy: type[Exception]) -> object:
    deadline = time.monotonic() + RELEASE_S
    while True:
        try:
            return work()
        except busy:
            if time.monotonic() > deadline:
                raise
            gc.collect()
            time.sleep(0.05)


@contextmanager
def _batch(connection: sa.Connection, rows: pa.Table) -> Iterator[Any]:
    """The driver's connection, on which ``suffice_batch`` stands for ``rows``."""
    driver = _driver(connection)
    driver.register(_BATCH, rows)
    try:
        yield driver
    except BaseException:
        with suppress(duckdb.Error):  # a transaction that failed takes no more; what it failed at is to be told
            driver.unregister(_BATCH)
        raise
    driver.unregister(_BATCH)


def _driver(connection: sa.Connection) -> Any:
    """The DuckDB connection that SQLAlchemy's transaction runs on."""
    return connection.connection.driver_connection


def _day_filter(days: pa.ChunkedArray) -> str:
    found = days_to_look_in(days)
    if not found:
        return ""
    if len(found) <= DAYS_LISTED:
        return f" WHERE stored.started_day IN ({', '.join(map(str, found))})"
    return f" WHERE (stored.started_day BETWEEN {found[1]} AND {found[-1]} OR stored.started_day = {NO_DAY})"


def discard(path: str) -> None:
    """Remove a database file with its log, if there is one: what an interrupted rewrite left, for one."""
    for name in (path, f"{path}.wal"):
        Path(name).unlink(missing_ok=True)
    shutil.rmtree(f"{path}.tmp", ignore_errors=True)


def sync_folder(folder: Path) -> None:
    """The names in a folder last as well as the bytes behind them."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def _quoted(path: str) -> str:
    return path.replace("'", "''")
