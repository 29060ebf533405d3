"""The pieces of a hash, as ``suffice.wire.canonical`` puts them together, and hashes as hex digits."""

from __future__ import annotations

from typing import Any

import numpy as np

from suffice_collector.columnar.blake2 import BLOCK, blake2b_128
from suffice_collector.columnar.native import copy, native

HEX = 32  # digits of a hash
DIGITS = np.frombuffer(b"0123456789abcdef", np.uint8)


@native
def write_piece(room: Any, p: int, names: Any, at: int, length: int) -> int:
    """A piece of a hash: its length, then itself."""
    write_size(room, p, length)
    return copy(room, p + 8, names, at, length)


@native
def write_size(room: Any, p: int, size: int) -> None:
    for i in range(8):
        room[p + i] = (size >> (8 * (7 - i))) & 255


@native
def digest_of(words: Any, room: Any, length: int, digest: Any) -> None:
    padded = max(BLOCK, (length + BLOCK - 1) // BLOCK * BLOCK)
    for i in range(length, padded):
        room[i] = 0
    blake2b_128(words, length, digest)


@native
def write_digest(to: Any, at: int, digest: Any) -> None:
    for half in range(2):
        value = digest[half]
        for i in range(8):
            c = np.int64((value >> np.uint64(8 * i)) & np.uint64(255))
            to[at] = DIGITS[c >> 4]
            to[at + 1] = DIGITS[c & 15]
            at += 2


@native
def write_bytes(to: Any, at: int, b: Any, start: int, length: int) -> None:
    """As hex digits."""
    for i in range(length):
        c = b[start + i]
        to[at + 2 * i] = DIGITS[c >> 4]
        to[at + 2 * i + 1] = DIGITS[c & 15]


@native
def write_hex(b: Any, starts: Any, size: int, out: Any) -> None:
    """So many bytes at each of these places, as hex digits."""
    for row in range(len(starts)):
        write_bytes(out, row * 2 * size, b, starts[row], size)
