"""Texts that were stored again are taken out again, a bounded number of rows at a time, while others append and read.

A text is stored again where ``seen`` does not know it any more: two million texts later, or after a restart. Of its rows
the first stays, so that what was read stays as it was; no reader depends on it, since each takes one row of a text. A step
finds repeats among the next CHUNK_ROWS rows in a transaction that only reads, then holds appends back while it deletes
them. A crash leaves the step done or not done. How far it came is not kept: a new process looks at everything once.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass

import sqlalchemy as sa

from suffice_store.engines import KEYS
from suffice_store.engines.clickhouse import ClickHouse
from suffice_store.engines.duckdb import DuckDB
from suffice_store.file_store import TEXTS, DatabaseStore

CHUNK_ROWS = 500_000  # a step keeps their hashes in memory, some 100 MB, and reads the hashes of the whole table once


@dataclass(frozen=True, slots=True)
class Step:
    """``table`` is empty where there was nothing new to look at."""

    table: str = ""
    looked: int = 0
    removed: int = 0
    more: bool = False  # another step would find rows to look at now


class Compaction:
    """Of a file, step by step; one thread's. It remembers up to when it has looked."""

    def __init__(self, store: DatabaseStore, *, chunk_rows: int = CHUNK_ROWS) -> None:
        self._store = store
        self._chunk_rows = chunk_rows
        self._until = dict.fromkeys(TEXTS, 0)

    def step(self) -> Step:
        """Look at the next rows. Does nothing while a deletion, a backup or the like holds the rows."""
        if not isinstance(self._store.database, DuckDB) or not self._store.maintenance.acquire(blocking=False):
            return Step()
        try:
            for name in TEXTS:
                done = self._step(self._store.database, name)
                if done.looked:
                    return done
            return Step()
        finally:
            self._store.maintenance.release()

    def _step(self, database: DuckDB, name: str) -> Step:
        store = self._store
        with ExitStack() as held:
            with store.changing() as connection:
                until, looked, repeats = database.find_repeats(
                    connection, name, KEYS[name], self._until[name], self._chunk_rows
                )
                if repeats.num_rows:
                    held.enter_context(store.holding_writes())
                    database.remove_rows(connection, name, repeats)
            if repeats.num_rows:
                database.checkpoint()
        self._until[name] = until
        return Step(name, looked, repeats.num_rows, looked >= self._chunk_rows)


def compact(store: DatabaseStore) -> int:
    """Everything now. Returns how many rows repeated what was stored."""
    if isinstance(store.database, ClickHouse):
        return _compact_server(store, store.database)
    compaction, removed = Compaction(store), 0
    while (done := compaction.step()).looked:
        removed += done.removed
    return removed


def _compact_server(store: DatabaseStore, database: ClickHouse) -> int:
    def count(connection: sa.Connection) -> int:
        return sum(connection.scalar(sa.select(sa.func.count()).select_from(sa.table(name))) or 0 for name in TEXTS)

    with store.maintenance, store.writing() as connection:
        before = count(connection)
        for name in TEXTS:
            database.remove_repeats(connection, name, KEYS[name])
        return before - count(connection)
