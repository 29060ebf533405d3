"""The journal: accepted bodies, on disk before they are acknowledged, until the store holds what is in them.

Segments of entries beside the database. One thread takes whatever waits, writes it with one system call and
one fdatasync, and only then tells each waiting request: a group commit, so that the wait is shared.
An entry is known by the position behind it; the store keeps the last one applied in the same transaction as
its rows, so replaying from there is exactly-once. A process never writes to a segment it did not begin:
whatever a crash tore at the end of one stays the end of it.
"""

from __future__ import annotations

import contextlib
import logging
import os
import queue
import struct
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

from suffice.errors import SufficeError

log = logging.getLogger("suffice.journal")

SEGMENT_BYTES = 64 * 1024 * 1024
SUFFIX = ".seg"
NAME = "otlp"  # under which the store keeps the position
REFUSED_S = 30.0
_MAGIC = b"SFJ1"
_HEADER = struct.Struct("<4sIIBQ")  # magic, length of body, crc32 of the rest, flags, received_ns
_OFFSET_BITS = 36  # 64 GiB a segment, 2^27 segments: more than a disk and a lifetime
_MOST_AT_ONCE = 512  # entries of one group; far under IOV_MAX (1024)
_JSON_FLAG, _GZIP_FLAG = 1, 2
_SIGNAL_SHIFT = 2  # two bits above them
_PROJECT_FLAG = 16  # the body is behind its project's name and one byte with that name's length


@dataclass(frozen=True, slots=True)
class Entry:
    """One accepted body, as it was sent. ``received_ns`` is Unix time."""

    body: bytes
    json: bool = False  # else protobuf
    gzip: bool = False
    received_ns: int = 0
    signal: int = 0  # Signal.code
    project: str = ""  # of the key it came with, whatever the body says; "" = as the body says

    def content_type(self) -> str:
        return "application/json" if self.json else "application/x-protobuf"


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """Where an entry ends: the number of its segment, and the byte behind it. Ordered as written."""

    segment: int
    offset: int

    def encode(self) -> int:
        """One number that grows with every entry, as the store keeps it."""
        return self.segment << _OFFSET_BITS | self.offset

    @staticmethod
    def decode(value: int) -> Position:
        return Position(value >> _OFFSET_BITS, value & (1 << _OFFSET_BITS) - 1)


@dataclass(frozen=True, slots=True)
class _Rotation:
    """The wish to begin a new segment; done with where the last one ends."""

    done: Future[Position]


@dataclass(frozen=True, slots=True)
class _Waiting:
    entry: Entry
    on_durable: Callable[[Position], None] | None
    done: Future[Position]


class JournalUnavailableError(Exception):
    """The disk did not take the entry; nothing was promised. The sender should try again."""


