"""Opening a file of recorded calls: gzip undone, its first bytes looked at, trouble in one line."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from isal import igzip

from suffice.errors import SufficeError
from suffice_collector.importers.contract import HEAD_BYTES

_GZIP = b"\x1f\x8b"
# What a damaged archive raises while it is read, from isal, the standard library or the file system.
DAMAGE = (OSError, EOFError, zlib.error, gzip.BadGzipFile, igzip.BadGzipFile)


class CountedFile(io.RawIOBase):
    """A raw file that says how many of its bytes were read: the measure of progress, compressed or not."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb", buffering=0)
        self.done_bytes = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        count = self._file.readinto(buffer) or 0
        self.done_bytes += count
        return count

    def close(self) -> None:
        self._file.close()
        super().close()


@contextmanager
def opened(path: Path) -> Iterator[tuple[BinaryIO, CountedFile]]:
    """The file's bytes with gzip undone, and the raw file beneath."""
    raw = CountedFile(path)
    buffered = io.BufferedReader(raw, 1 << 20)
    try:
        if buffered.peek(2)[:2] == _GZIP:
            with igzip.open(buffered, "rb") as inflated:  # type: ignore[no-untyped-call]
                yield cast(BinaryIO, inflated), raw
        else:
            yield cast(BinaryIO, buffered), raw
    finally:
        buffered.close()


def read_head(path: Path) -> bytes:
    """The first bytes with gzip undone. Raises SufficeError for a file that can't be read or holds nothing."""
    try:
        with opened(path) as (stream, _):
            head = stream.read(HEAD_BYTES)
    except FileNotFoundError:
        raise SufficeError(f"{path} does not exist") from None
    except IsADirectoryError:
        raise SufficeError(f"{path} is a folder: name the files in it") from None
    except DAMAGE as error:
        raise SufficeError(f"{path} can't be read: {getattr(error, 'strerror', None) or error}") from None
    if not head.strip():
        raise SufficeError(f"{path} is empty")
    return head
