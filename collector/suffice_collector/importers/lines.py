"""Lines of a file with their numbers, none of them too long for memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
MAX_LINE_BYTES = 64 * 1024 * 1024  # as much as one OTLP request may have


class LineStream(Protocol):
    def readline(self, limit: int, /) -> bytes: ...


def read_lines(stream: LineStream, limit: int = MAX_LINE_BYTES) -> Iterator[tuple[int, bytes | None]]:
    """(number from 1, the line without its end) of every line that is not blank; None for one over ``limit``.

    A byte order mark at the start is no part of the first line.
    """
    number = 0
    while piece := stream.readline(limit + 1):
        number += 1
        if len(piece) > limit and not piece.endswith(b"\n"):
            while (rest := stream.readline(limit)) and not rest.endswith(b"\n"):
                pass
            yield number, None
            continue
        if number == 1:
            piece = piece.removeprefix(BYTE_ORDER_MARK)
        if line := piece.strip():
            yield number, line
