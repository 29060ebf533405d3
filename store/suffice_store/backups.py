"""Backup, restore and check of a database file: a copy is only worth what reading it back showed."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from hashlib import file_digest
from itertools import count
from pathlib import Path
from typing import Any

import duckdb

from suffice.errors import SufficeError
from suffice_migrations import current, head
from suffice_store.audit import audit_log
from suffice_store.engines.duckdb import PRIVATE, DuckDB, discard
from suffice_store.engines.reasons import DamagedError, FileFaultError, check_folder, written_to
from suffice_store.file_store import DatabaseStore, FileStore
from suffice_store.rewriting import sync_file

SUM_SUFFIX = ".sha256"
_REFERENCES = (  # what a broken reference would be: name, statement that counts them
    (
        "calls stored twice",
        "SELECT count(*) - count(DISTINCT (project, call_id)) FROM calls",
    ),
    (
        "messages that a call names and nobody holds",
        "SELECT count(*) FROM (SELECT DISTINCT project, unnest(list_concat(input_hashes, output_hashes)) AS h FROM calls) c "
        "WHERE (c.project, c.h) NOT IN (SELECT (project, message_hash) FROM messages)",
    ),
    (
        "tool lists that a call names and nobody holds",
        "SELECT count(*) FROM (SELECT DISTINCT project, toolset_hash AS h FROM calls WHERE toolset_hash IS NOT NULL) c "
        "WHERE (c.project, c.h) NOT IN (SELECT (project, toolset_hash) FROM toolsets)",
    ),
)

Say = Callable[[str], None]


def write_backup(pieces: Iterator[bytes], target: str) -> int:
    """Bytes as the file ``target`` with its checksum beside it, whole or not at all. Returns its size."""
    if Path(target).exists():
        raise SufficeError(f"{target} exists already: name another file")
    partial = f"{target}.partial"
    try:
        with os.fdopen(os.open(partial, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, PRIVATE), "wb") as file:
            for piece in pieces:
                file.write(piece)
        seal(partial)
        Path(f"{partial}{SUM_SUFFIX}").replace(f"{target}{SUM_SUFFIX}")
        Path(partial).replace(target)
        sync_file(target)
    except OSError as error:
        raise SufficeError(f"{target} can't be written: {error.strerror}") from None
    finally:
        for left in (partial, f"{partial}{SUM_SUFFIX}"):
            Path(left).unlink(missing_ok=True)
    return Path(target).stat().st_size


def seal(path: str) -> None:
    """The checksum of a file beside it, as ``sha256sum -c`` reads it."""
    with Path(path).open("rb") as file:
        digest = file_digest(file, "sha256").hexdigest()
    name = Path(path).name.removesuffix(".partial")
    Path(f"{path}{SUM_SUFFIX}").write_text(f"{digest}  {name}\n", "utf-8")


def restore(source: str, target: str, *, replace: bool = False, say: Say = lambda step: None) -> dict[str, Any]:
    """A backup as the database at ``target``, read through before it is put there. Returns what ``check`` found.

    ``replace``: an existing database is set aside, not lost; ``set_aside`` of what is returned is its path then,
    ``TARGET.before-restore``, numbered where there is one already. Raises SufficeError.
    """
    if not Path(source).is_file():
        raise SufficeError(f"there is no backup at {source}")
    if Path(target).exists() and not replace:
        raise SufficeError(f"{target} exists already: name another file, or say --replace")
    check_folder(target)
    noted = Path(f"{source}{SUM_SUFFIX}").is_file()
    say("comparing the checksum" if noted else f"no checksum was compared: the backup has no {SUM_SUFFIX} beside it")
    check_sum(source)
    with written_to(target):
        return _restore(source, target, say)


def _restore(source: str, target: str, say: Say) -> dict[str, Any]:
    copy = f"{target}.restoring"
    discard(copy)
    try:
        shutil.copyfile(source, copy)
        Path(copy).chmod(PRIVATE)
        say("reading it through")
        with FileStore(copy, create=False) as store:  # brings an older schema up to date
            found = check(store, audit=False)
        if found["problems"]:
            raise SufficeError(f"the backup is damaged and was not restored: {found['problems'][0]}")
        return {**found, "set_aside": _put(copy, target)}
    except FileFaultError as error:
        raise SufficeError(f"{source} {error.fault} and was not restored: name another backup") from None
    finally:
        discard(copy)
        Path(f"{copy}.audit.jsonl").unlink(missing_ok=True)


def check_sum(path: str) -> None:
    """Raises SufficeError where the checksum beside the file is of another content. Without one there is nothing to say."""
    noted = Path(f"{path}{SUM_SUFFIX}")
    if not noted.is_file():
        return
    with Path(path).open("rb") as file:
        digest = file_digest(file, "sha256").hexdigest()
    if noted.read_text("utf-8").split()[:1] != [digest]:
        raise SufficeError(f"{path} is not what was backed up: its checksum differs")


def check(store: DatabaseStore, *, audit: bool = True) -> dict[str, Any]:
    """Read every value of every table, and look whether what refers to something finds it."""
    if not isinstance(store.database, DuckDB):
        raise SufficeError("a DuckDB file is checked; ClickHouse has CHECK TABLE")
    problems: list[str] = []
    rows: dict[str, int] = {}
    if (schema := current(store.database.engine)) != head():
        problems.append(f"the schema is {schema}, not {head()}")
    with store.connected() as connection:
        driver: Any = connection.connection.driver_connection
        for (name,) in driver.execute("SELECT table_name FROM duckdb_tables() ORDER BY table_name").fetchall():
            with _failing(problems, f"table {name} can't be read"):
                columns = driver.execute(f"SELECT * FROM {name} LIMIT 0").description  # noqa: S608
                sums = ", ".join(f'bit_xor(hash("{column[0]}"))' for column in columns)
                rows[name] = int(driver.execute(f"SELECT count(*), {sums} FROM {name}").fetchone()[0])  # noqa: S608
        for what, query in _REFERENCES:
            with _failing(problems, f"'{what}' can't be counted"):
                if count := int(driver.execute(query).fetchone()[0]):
                    problems.append(f"{count:,} {what}")
    if audit and (broken := audit_log(store.path).broken_lines()):
        problems.append(f"the audit log was changed: its line {broken[0]:,} does not follow the one before it")
    return {"schema": schema, "rows": rows, "problems": problems}


def _put(copy: str, target: str) -> str | None:
    """Returns where what was at ``target`` is now; None where nothing was."""
    aside = None
    if Path(target).exists():
        with suppress(DamagedError), FileStore(target, create=False):  # nobody else holds it, and its log is in it
            pass
        aside = _free(f"{target}.before-restore")
        log = Path(f"{target}.wal")
        if log.exists() and log.stat().st_size:  # of a damaged one
            log.replace(f"{aside}.wal")
        Path(target).replace(aside)
    Path(f"{target}.wal").unlink(missing_ok=True)
    sync_file(copy)
    Path(copy).replace(target)
    sync_file(target)
    return aside


def _free(path: str) -> str:
    """The first of PATH, PATH-2, PATH-3 ... that nothing has."""
    names = (path if number == 1 else f"{path}-{number}" for number in count(1))
    return next(name for name in names if not Path(name).exists())


@contextmanager
def _failing(problems: list[str], what: str) -> Iterator[None]:
    try:
        yield
    except duckdb.Error as error:
        problems.append(f"{what}: {str(error).splitlines()[0][:200]}")
