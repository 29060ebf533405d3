"""Messages of one text, written canonically and hashed, each once a body.

What is written and hashed here is what ``suffice.wire.canonical`` and ``suffice_store.texts`` write and hash.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from suffice_collector.columnar.blake2 import BLOCK
from suffice_collector.columnar.checksums import checksum, crc_tables
from suffice_collector.columnar.hashing import DIGITS, HEX, digest_of, write_digest, write_piece, write_size
from suffice_collector.columnar.json_text import (
    AT,
    ESCAPED,
    FLAGS,
    KIND,
    LENGTH,
    OTHER,
    OWNER,
    ROLE,
    ROLE_LENGTH,
    SIDE,
    SYSTEM,
    WIDE,
    escape,
)  # fmt: skip
from suffice_collector.columnar.native import copy, native, same_bytes
from suffice_collector.columnar.wire import GROUP

_SYSTEM = np.frombuffer(b"system", np.uint8)
_ASSISTANT = np.frombuffer(b"assistant", np.uint8)
_TOOL = np.frombuffer(b"tool", np.uint8)
_DEVELOPER = np.frombuffer(b"developer", np.uint8)
_MODEL = np.frombuffer(b"model", np.uint8)
_FUNCTION = np.frombuffer(b"function", np.uint8)
_BEGINS = np.frombuffer(b'{"parts":[{"content":"', np.uint8)
_BETWEEN = np.frombuffer(b'","type":"text"}],"role":"', np.uint8)
_ENDS = np.frombuffer(b'"}', np.uint8)
MESSAGE_ROOM = 128  # bytes that a message takes besides its text and its project


@native
def write_messages(
    b: Any, spans: Any, projects: Any, names: Any, messages: Any, digests: Any, hexes: Any, chars: Any, roles: Any,
    said: Any, fresh: Any, texts: Any, ends: Any,
) -> int:  # fmt: skip
    """Hash every simple message; write each new one into ``texts``, of which ``ends`` tells where it ends.

    ``projects`` [group, 2]: place and length in ``names``. ``roles``: 1 for an assistant's. ``said``: the checksum of
    the text, as ``duplicates.telling`` makes it. ``fresh``: the numbers of the new ones. How many of them there are.
    """
    size = 16
    while size < 2 * len(messages):
        size *= 2
    table = np.full(size, -1, np.int64)
    longest = 0
    for m in range(len(messages)):
        longest = max(longest, messages[m, LENGTH])
    scratch = np.zeros((longest + MESSAGE_ROOM + 512) // BLOCK * 16 + 32, np.uint64)
    room = scratch.view(np.uint8)
    decoded = np.zeros(longest + 8, np.uint8)
    crcs = crc_tables()
    count, used = 0, 0
    for m in range(len(messages)):
        if messages[m, KIND] == OTHER:
            continue
        g = spans[messages[m, OWNER], GROUP]
        p = write_piece(room, 0, names, projects[g, 0], projects[g, 1])
        sized = p
        p += 8
        begin = p
        p = copy(room, p, _BEGINS, 0, len(_BEGINS))
        at, length = messages[m, AT], messages[m, LENGTH]
        if messages[m, FLAGS] & ESCAPED:
            p, told, wide = _rewritten(room, p, b, at, length, decoded)
            said[m] = checksum(decoded, 0, told, True, crcs)
            chars[m] = wide
        else:
            p = copy(room, p, b, at, length)
            chars[m] = length
            if messages[m, FLAGS] & WIDE:
                wide = 0
                for i in range(length):
                    wide += 1 if b[at + i] & 0xC0 != 0x80 else 0
                chars[m] = wide
            said[m] = checksum(b, at, at + length, messages[m, FLAGS] & WIDE != 0, crcs)
        p = copy(room, p, _BETWEEN, 0, len(_BETWEEN))
        role_at = p
        p = _write_role(room, p, b, messages[m, SIDE], messages[m, ROLE], messages[m, ROLE_LENGTH])
        roles[m] = p - role_at == 9 and same_bytes(room, role_at, _ASSISTANT, 0, 9)
        p = copy(room, p, _ENDS, 0, 2)
        write_size(room, sized, p - begin)
        digest_of(scratch, room, p, digests[m])
        write_digest(hexes, m * HEX, digests[m])
        place = np.int64(digests[m, 0]) & (size - 1)
        while table[place] >= 0:
            other = table[place]
            if digests[other, 0] == digests[m, 0] and digests[other, 1] == digests[m, 1]:
                break
            place = (place + 1) & (size - 1)
        if table[place] < 0:
            table[place] = m
            used = copy(texts, used, room, begin, p - begin)
            fresh[count], ends[count] = m, used
            count += 1
    return count


@native
def _write_role(room: Any, p: int, b: Any, side: int, at: int, length: int) -> int:
    """The canonical word for a role."""
    if side == SYSTEM or (length == 9 and same_bytes(b, at, _DEVELOPER, 0, 9)):
        return copy(room, p, _SYSTEM, 0, 6)
    if length == 5 and same_bytes(b, at, _MODEL, 0, 5):
        return copy(room, p, _ASSISTANT, 0, 9)
    if length == 8 and same_bytes(b, at, _FUNCTION, 0, 8):
        return copy(room, p, _TOOL, 0, 4)
    return copy(room, p, b, at, length)


@native
def _rewritten(room: Any, p: int, b: Any, at: int, length: int, decoded: Any) -> tuple[int, int, int]:
    """A JSON text as orjson writes it: only what must be escaped is. Also what it stands for, in UTF-8: where the one
    ends, the other's bytes and characters."""
    q, end, told, wide = at, at + length, 0, 0
    while q < end:
        c = b[q]
        if c != 92:
            room[p] = c
            decoded[told] = c
            p += 1
            told += 1
            q += 1
            wide += 1 if c & 0xC0 != 0x80 else 0
            continue
        code, size = escape(b, q, end)
        q += size
        wide += 1
        begun = told
        told = _encode(decoded, told, code)
        short = 0
        if code == 34 or code == 92:
            short = code
        elif code == 10:
            short = 110
        elif code == 13:
            short = 114
        elif code == 9:
            short = 116
        elif code == 8:
            short = 98
        elif code == 12:
            short = 102
        if short:
            room[p], room[p + 1] = 92, short
            p += 2
        elif code < 32:
            room[p], room[p + 1], room[p + 2], room[p + 3] = 92, 117, 48, 48
            room[p + 4], room[p + 5] = DIGITS[code >> 4], DIGITS[code & 15]
            p += 6
        else:
            p = copy(room, p, decoded, begun, told - begun)
    return p, told, wide


@native
def _encode(to: Any, p: int, code: int) -> int:
    """One character in UTF-8."""
    if code < 0x80:
        to[p] = code
        return p + 1
    if code < 0x800:
        to[p], to[p + 1] = 0xC0 | code >> 6, 0x80 | code & 63
        return p + 2
    if code < 0x10000:
        to[p], to[p + 1], to[p + 2] = 0xE0 | code >> 12, 0x80 | code >> 6 & 63, 0x80 | code & 63
        return p + 3
    to[p], to[p + 1] = 0xF0 | code >> 18, 0x80 | code >> 12 & 63
    to[p + 2], to[p + 3] = 0x80 | code >> 6 & 63, 0x80 | code & 63
    return p + 4
