"""Store: the one door to what is recorded. Appends, commands, named reads; nothing else.

Two implementations stand behind it and one contract suite runs over both: ``FileStore`` holds the
database file (only one process can), ``RemoteStore`` speaks to the collector that holds it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Protocol, Self

import pyarrow as pa


@dataclass(frozen=True, slots=True)
class AppendResult:
    """Rows that were new, and rows that stood there already (a resend, a second import), by table."""

    added: Mapping[str, int] = field(default_factory=dict)
    known: Mapping[str, int] = field(default_factory=dict)


class Store(Protocol):
    """See ``suffice_store.reads`` for the named reads and ``suffice_store.commands`` for the commands."""

    def append(self, tables: Mapping[str, pa.Table], *, journal: tuple[str, int] | None = None) -> AppendResult:
        """Append rows to several tables in one transaction, with the journal position they came from.

        Columns go by name; a missing nullable column is null. Calls and spans that are already
        stored are skipped and counted as known; so is all of an append that failed and is stored
        nonetheless, told by its journal position. Raises SufficeError for an unknown table or column.
        """
        ...

    def command(self, name: str, **arguments: Any) -> dict[str, Any]:
        """Change something: ``outcome``, ``decide``, ``set_price``, ... Raises SufficeError when refused."""
        ...

    def read(self, name: str, **parameters: Any) -> pa.Table:
        """One named read, whole. Raises SufficeError for an unknown name or parameter."""
        ...

    def read_batches(self, name: str, **parameters: Any) -> Iterator[pa.RecordBatch]:
        """The same in batches, for reads that may not fit in memory."""
        ...

    def close(self) -> None: ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
