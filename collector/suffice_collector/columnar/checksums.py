"""What ``duplicates.telling.said_of`` makes of a text, for texts in arrays."""

from __future__ import annotations

from typing import Any

import numpy as np

from suffice_collector.columnar.native import character, load8, native

SAID_CHARS = 2_000  # as in ``duplicates.telling``


@native
def crc_tables() -> Any:
    """Of CRC-32 (zlib's), eight bytes at a time."""
    tables = np.zeros(8 * 256, np.uint64)
    for i in range(256):
        c = np.uint64(i)
        for _ in range(8):
            c = (c >> np.uint64(1)) ^ (np.uint64(0xEDB88320) if c & np.uint64(1) else np.uint64(0))
        tables[i] = c
    for k in range(1, 8):
        for i in range(256):
            c = tables[(k - 1) * 256 + i]
            tables[k * 256 + i] = tables[c & np.uint64(255)] ^ (c >> np.uint64(8))
    return tables


@native
def checksum(text: Any, at: int, end: int, wide: bool, tables: Any) -> Any:
    """CRC-32 and length of the last SAID_CHARS characters without blanks around them; 0 where none are left."""
    start, characters = max(at, end - SAID_CHARS), 0
    if wide:
        start = end
    while wide and start > at and characters < SAID_CHARS:
        start -= 1
        characters += 1 if text[start] & 0xC0 != 0x80 else 0
    while start < end:
        size = _blank(text, start, end)
        if size == 0:
            break
        start += size
    while start < end:
        last = end - 1
        while last > start and text[last] & 0xC0 == 0x80:
            last -= 1
        if _blank(text, last, end) == 0:
            break
        end = last
    if start == end:
        return np.uint64(0)
    c = np.uint64(0xFFFFFFFF)
    p, low = start, np.uint64(255)
    while p + 8 <= end:
        v = load8(text, p) ^ c
        c = (
            tables[np.uint64(1792) + (v & low)] ^ tables[np.uint64(1536) + (v >> np.uint64(8) & low)]
            ^ tables[np.uint64(1280) + (v >> np.uint64(16) & low)] ^ tables[np.uint64(1024) + (v >> np.uint64(24) & low)]
            ^ tables[np.uint64(768) + (v >> np.uint64(32) & low)] ^ tables[np.uint64(512) + (v >> np.uint64(40) & low)]
            ^ tables[np.uint64(256) + (v >> np.uint64(48) & low)] ^ tables[v >> np.uint64(56)]
        )  # fmt: skip
        p += 8
    while p < end:
        c = tables[(c ^ np.uint64(text[p])) & low] ^ (c >> np.uint64(8))
        p += 1
    return (c ^ np.uint64(0xFFFFFFFF)) << np.uint64(32) | np.uint64(end - start)


@native
def _blank(text: Any, p: int, end: int) -> int:
    """The bytes of the white space at ``p`` (what ``str.strip`` takes away); 0 where it is none."""
    c = text[p]
    if c < 128:
        return 1 if c == 32 or 9 <= c <= 13 or 28 <= c <= 31 else 0
    size = character(text, p, end)
    if size == 2:
        return 2 if c == 0xC2 and (text[p + 1] == 0x85 or text[p + 1] == 0xA0) else 0
    if size != 3:
        return 0
    code = (np.int64(c) & 15) << 12 | (np.int64(text[p + 1]) & 63) << 6 | np.int64(text[p + 2]) & 63
    if code == 0x1680 or 0x2000 <= code <= 0x200A or code == 0x2028 or code == 0x2029:
        return 3
    return 3 if code == 0x202F or code == 0x205F or code == 0x3000 else 0
