"""``open_store``: which store is meant, by argument, environment or habit."""

from __future__ import annotations

import os
from urllib.parse import urlsplit

from suffice.errors import SufficeError, UsageError
from suffice_store.engines.reasons import HeldError
from suffice_store.file_store import FileStore, ServerStore
from suffice_store.holder import read_address
from suffice_store.remote_store import RemoteStore

DEFAULT_DB = "./suffice.duckdb"


def open_store(
    db: str | None = None, *, server: str | None = None, key: str | None = None, create: bool = True
) -> FileStore | ServerStore | RemoteStore:
    """The store at a file, on a ClickHouse server, or behind a running collector.

    ``db`` is a path, an SQLAlchemy URL (``duckdb:///calls.duckdb``, ``clickhousedb://host/calls``) or a collector's
    http address;
    ``server`` is the latter. With neither: ``SUFFICE_DB``, else ``SUFFICE_ENDPOINT``, else
    ``./suffice.duckdb``. A file that a running collector holds is reached through that collector. ``key`` defaults to ``SUFFICE_KEY``. ``create=False`` refuses a file that is
    not there, which is what a command that only reads wants. Raises SufficeError.
    """
    if db and server:
        raise UsageError("--db and --server exclude each other: a file is opened, or a collector is asked")
    if not db and not server:
        db = os.environ.get("SUFFICE_DB") or None
        server = None if db else os.environ.get("SUFFICE_ENDPOINT") or None
    if server or (db and db.startswith(("http://", "https://"))):
        return RemoteStore(server or db or "", key=key or os.environ.get("SUFFICE_KEY") or None)
    if db and db.startswith("clickhousedb://"):
        return ServerStore(db)
    path = database_path(db or DEFAULT_DB)
    try:
        return FileStore(path, create=create)
    except HeldError as held:
        if (address := read_address(path, held.pid)) is None:
            raise
        return RemoteStore(address, key=key or os.environ.get("SUFFICE_KEY") or None)


def database_path(db: str) -> str:
    """The file that a path or a ``duckdb:`` URL names. Raises SufficeError for another kind of database."""
    if "://" not in db:
        return os.path.expanduser(db)  # noqa: PTH111 (":memory:" is no path)
    scheme = urlsplit(db).scheme
    if scheme == "clickhousedb":
        raise SufficeError("this command works on a DuckDB file, not on ClickHouse: name a file with --db")
    if scheme.split("+")[0] != "duckdb":
        raise SufficeError(f"'{scheme}' databases can't be opened: give a DuckDB file or a clickhousedb:// address")
    path = db.split("://", 1)[1].split("?", 1)[0]
    return path.removeprefix("/") or ":memory:"
