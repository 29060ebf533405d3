"""Why a file can't be opened, read or written: one line that names what is at fault and the way out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
from sqlalchemy.exc import DBAPIError

from suffice.errors import SufficeError

OURS = {"alembic_version", "calls", "messages"}  # of every schema since the first

_HELD = re.compile(r"Conflicting lock is held in (?P<program>.*?) \(PID (?P<pid>\d+)\)")
_OF_THE_FILE = (duckdb.FatalException, duckdb.InternalException, duckdb.IOException)  # damaged data itself has no class
_ARROW = ("Data Corruption Error: ", "IO Error: ")
_DAMAGE = {"Corrupt database file": "a checksum differs", "Could not read enough bytes": "it ends early"}


class HeldError(SufficeError):
    """Process ``pid`` has the file open."""

    def __init__(self, reason: str, pid: int) -> None:
        super().__init__(reason)
        self.pid = pid


class FileFaultError(SufficeError):
    """What the file at ``path`` is, as in "is not a suffice database", and what to do about it."""

    def __init__(self, path: str, fault: str, way_out: str) -> None:
        super().__init__(f"{path} {fault}: {way_out}")
        self.fault = fault


class DamagedError(FileFaultError):
    """The file can't be read any more."""

    def __init__(self, path: str, what: str) -> None:
        super().__init__(path, f"is damaged ({what})", "restore a backup with `suffice db restore`")


def fault_of(path: str, message: str) -> SufficeError:
    """DuckDB's words for why a file would not open, as one line."""
    if held := _HELD.search(message):
        pid = held["pid"]
        return HeldError(
            f"{path} is held by another process (pid {pid}, {_command_line(pid) or held['program']}): "
            "if that is a collector, go through it with --server URL (it says its own when it starts), else stop it first",
            int(pid),
        )
    if "Could not set lock" in message:
        return SufficeError(f"{path} is locked by another process, maybe on another machine: stop it first")
    if damaged := _damage(path, message):
        return damaged
    if "already attached" in message or "Unique file handle conflict" in message:
        return SufficeError(f"{path} is open in this process already: close that store first, or use it")
    if "not a valid DuckDB database" in message:
        return not_ours(path, " (nor any DuckDB file)")
    if "version number" in message:
        return SufficeError(f"{path} was written by another version of DuckDB: {message.splitlines()[0]}")
    return SufficeError(f"{path} can't be opened: {message.splitlines()[0]}")


def not_ours(path: str, more: str = "") -> FileFaultError:
    """The file holds something else, which is left as it is."""
    return FileFaultError(path, f"is not a suffice database{more}", "name another with --db")


@contextmanager
def read_from(path: str) -> Iterator[None]:
    """Damage that a statement meets is told of the file. Raises DamagedError; every other error passes."""
    try:
        yield
    except (duckdb.Error, DBAPIError, OSError) as error:  # the last of Arrow's readers
        if is_damage(error) and (damaged := _damage(path, str(error))):
            raise damaged from None
        raise


@contextmanager
def written_to(path: str) -> Iterator[None]:
    """A folder without permission, a full disk: what stops ``path`` from being written. Raises SufficeError."""
    try:
        yield
    except OSError as error:
        raise SufficeError(f"{path} can't be written: {error.strerror}") from None
    except duckdb.IOException as error:
        cause = str(error).splitlines()[0].rsplit('": ', 1)[-1]  # behind the name of the file
        raise SufficeError(f"{path} can't be written: {cause}") from None


def check_folder(path: str) -> None:
    """Raises SufficeError where there is no directory to make ``path`` in."""
    if not (folder := Path(path).parent).is_dir():
        raise SufficeError(f"{path} can't be made: there is no directory {folder}")


def is_damage(error: Exception) -> bool:
    """Whether the file is at fault, and not what was asked or given: a value that says so stands in a DataError."""
    cause = getattr(error, "orig", None) or error
    told = isinstance(cause, _OF_THE_FILE) or type(cause) is duckdb.Error or str(cause).startswith(_ARROW)
    return isinstance(error, DamagedError) or (told and _damage("", str(error)) is not None)


def _damage(path: str, message: str) -> DamagedError | None:
    return next((DamagedError(path, what) for words, what in _DAMAGE.items() if words in message), None)


def _command_line(pid: str) -> str | None:
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().decode("utf-8", "replace").split("\0")
    except OSError:
        return None
    return " ".join(word.rsplit("/", 1)[-1] for word in words[:4] if word) or None