class Journal:
    """Appends from any thread; ``append`` returns a future that is done when the entry is on disk."""

    def __init__(self, folder: Path, *, first_segment: int = 1, segment_bytes: int = SEGMENT_BYTES) -> None:
        """Opens ``folder`` (made if absent, readable by its owner only).

        ``first_segment`` is the least number the next segment may have: one more than the store has seen.
        """
        self.folder = folder
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise SufficeError(
                f"cannot make the journal folder {folder}: {error.strerror}; choose another --db"
            ) from None
        self._next = max([first_segment, *(number + 1 for number in segments(folder))])
        self._segment_bytes = segment_bytes
        self._refused: tuple[float, str] | None = None  # when the disk last took nothing, and its reason
        self._file = -1
        self._segment = 0
        self._offset = 0
        self._queue: queue.SimpleQueue[_Waiting | _Rotation | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="suffice-journal", daemon=True)
        self._thread.start()

    def append(self, entry: Entry, on_durable: Callable[[Position], None] | None = None) -> Future[Position]:
        """Fails with JournalUnavailableError where the disk refuses.

        ``on_durable`` is called in the journal's thread, in the order of the entries on disk.
        """
        waiting = _Waiting(entry, on_durable, Future())
        waiting.done.set_running_or_notify_cancel()  # a client that hangs up must not cancel the write
        self._queue.put(waiting)
        return waiting.done

    @property
    def failing(self) -> str:
        """Why the disk lately took nothing; empty when it does, or nobody tried for REFUSED_S: who is sent nothing while this
        is told could never show that it is over."""
        refused = self._refused
        return refused[1] if refused is not None and time.monotonic() - refused[0] < REFUSED_S else ""

    @property
    def before(self) -> Position:
        """The end of what earlier processes wrote, while this one has written nothing."""
        return Position(self._next - 1, 0)

    def rotate(self) -> Future[Position]:
        """The next entry begins a new segment. Gives the end of what was written, by this process or one before it."""
        rotation = _Rotation(Future())
        self._queue.put(rotation)
        return rotation.done

    def forget(self, position: Position) -> None:
        """After ``rotate`` and once all of it is in the store: also the segment that ends there goes."""
        self.applied(Position(position.segment + 1, 0))

    def close(self) -> None:
        """Waits for what was given; later appends are not answered."""
        self._queue.put(None)
        self._thread.join()

    def applied(self, position: Position) -> None:
        """The store holds everything up to here: segments before this one are not needed any more."""
        for segment in segments(self.folder):
            if segment < position.segment:
                _path(self.folder, segment).unlink(missing_ok=True)

    def applied_all(self) -> None:
        """Called when closed and everything is in the store: nothing is left to replay. The folder goes, unless others' files lie in it."""
        for segment in segments(self.folder):
            _path(self.folder, segment).unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            self.folder.rmdir()

    def _run(self) -> None:
        open_for_more = True
        while open_for_more:
            first = self._queue.get()
            if first is None:
                break
            if isinstance(first, _Rotation):
                self._rotate(first)
                continue
            group, rotation = [first], None
            while len(group) < _MOST_AT_ONCE and rotation is None:
                try:
                    more = self._queue.get_nowait()
                except queue.Empty:
                    break
                if more is None:
                    open_for_more = False
                    break
                if isinstance(more, _Rotation):
                    rotation = more
                else:
                    group.append(more)
            self._commit(group)
            if rotation is not None:
                self._rotate(rotation)
        self._close_segment()

    def _rotate(self, rotation: _Rotation) -> None:
        self._close_segment()
        rotation.done.set_result(Position(self._segment, self._offset) if self._segment else self.before)

    def _commit(self, group: list[_Waiting]) -> None:
        try:
            positions = self._write([each.entry for each in group])
        except OSError as error:
            log.error("the journal in %s could not be written: %s", self.folder, error)
            self._abandon_segment()
            self._refused = time.monotonic(), str(error)
            for each in group:
                each.done.set_exception(JournalUnavailableError(str(error)))
            return
        self._refused = None
        for each, position in zip(group, positions, strict=True):
            if each.on_durable is not None:
                each.on_durable(position)
            each.done.set_result(position)

    def _write(self, entries: list[Entry]) -> list[Position]:
        if self._file < 0 or self._offset >= self._segment_bytes:
            self._begin_segment()
        buffers: list[bytes] = []
        positions: list[Position] = []
        offset = self._offset
        for entry in entries:
            named = _named(entry)
            header = _header(entry, named)
            buffers += (header, named, entry.body)
            offset += len(header) + len(named) + len(entry.body)
            positions.append(Position(self._segment, offset))
        _write_all(self._file, buffers)
        _sync(self._file)
        self._offset = offset
        return positions

    def _begin_segment(self) -> None:
        self._close_segment()
        path = _path(self.folder, self._next)
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        self._segment, self._offset = self._next, 0
        self._next += 1
        folder = os.open(self.folder, os.O_RDONLY)  # the name must last as well as the bytes
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _close_segment(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _abandon_segment(self) -> None:
        """After a failed write or sync nothing is known of the tail: cut it off and begin anew."""
        if self._file < 0:
            return
        try:
            os.ftruncate(self._file, self._offset)
        except OSError:
            log.warning("segment %d keeps a torn end", self._segment)
        self._close_segment()


def segments(folder: Path) -> list[int]:
    """The numbers of a journal's segments, oldest first."""
    if not folder.is_dir():
        return []
    return sorted(int(path.stem) for path in folder.glob("*" + SUFFIX) if path.stem.isdigit())


def read_entries(
    folder: Path, after: Position | None = None, only: list[int] | None = None
) -> Iterator[tuple[Position, Entry]]:
    """Every whole entry behind ``after``, in order; of the segments ``only``, by default of all.

    A segment's torn end is skipped and said in the log.
    """
    for segment in segments(folder) if only is None else only:
        start = 0
        if after is not None:
            if segment < after.segment:
                continue
            start = after.offset if segment == after.segment else 0
        yield from _read_segment(folder, segment, start)


def _path(folder: Path, segment: int) -> Path:
    return folder / f"{segment:012d}{SUFFIX}"


def _read_segment(folder: Path, segment: int, start: int) -> Iterator[tuple[Position, Entry]]:
    path = _path(folder, segment)
    with path.open("rb") as file:
        file.seek(start)
        offset = start
        while header := file.read(_HEADER.size):
            if len(header) == _HEADER.size:
                magic, length, crc, flags, received_ns = _HEADER.unpack(header)
                body = file.read(length) if magic == _MAGIC else b""
                if magic == _MAGIC and len(body) == length and crc == _crc(flags, received_ns, body):
                    offset += _HEADER.size + length
                    json, gzip = bool(flags & _JSON_FLAG), bool(flags & _GZIP_FLAG)
                    project = ""
                    if flags & _PROJECT_FLAG:
                        project, body = body[1 : 1 + body[0]].decode(), body[1 + body[0] :]
                    entry = Entry(body, json, gzip, received_ns, flags >> _SIGNAL_SHIFT & 3, project)
                    yield Position(segment, offset), entry
                    continue
            log.warning("journal segment %s ends torn at byte %d of %d", path.name, offset, path.stat().st_size)
            return


def _named(entry: Entry) -> bytes:
    """What stands before the body of an entry whose project is known."""
    name = entry.project.encode()
    return bytes([len(name)]) + name if name else b""


def _header(entry: Entry, named: bytes) -> bytes:
    flags = entry.json * _JSON_FLAG | entry.gzip * _GZIP_FLAG | entry.signal << _SIGNAL_SHIFT
    flags |= _PROJECT_FLAG if named else 0
    length = len(named) + len(entry.body)
    return _HEADER.pack(_MAGIC, length, _crc(flags, entry.received_ns, named, entry.body), flags, entry.received_ns)


def _crc(flags: int, received_ns: int, *parts: bytes) -> int:
    crc = zlib.crc32(struct.pack("<BQ", flags, received_ns))
    for part in parts:
        crc = zlib.crc32(part, crc)
    return crc


def _write_all(file: int, buffers: list[bytes]) -> None:
    written = os.writev(file, buffers)
    total = sum(map(len, buffers))
    if written < total:  # a full disk, or more than one call takes
        rest = memoryview(b"".join(buffers))[written:]
        while rest:
            rest = rest[os.write(file, rest) :]


_sync: Callable[[int], None] = getattr(os, "fdatasync", os.fsync)  # macOS has no fdatasync
