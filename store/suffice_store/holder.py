"""Where the collector that holds a file answers: a note beside the file, so that its folder just works.

DuckDB lets one process hold a file and names it to the others. A note counts only when it is that process's own: one
that a killed collector left behind, or that another wrote, is never followed.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

PRIVATE = 0o600


@contextlib.contextmanager
def noted_address(path: str, address: str) -> Iterator[None]:
    """While inside, ``PATH.address`` says which process answers for the file, and where."""
    note = _note(path)
    note.unlink(missing_ok=True)
    with os.fdopen(os.open(note, os.O_CREAT | os.O_EXCL | os.O_WRONLY, PRIVATE), "w", encoding="utf-8") as file:
        file.write(f"{os.getpid()} {address}\n")
    try:
        yield
    finally:
        note.unlink(missing_ok=True)


def read_address(path: str, pid: int) -> str | None:
    """The address that process ``pid`` noted for the file; None where it noted none."""
    try:
        holder, _, address = _note(path).read_text("utf-8").strip().partition(" ")
    except (OSError, UnicodeDecodeError):
        return None
    return address if holder == str(pid) and address.startswith("http://") else None


def _note(path: str) -> Path:
    return Path(f"{path}.address")
