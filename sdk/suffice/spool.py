"""The spool: calls that could not be delivered wait here, in files only this user can read.

One file a batch: the body of an OTLP export request (``ExportTraceServiceRequest``, protobuf), written
under another name and renamed, so that a reader never sees half of one. ``suffice up`` takes them in, and
so does the next process that reaches the collector. Bounded: beyond the cap the oldest go, and are counted.

A file's name says when it was written, by whom, and how many calls it holds: ``NS-PID-N-CALLS.otlp``.
Batches meant for another machine's collector lie in a folder of their own, so that they go nowhere else.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

MAX_BYTES = 64 * 1024 * 1024
SUFFIX = ".otlp"
CLAIM_EXPIRES_S = 600  # a claim older than this was left by a process that died
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_numbers = itertools.count()


def spool_directory(endpoint: str | None = None, *, environ: Mapping[str, str] | None = None) -> Path:
    """Where the batches for an endpoint wait: ``SUFFICE_SPOOL``, else ``~/.local/state/suffice/spool``.

    A loopback endpoint (or none) means that folder itself, which is what ``suffice up`` takes in.
    """
    env = os.environ if environ is None else environ
    base = env.get("SUFFICE_SPOOL")
    if base:
        folder = Path(base)
    else:
        state = env.get("XDG_STATE_HOME")
        folder = (Path(state) if state else Path.home() / ".local" / "state") / "suffice" / "spool"
    parts = urlsplit(endpoint) if endpoint else None
    if parts is None or parts.hostname in _LOOPBACK:
        return folder
    return folder / f"{parts.hostname}_{parts.port or parts.scheme}"


@dataclass(frozen=True, slots=True)
class SpoolFile:
    """One waiting batch."""

    path: Path
    calls: int
    size: int

    def read(self) -> bytes:
        """The export request's protobuf bytes. Raises OSError if somebody else took it."""
        return self.path.read_bytes()

    def claim(self) -> SpoolFile | None:
        """Take it, so that nobody else does; None if somebody was faster. ``discard()`` it once it is stored."""
        claimed = self.path.with_name(f"{self.path.name}.{os.getpid()}.claimed")
        try:
            os.utime(self.path)
            self.path.rename(claimed)
        except OSError:
            return None
        return SpoolFile(claimed, self.calls, self.size)

    def release(self) -> None:
        """Put a claimed file back."""
        with contextlib.suppress(OSError):
            self.path.rename(self.path.with_name(_original_name(self.path.name)))

    def discard(self) -> None:
        with contextlib.suppress(OSError):
            self.path.unlink()


def read_spool(folder: Path | None = None) -> Iterator[SpoolFile]:
    """The waiting batches, oldest first. An empty folder, or none, gives nothing."""
    folder = spool_directory() if folder is None else folder
    _free_stale_claims(folder)
    yield from _waiting(folder)


def take_spool(folder: Path | None = None) -> Iterator[tuple[SpoolFile, bytes]]:
    """Claim each waiting batch and read it. The caller discards it when it is stored, or releases it."""
    for waiting in read_spool(folder):
        claimed = waiting.claim()
        if claimed is None:
            continue
        try:
            body = claimed.read()
        except OSError:
            continue
        yield claimed, body


def write_spool(folder: Path, body: bytes, calls: int, *, max_bytes: int = MAX_BYTES) -> tuple[Path | None, int]:
    """Keep one batch. Returns its file, and how many calls of older batches were dropped to make room.

    A batch larger than the whole cap is not kept: its file is None. Raises OSError if it can't be written.
    """
    if len(body) > max_bytes:
        return None, 0
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    dropped = _make_room(folder, max_bytes - len(body))
    name = f"{time.time_ns():020d}-{os.getpid()}-{next(_numbers)}-{calls}{SUFFIX}"
    partial = folder / f".{name}.partial"
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(body)
        partial.rename(folder / name)
    except OSError:
        partial.unlink(missing_ok=True)
        raise
    return folder / name, dropped


def _waiting(folder: Path) -> Iterator[SpoolFile]:
    try:
        names = sorted(entry.name for entry in os.scandir(folder) if entry.name.endswith(SUFFIX))
    except OSError:
        return
    for name in names:
        path = folder / name
        try:
            size = path.stat().st_size
        except OSError:
            continue
        yield SpoolFile(path, _calls_in(name), size)


def _make_room(folder: Path, budget: int) -> int:
    waiting = list(_waiting(folder))
    held = sum(file.size for file in waiting)
    dropped = 0
    for file in waiting:
        if held <= budget:
            break
        file.discard()
        held -= file.size
        dropped += file.calls
    return dropped


def _calls_in(name: str) -> int:
    try:
        return int(name.removesuffix(SUFFIX).rsplit("-", 1)[1])
    except (IndexError, ValueError):
        return 0  # a file somebody put there by hand


def _original_name(name: str) -> str:
    return name[: name.index(SUFFIX) + len(SUFFIX)]


def _free_stale_claims(folder: Path) -> None:
    try:
        claimed = [Path(entry.path) for entry in os.scandir(folder) if entry.name.endswith(".claimed")]
    except OSError:
        return
    for path in claimed:
        with contextlib.suppress(OSError):
            if time.time() - path.stat().st_mtime > CLAIM_EXPIRES_S:
                path.rename(path.with_name(_original_name(path.name)))
