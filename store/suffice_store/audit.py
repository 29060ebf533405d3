"""The audit log: who read text, exported, deleted, or changed a key. One JSON line each, appended and synced at once.

A file beside the database and not a table of it: it is written before an answer leaves (0.3 to 0.6 ms), survives deletions
and restores, and anything that reads lines can follow it. Each line holds the hash of the one before it, so that a line
that was changed or taken out shows (``broken_lines``); cutting off the end shows only against a copy of the last hash.
It holds no text of calls: a search is noted by its length, a deleted user or run by a hash.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

SUFFIX = ".audit.jsonl"  # behind the path of the database
FIRST = "0" * 64
PRIVATE = 0o600
_TAIL_BYTES = 64 * 1024


class AuditLog:
    """Appends from any thread; ``path`` None keeps nothing (a database in memory)."""

    def __init__(self, path: Path | None, *, clock: Callable[[], int] = time.time_ns) -> None:
        self.path = path
        self._clock = clock
        self._lock = threading.Lock()

    def note(
        self, actor: str, role: str, action: str, *, project: str = "", reason: str = "", details: Mapping[str, Any]
    ) -> None:
        """One line, on disk when this returns. Raises OSError where it can't be: then what it is about must not happen."""
        if self.path is None:
            return
        with self._lock:
            file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, PRIVATE)
            try:
                line = {
                    "time_ns": self._clock(),
                    "actor": actor,
                    "role": role,
                    "action": action,
                    "project": project,
                    "reason": reason,
                    "details": dict(details),
                    "previous": _last_hash(file),
                }
                text = json.dumps(line, ensure_ascii=True, sort_keys=True, default=str)
                os.write(file, _line_break(file) + text.encode() + b"\n")
                os.fsync(file)
            finally:
                os.close(file)

    def lines(self, *, project: str | None = None, newest: int = 1000) -> list[dict[str, Any]]:
        """The newest lines, newest first; of one project, or (None) all."""
        found = [line for line in _read(self.path) if project is None or line.get("project") == project]
        return found[::-1][:newest]

    def broken_lines(self) -> list[int]:
        """The numbers (from 1) of lines that do not follow the one before them: changed, taken out, or torn."""
        if self.path is None or not self.path.exists():
            return []
        broken, expected = [], FIRST
        with self.path.open("rb") as file:
            for number, raw in enumerate(file, 1):
                if _parse(raw).get("previous") != expected:
                    broken.append(number)
                expected = sha256(raw.rstrip(b"\n")).hexdigest()
        return broken


def audit_log(database_path: str) -> AuditLog:
    """The log of a database file; none of one in memory or on a server."""
    on_disk = "://" not in database_path and database_path != ":memory:"
    return AuditLog(Path(f"{database_path}{SUFFIX}") if on_disk else None)


def _line_break(file: int) -> bytes:
    """After a line that a crash tore, so that the next one is whole."""
    size = os.fstat(file).st_size
    return b"\n" if size and os.pread(file, 1, size - 1) != b"\n" else b""


def _last_hash(file: int) -> str:
    size = os.fstat(file).st_size
    start = max(0, size - _TAIL_BYTES)
    lines = os.pread(file, size - start, start).rstrip(b"\n").split(b"\n")
    return sha256(lines[-1]).hexdigest() if lines[-1] else FIRST


def _read(path: Path | None) -> Iterator[dict[str, Any]]:
    if path is None or not path.exists():
        return
    with path.open("rb") as file:
        for raw in file:
            if line := _parse(raw):
                yield line


def _parse(raw: bytes) -> dict[str, Any]:
    try:
        line = json.loads(raw)
    except ValueError:
        return {}
    return line if isinstance(line, dict) else {}
