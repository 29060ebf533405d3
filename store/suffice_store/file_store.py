"""FileStore: the process that holds the database file. One writer at a time, any number of reading threads.

An append is one transaction: rows come as Arrow, what is stored already is found by joining keys only
(calls within the day of their own start), the rest goes in by ``INSERT ... SELECT`` from Arrow memory.
(executemany was measured at 538 rows/s; this way 45,000-72,000.)
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from types import TracebackType
from typing import Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from suffice_migrations import upgrade
from suffice_store import prices_file
from suffice_store.arrow_insert import insert_rows, query_with_rows
from suffice_store.arrow_schema import conform
from suffice_store.changes import run_command
from suffice_store.database import Database
from suffice_store.reads import find_read
from suffice_store.reads.fetch import fetch_batches, fetch_table
from suffice_store.store import AppendResult
from suffice_store.tables import ingest_state

# What makes two rows the same row. Tables that are not named here are append-only logs.
KEYS: dict[str, tuple[str, ...]] = {
    "calls": ("project", "call_id"),
    "spans": ("project", "trace_id", "span_id"),
    "messages": ("project", "message_hash"),
    "toolsets": ("project", "toolset_hash"),
}
_DAYS_LISTED = 64  # a batch with more days than this is looked up between its first and last


class FileStore:
    """A Store on a database file. Opening it brings the schema and the shipped prices up to date."""

    def __init__(self, path: str, *, create: bool = True, clock: Callable[[], int] = time.time_ns) -> None:
        """``clock`` gives Unix nanoseconds. Raises SufficeError when the file can't be opened."""
        self.database = Database(path, create=create)
        self.path = path
        self._clock = clock
        self._writing = threading.Lock()
        try:
            upgrade(self.database.engine)
            with self.database.writing() as connection:
                prices_file.sync(connection, clock())
        except BaseException:
            self.database.close()
            raise

    def append(self, tables: Mapping[str, pa.Table], *, journal: tuple[str, int] | None = None) -> AppendResult:
        """See ``Store.append``: all tables and the journal position in one transaction."""
        ready = {name: conform(name, rows) for name, rows in tables.items()}
        added, known = dict.fromkeys(ready, 0), dict.fromkeys(ready, 0)
        with self._writing, self.database.writing() as connection:
            for name, rows in ready.items():
                fresh = _fresh_rows(connection, name, rows)
                insert_rows(connection, name, fresh)
                added[name], known[name] = fresh.num_rows, rows.num_rows - fresh.num_rows
            if journal is not None:
                _note_position(connection, *journal, self._clock())
        return AppendResult(added, known)

    def journal_position(self, journal: str) -> int | None:
        """The last position of ``journal`` that is in the tables; None before the first."""
        position = sa.func.max(ingest_state.c.position)
        with self.database.engine.connect() as connection:
            value = connection.scalar(sa.select(position).where(ingest_state.c.journal == journal))
        return None if value is None else int(value)

    def command(self, name: str, **arguments: Any) -> dict[str, Any]:
        """See ``Store.command``."""
        with self._writing, self.database.writing() as connection:
            return run_command(connection, name, arguments, self._clock())

    def read(self, name: str, **parameters: Any) -> pa.Table:
        """See ``Store.read``."""
        read = find_read(name)
        arguments = read.bind(parameters)
        with self.database.engine.connect() as connection:
            table = fetch_table(connection, read.query(arguments))
            return read.finish(connection, arguments, table)

    def read_batches(self, name: str, **parameters: Any) -> Iterator[pa.RecordBatch]:
        """See ``Store.read_batches``. The parameters are checked before the first batch is asked for."""
        read = find_read(name)
        arguments = read.bind(parameters)
        query = read.query(arguments)

        def batches() -> Iterator[pa.RecordBatch]:
            # Two connections: an open result owns the one it streams on.
            with self.database.engine.connect() as stream, self.database.engine.connect() as other:
                for batch in fetch_batches(stream, query):
                    rows = read.finish(other, arguments, pa.Table.from_batches([batch])).combine_chunks()
                    yield from rows.to_batches() or [pa.RecordBatch.from_pylist([], schema=rows.schema)]

        return batches()

    def close(self) -> None:
        """Give the file back to other processes."""
        self.database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _note_position(connection: sa.Connection, journal: str, position: int, now_ns: int) -> None:
    """``position`` in place of the earlier ones: thousands of appends an hour leave one row."""
    place = ingest_state.c
    connection.execute(ingest_state.delete().where(place.journal == journal, place.position <= position))
    row = {"project": "", "journal": journal, "position": position, "recorded_ns": now_ns}
    connection.execute(ingest_state.insert(), row)


def _fresh_rows(connection: sa.Connection, name: str, rows: pa.Table) -> pa.Table:
    """The rows that are not stored yet, each once."""
    keys = KEYS.get(name)
    if keys is None or rows.num_rows == 0:
        return rows
    rows = _each_once(rows, keys)
    lookup = rows.select([*keys, *(["started_day"] if "started_day" in rows.column_names else [])])
    lookup = lookup.append_column("row_number", pa.array(range(rows.num_rows), pa.int64()))
    same = " AND ".join(f"stored.{key} = batch.{key}" for key in keys)
    query = f"SELECT DISTINCT batch.row_number FROM {name} AS stored JOIN suffice_batch AS batch ON {same}"  # noqa: S608
    if "started_day" in lookup.column_names:
        query += f" WHERE {_day_filter(lookup.column('started_day'))}"
    stored = query_with_rows(connection, lookup, query).column("row_number")
    if len(stored) == 0:
        return rows
    return rows.filter(pc.invert(pc.is_in(lookup.column("row_number"), stored)))


def _each_once(rows: pa.Table, keys: tuple[str, ...]) -> pa.Table:
    """The first row of each key, in order."""
    joined = pc.binary_join_element_wise(*(rows.column(key) for key in keys), "\x00").combine_chunks()
    codes = joined.dictionary_encode()
    if len(codes.dictionary) == rows.num_rows:
        return rows
    _, first = np.unique(codes.indices.to_numpy(), return_index=True)
    return rows.take(pa.array(np.sort(first)))


def _day_filter(days: pa.ChunkedArray) -> str:
    distinct = sorted(pc.unique(days).to_pylist())
    if len(distinct) <= _DAYS_LISTED:
        return f"stored.started_day IN ({', '.join(map(str, distinct))})"
    return f"(stored.started_day BETWEEN {distinct[0] or distinct[1]} AND {distinct[-1]} OR stored.started_day = 0)"
