"""DatabaseStore: a Store on a database of one's own; FileStore on a DuckDB file, ServerStore on ClickHouse.

One writer at a time, any number of reading threads. On the file an append is one transaction (see
``engines/clickhouse.py`` for what holds there). What is stored already is found by keys, calls within the day of
their own start; the rest goes in as Arrow.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from functools import lru_cache
from types import TracebackType
from typing import Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from suffice_migrations import upgrade
from suffice_store import prices_file
from suffice_store.arrow_schema import conform
from suffice_store.cancelling import interruptible
from suffice_store.changes import run_command
from suffice_store.engines import KEYS, Database, Open, Prepared
from suffice_store.engines.duckdb import DuckDB
from suffice_store.engines.reasons import read_from
from suffice_store.gate import Gate
from suffice_store.reads import Read, find_read
from suffice_store.reads.pricing import RATES
from suffice_store.reads.registry import Arguments
from suffice_store.reads.search import FOUND, HITS, SEARCH, Places, search
from suffice_store.rollup import Changes, Rollup
from suffice_store.seen import Seen
from suffice_store.store import AppendResult
from suffice_store.tables import ingest_state

_PREPARED = 256  # statements kept as text: building one takes as long as running it on a small file
_NS_PER_DAY = 86_400 * 10**9
REOPEN_WAIT_S = 5.0  # for reads to end
EXACT_ROWS = 200_000  # of a table of texts: asking it for 16,000 spans' texts takes 0.3 us a span
_PRICED_BY = ("project", "provider", "request_model", "response_model", "service_tier")
TEXTS = {"messages": "message_hash", "toolsets": "toolset_hash"}  # their hashes have the project in them


class DatabaseStore:
    """A Store on an open database. Opening it brings the schema and the shipped prices up to date."""

    def __init__(
        self, database: Database, *, clock: Callable[[], int] = time.time_ns, exact_rows: int = EXACT_ROWS
    ) -> None:
        """``clock`` gives Unix nanoseconds. Closes the database when its schema can't be used.

        ``exact_rows``: with more rows, a table of texts is not asked for each new one (see ``seen``).
        """
        self.database = database
        self._exact_rows = exact_rows
        self._seen = {name: Seen() for name in TEXTS}
        self._places = Places()
        self._long: set[str] = set()
        self.path = database.path
        self._clock = clock
        self._writing = threading.Lock()
        # An append has failed: it may have been committed, since DuckDB also fails where the checkpoint behind it does.
        self._doubtful = False
        self._gate = Gate()
        self.changes, self.rate_changes = Changes(), Changes()
        self._models: set[tuple[Any, ...]] = set()  # that calls were appended with
        self.rollup = Rollup(self) if isinstance(database, DuckDB) else None
        self.maintenance = threading.Lock()  # held by whoever moves or removes rows: a deletion, a compaction, a backup
        self._prepared = lru_cache(_PREPARED)(self._prepare)
        try:
            with read_from(self.path), ExitStack() as opened:
                upgrade(self.database.engine)
                connection = opened.enter_context(self.database.writing())
                prices_file.sync(self.database, connection, clock())
        except BaseException:
            self.database.close()
            raise

    def append(self, tables: Mapping[str, pa.Table], *, journal: tuple[str, int] | None = None) -> AppendResult:
        """See ``Store.append``: all tables and the journal position in one transaction."""
        self._reopen_after(None)
        if self._doubtful and journal is not None:
            if (self.journal_position(journal[0]) or -1) >= journal[1]:
                return AppendResult(dict.fromkeys(tables, 0), {name: rows.num_rows for name, rows in tables.items()})
            self._doubtful = False
        try:
            return self._append(tables, journal)
        except Exception as error:
            self._doubtful = True
            self._reopen_after(error)
            with read_from(self.path):
                raise

    def _reopen_after(self, error: Exception | None) -> None:
        """So that who tries again finds it open. Raises OSError where an earlier try left it closed and there is no room yet:
        no row is at fault."""
        if not isinstance(self.database, DuckDB) or not self.database.shut_by(error):
            return
        try:
            with self.holding_writes(), self.standing_still(REOPEN_WAIT_S):
                self.database.reopen()
        except Exception as also:
            if error is None:
                raise OSError(f"{self.path} can't be opened again: {also}") from None

    def _append(self, tables: Mapping[str, pa.Table], journal: tuple[str, int] | None) -> AppendResult:
        ready = {name: conform(name, rows) for name, rows in tables.items()}
        added, known = dict.fromkeys(ready, 0), dict.fromkeys(ready, 0)
        with self._writing:
            models = self._new_models(ready.get("calls"))
            with ExitStack() as noted:
                for kind in (self.changes, self.rate_changes) if models else (self.changes,):
                    noted.enter_context(kind.one())
                connection = noted.enter_context(self._transaction())
                for name, rows in ready.items():
                    fresh = self._fresh_rows(connection, name, rows)
                    self.database.insert(connection, name, fresh)
                    added[name], known[name] = fresh.num_rows, rows.num_rows - fresh.num_rows
                if journal is not None:
                    self._note_position(connection, *journal)
            self._models |= models
            for name, key in TEXTS.items():  # only what is committed
                if name in ready:
                    self._seen[name].note(ready[name].column(key))
        return AppendResult(added, known)

    def journal_position(self, journal: str) -> int | None:
        """The last position of ``journal`` that is in the tables; None before the first."""
        position = sa.func.max(ingest_state.c.position)
        with self.connected() as connection:
            value = connection.scalar(sa.select(position).where(ingest_state.c.journal == journal))
        return None if value is None else int(value)

    def command(self, name: str, **arguments: Any) -> dict[str, Any]:
        """See ``Store.command``."""
        with self.writing() as connection:
            return run_command(connection, name, arguments, self._clock())

    def read(self, name: str, **parameters: Any) -> pa.Table:
        """See ``Store.read``."""
        read = find_read(name)
        with self._asking(read, read.bind(parameters)) as (connection, arguments):
            return read.finish(connection, arguments, self._whole(connection, read, arguments))

    def _batches(self, stream: sa.Connection, read: Read, arguments: Arguments) -> Generator[pa.RecordBatch]:
        if read.whole or arguments.get(SEARCH):
            whole = self._whole(stream, read, arguments).combine_chunks()
            yield from whole.to_batches() or [pa.RecordBatch.from_pylist([], schema=whole.schema)]
        else:
            yield from self.database.fetch_batches(stream, self._query(read, arguments))

    def _whole(self, connection: sa.Connection, read: Read, arguments: Arguments) -> pa.Table:
        def fetch(arguments: Arguments) -> pa.Table:
            return self.database.fetch_table(connection, self._query(read, arguments))

        return search(connection, arguments, fetch, self._places) if arguments.get(SEARCH) else fetch(arguments)

    def read_batches(self, name: str, **parameters: Any) -> Iterator[pa.RecordBatch]:
        """See ``Store.read_batches``. The parameters are checked before the first batch is asked for."""
        read = find_read(name)
        bound = read.bind(parameters)

        def batches() -> Iterator[pa.RecordBatch]:
            # Two connections: an open result owns the one it streams on.
            with (
                self._asking(read, bound) as (stream, arguments),
                self.database.engine.connect() as other,
                closing(self._batches(stream, read, arguments)) as found,  # before the transaction ends
            ):
                for batch in found:
                    rows = read.finish(other, arguments, pa.Table.from_batches([batch])).combine_chunks()
                    yield from rows.to_batches() or [pa.RecordBatch.from_pylist([], schema=rows.schema)]

        return batches()

    @contextmanager
    def _asking(self, read: Read, arguments: Arguments) -> Iterator[tuple[sa.Connection, Arguments]]:
        """A connection, and the arguments with what stands ready for the read."""
        rollup = self.rollup
        ready = rollup.ready_for(read, arguments) if rollup is not None else {}
        with self.connected() as connection, ExitStack() as transaction:
            transaction.enter_context(interruptible(lambda: self.database.interrupt(connection)))
            if RATES in ready or arguments.get(SEARCH):  # several statements see the same
                transaction.enter_context(connection.begin())
            if rollup is not None and RATES in ready and not rollup.rates_hold(connection, arguments["project"]):
                del ready[RATES]
            yield connection, {**arguments, **ready}

    @contextmanager
    def connected(self) -> Iterator[sa.Connection]:
        """A connection for reading. While it is open, the file is not exchanged for a rewritten one."""
        with read_from(self.path), self._gate.passing(), self.database.engine.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """The one transaction that writes; others wait."""
        with (
            read_from(self.path),
            self._writing,
            self.changes.one(),
            self.rate_changes.one(),
            self._transaction() as connection,
        ):
            yield connection

    @contextmanager
    def changing(self) -> Iterator[sa.Connection]:
        """A transaction beside that of ``writing``, for ``maintenance``: it may read for long, and holds writes to write."""
        with read_from(self.path), self.changes.one(), self.rate_changes.one(), self._transaction() as connection:
            yield connection

    @contextmanager
    def _transaction(self) -> Iterator[sa.Connection]:
        with self._gate.passing(), self.database.writing() as connection:
            yield connection

    @contextmanager
    def holding_writes(self) -> Iterator[None]:
        """Inside, others read and nobody appends; what comes waits in the collector's journal."""
        with self._writing:
            yield

    @contextmanager
    def standing_still(self, wait_s: float) -> Iterator[None]:
        """Inside ``holding_writes``: nobody reads either. Raises GateBusyError when a read lasts longer than ``wait_s``."""
        with self._gate.closed(wait_s):
            yield
            self.forget_rows()

    def close(self) -> None:
        """Give the file back to other processes."""
        self.database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _query(self, read: Read, arguments: Arguments) -> Prepared:
        # The day stands for the time that a read may have built into its statement (prices in force today).
        if HITS in arguments or FOUND in arguments:  # long, and not asked again
            return self.database.prepare(read.query(arguments))
        left = {name: Open(name) for name in read.only_values}
        prepared = self._prepared(read.name, tuple({**arguments, **left}.items()), time.time_ns() // _NS_PER_DAY)
        return prepared.filled(arguments) if left else prepared

    def _prepare(self, name: str, arguments: tuple[tuple[str, Any], ...], day: int) -> Prepared:
        given = {key: sa.literal(value, sa.String) if isinstance(value, Open) else value for key, value in arguments}
        return self.database.prepare(find_read(name).query(given))

    def _fresh_rows(self, connection: sa.Connection, name: str, rows: pa.Table) -> pa.Table:
        """The rows that are not stored yet, each once."""
        keys = KEYS.get(name)
        if keys is None or rows.num_rows == 0:
            return rows
        if name in TEXTS:
            key = TEXTS[name]
            rows = _where(rows, pc.invert(self._seen[name].has(rows.column(key))))
            rows = _each_once(rows, (key,))
            if rows.num_rows == 0 or self._is_long(connection, name):
                return rows
        else:
            rows = _each_once(rows, keys)
        return _where(rows, pc.invert(self.database.stored(connection, name, rows)))

    def _new_models(self, rows: pa.Table | None) -> set[tuple[Any, ...]]:
        """What decides about the price of the calls, where no call before had it."""
        if rows is None or self.rollup is None:
            return set()
        found = rows.select(_PRICED_BY).group_by(list(_PRICED_BY)).aggregate([])
        return set(zip(*(found.column(name).to_pylist() for name in _PRICED_BY), strict=True)) - self._models

    def _is_long(self, connection: sa.Connection, name: str) -> bool:
        """Whether the table is too long to be asked for each text; it never gets shorter but by ``forget_seen``."""
        if name not in self._long:
            ((count,),) = connection.execute(sa.select(sa.func.count()).select_from(sa.table(name))).all()
            if count <= self._exact_rows:
                return False
            self._long.add(name)
        return True

    def forget_rows(self) -> None:
        """Rows have gone or changed their numbers: nothing is taken for added up any more, nor for being where it was."""
        self._places.forget()
        if self.rollup is not None:
            self.rollup.forget()

    def forget_seen(self) -> None:
        """Rows have gone, or may have: no text is taken for stored any more. Called while writes are held."""
        self.forget_rows()
        for each in self._seen.values():
            each.forget()
        self._long.clear()

    def _note_position(self, connection: sa.Connection, journal: str, position: int) -> None:
        """``position`` in place of the earlier ones: thousands of appends an hour leave one row."""
        place = ingest_state.c
        if not self.database.replaces_positions:
            connection.execute(ingest_state.delete().where(place.journal == journal, place.position <= position))
        row = {"project": "", "journal": journal, "position": position, "recorded_ns": self._clock()}
        connection.execute(ingest_state.insert(), row)


class FileStore(DatabaseStore):
    """The process that holds a DuckDB file, which only one can."""

    def __init__(
        self,
        path: str,
        *,
        create: bool = True,
        clock: Callable[[], int] = time.time_ns,
        exact_rows: int = EXACT_ROWS,
    ) -> None:
        """``path`` or ``:memory:``. Raises SufficeError when the file can't be opened."""
        super().__init__(DuckDB(path, create=create), clock=clock, exact_rows=exact_rows)


class ServerStore(DatabaseStore):
    """A database on a ClickHouse server."""

    def __init__(self, url: str, *, clock: Callable[[], int] = time.time_ns) -> None:
        """``clickhousedb://...``. Raises SufficeError when there is no driver or no answer."""
        from suffice_store.engines.clickhouse import ClickHouse

        super().__init__(ClickHouse(url), clock=clock)


def _where(rows: pa.Table, wanted: pa.Array) -> pa.Table:
    """The rows wanted; all of them are not copied."""
    return rows if pc.all(wanted).as_py() else rows.filter(wanted)


def _each_once(rows: pa.Table, keys: tuple[str, ...]) -> pa.Table:
    """The first row of each key, in order."""
    columns = [rows.column(key) for key in keys]
    joined = columns[0] if len(keys) == 1 else pc.binary_join_element_wise(*columns, "\x00")
    codes = joined.combine_chunks().dictionary_encode()
    if len(codes.dictionary) == rows.num_rows:
        return rows
    _, first = np.unique(codes.indices.to_numpy(), return_index=True)
    return rows.combine_chunks().take(pa.array(np.sort(first)))  # of many pieces it takes a while
