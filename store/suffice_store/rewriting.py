"""A database written anew without what has to go, and put in the place of the old one.

DuckDB's DELETE, CHECKPOINT and VACUUM leave the deleted bytes in the file (measured), so that text is removed only by
leaving it behind: what stays is copied into a file beside, in one read transaction and while the collector appends; then,
with writes held back, what came meanwhile; then the files are exchanged by one rename. A crash before the rename
leaves the old file, one after it the new one, never half. ``tests/store/test_rewriting.py`` shows it by bytes.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from suffice.errors import SufficeError
from suffice_store.copying import Copy, RowsMovedError
from suffice_store.engines.duckdb import MEMORY, REWRITE, DuckDB, discard, sync_folder
from suffice_store.engines.reasons import check_folder, read_from, written_to
from suffice_store.file_store import DatabaseStore
from suffice_store.gate import GateBusyError
from suffice_store.selection import Selection

WAIT_S = 5.0  # for reads to end before the files are exchanged; new ones wait that long
TRIES = 12
COPIES = 3  # of them, where a checkpoint moved rows under the first

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Room:
    """Bytes that a rewrite may take, and that the disk has."""

    needed: int
    free: int

    def check(self) -> None:
        """Raises SufficeError where it would not fit."""
        if self.needed > self.free:
            raise SufficeError(
                f"writing the database anew may take {self.needed / 1e9:.1f} GB beside it and {self.free / 1e9:.1f} GB are free: "
                "make room first"
            )


def room(store: DatabaseStore) -> Room:
    """A second copy at most: the file and its log as they are."""
    return Room(store.database.size_bytes(), shutil.disk_usage(Path(store.path).parent).free)


def rewrite(store: DatabaseStore, gone: Selection | None, say: Say = lambda step: None) -> dict[str, int]:
    """Leave behind what ``gone`` names (None: nothing, only the unused space). Returns rows removed by table.

    Raises SufficeError where there is no room, the store is no file, or a read does not end; nothing is changed then.
    """
    database = _file_of(store)
    with store.maintenance, read_from(store.path):
        room(store).check()
        target = f"{store.path}{REWRITE}"
        removed = _rewrite_again(store, database, target, gone, say)
    shutil.rmtree(f"{store.path}.tmp", ignore_errors=True)  # what DuckDB spilled
    return removed


def write_copy(store: DatabaseStore, target: str, say: Say = lambda step: None) -> None:
    """A backup: everything as it stands now, as a database of its own at ``target``, which must not exist."""
    database = _file_of(store)
    check_folder(target)
    with store.maintenance, written_to(target), read_from(store.path):
        if Path(target).exists():
            raise SufficeError(f"{target} exists already: name another file")
        Room(store.database.size_bytes(), shutil.disk_usage(Path(target).parent).free).check()
        try:
            with database.beside(target) as cursor:
                say("copying")
                Copy(cursor, None).snapshot(everything=True)
            sync_file(target)
        except BaseException:
            discard(target)
            raise


def sync_file(path: str) -> None:
    """The bytes of a closed file, and its name, are on disk."""
    file = os.open(path, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)
    sync_folder(Path(path).parent)


def _rewrite_again(
    store: DatabaseStore, database: DuckDB, target: str, gone: Selection | None, say: Say
) -> dict[str, int]:
    for copies in range(COPIES):
        discard(target)
        try:
            return _rewrite(store, database, target, gone, say)
        except RowsMovedError:
            if copies == COPIES - 1:
                raise
        finally:
            discard(target)
    raise AssertionError


def _rewrite(store: DatabaseStore, database: DuckDB, target: str, gone: Selection | None, say: Say) -> dict[str, int]:
    with ExitStack() as held:
        with database.beside(target) as cursor:
            copy = Copy(cursor, gone)
            say("copying what stays")
            copy.snapshot()
            held.enter_context(store.holding_writes())
            say("copying what came meanwhile")
            copy.rest()
            removed = copy.removed()
            store.forget_seen()
        sync_file(target)
        say("exchanging the files")
        for attempt in range(TRIES):
            with suppress(GateBusyError), store.standing_still(WAIT_S):
                database.exchange(target)
                return removed
            time.sleep(min(1.0, 0.1 * attempt))
    raise SufficeError(f"a read did not end within {TRIES * WAIT_S:.0f} s; nothing was changed, try again")


def _file_of(store: Any) -> DuckDB:
    database = getattr(store, "database", None)
    if not isinstance(database, DuckDB) or database.path == MEMORY:
        raise SufficeError("only a DuckDB file is written anew; on ClickHouse use ALTER TABLE ... DELETE")
    return database
