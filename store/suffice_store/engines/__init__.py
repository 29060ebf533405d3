"""The two databases behind the same reads and commands: a DuckDB file, a ClickHouse server.

Queries are SQLAlchemy for both; an engine is what they don't share: how it is opened, rows in as Arrow,
results out as Arrow, and finding the rows of a batch that are stored already.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Any, Protocol

import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

BATCH_ROWS = 16_384  # of a result that comes in batches
DAYS_LISTED = 64  # a batch with more days than this is looked up between its first and last

# What makes two rows the same row. Tables that are not named here are append-only logs.
KEYS: dict[str, tuple[str, ...]] = {
    "calls": ("project", "call_id"),
    "spans": ("project", "trace_id", "span_id"),
    "messages": ("project", "message_hash"),
    "toolsets": ("project", "toolset_hash"),
}

NO_DAY = 0  # of a call whose time is not known


def days_to_look_in(days: pa.ChunkedArray) -> list[int]:
    """The days that the calls of a batch may be stored under, ascending; empty for any.

    Their own, and none: a log may come first without times and then with them. A batch of calls without times is such a
    log, whose calls may have come with them before.
    """
    distinct = set(pc.unique(days).to_pylist())
    return [] if distinct == {NO_DAY} else sorted(distinct | {NO_DAY})


@dataclass(frozen=True, slots=True)
class Prepared:
    """A statement as the engine's own text, with the values of its parameters."""

    sql: str
    values: Any
    columns: tuple[str, ...]

    def filled(self, arguments: Mapping[str, Any]) -> Prepared:
        """With the arguments in place of what was left ``Open``."""
        if isinstance(self.values, Mapping):
            return replace(self, values={name: _fill(value, arguments) for name, value in self.values.items()})
        return replace(self, values=[_fill(value, arguments) for value in self.values])


@dataclass(frozen=True, slots=True)
class Open:
    """A value that is not given yet: one statement serves every value of argument ``name``."""

    name: str


def _fill(value: Any, arguments: Mapping[str, Any]) -> Any:
    return arguments[value.name] if isinstance(value, Open) else value


class Database(Protocol):
    """An open database. ``engine`` hands each thread a connection of its own."""

    path: str  # what a person calls it
    engine: sa.Engine
    replaces_positions: bool  # whether older rows of ingest_state go away by themselves

    def writing(self) -> AbstractContextManager[sa.Connection]:
        """A connection that writes: one transaction, where the engine has them."""
        ...

    def insert(self, connection: sa.Connection, name: str, rows: pa.Table) -> None:
        """Append ``rows`` to table ``name``; columns go by name."""
        ...

    def stored(self, connection: sa.Connection, name: str, rows: pa.Table) -> pa.Array:
        """For each row of a table with ``KEYS``: whether it is stored already."""
        ...

    def prepare(self, statement: sa.Select[Any]) -> Prepared:
        """The statement compiled, so that it can be run again and again."""
        ...

    def interrupt(self, connection: sa.Connection) -> None:
        """From another thread: what the connection runs ends with an error, where the engine can."""
        ...

    def fetch_table(self, connection: sa.Connection, query: Prepared) -> pa.Table:
        """The whole result."""
        ...

    def fetch_batches(self, connection: sa.Connection, query: Prepared) -> Iterator[pa.RecordBatch]:
        """The result in batches; an empty result is one empty batch, so that its columns are known."""
        ...

    def size_bytes(self) -> int:
        """Bytes on disk."""
        ...

    def close(self) -> None:
        """Give it back to other processes. What was committed is on disk already."""
        ...
