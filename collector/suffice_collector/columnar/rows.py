"""Spans that were scanned to shapes, ids, chains of hashes and attributes.

What is written and hashed here is what ``suffice.wire.canonical`` and ``dialects.place`` write and hash.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from suffice_collector.columnar.hashing import HEX, digest_of, write_bytes, write_digest, write_piece, write_size
from suffice_collector.columnar.json_text import FULL, OUTPUT, SIDE, read_messages
from suffice_collector.columnar.native import copy, native
from suffice_collector.columnar.wire import CONTENT, DOUBLE, FIRST, GROUP, LAST, OK, SLOT, SPAN, TEXT, TRACE

_OF_SPAN = np.frombuffer(b"\0\0\0\0\0\0\0\x04span\0\0\0\0\0\0\0\x20", np.uint8)


@native
def classify(spans: Any, slots: Any, attributes: Any, owners: Any, seen: Any, shapes: Any, shape_of: Any) -> int:
    """Spans by their interned attributes: ``shape_of`` each, ``shapes`` the first span of each; how many there are.

    A span that says a key twice is left out: ``owners`` is the key of each interned attribute, ``seen`` is 0.
    """
    n, found = len(shape_of), 0
    size = 16
    while size < 2 * n:
        size *= 2
    table = np.full(size, -1, np.int64)
    hashes = np.zeros(n, np.uint64)
    for i in range(n):
        shape_of[i] = -1
        if spans[i, OK] == 0:
            continue
        h = np.uint64(spans[i, GROUP]) + np.uint64(0x9E3779B97F4A7C15)
        for a in range(spans[i, FIRST], spans[i, LAST]):
            each = attributes[a]
            key = SLOT - each if each <= SLOT else owners[each]
            if seen[key] == i + 1:
                spans[i, OK] = 0
                break
            seen[key] = i + 1
            if each > SLOT:
                h = (h ^ np.uint64(each)) * np.uint64(0xD6E8FEB86659FD93)
                h ^= h >> np.uint64(32)
        if spans[i, OK] == 0:
            continue
        place = np.int64(h & np.uint64(size - 1))
        while table[place] >= 0:
            other = table[place]
            if hashes[other] == h and _same_shape(spans, attributes, shapes[other], i):
                shape_of[i] = other
                break
            place = (place + 1) & (size - 1)
        if shape_of[i] < 0:
            table[place], hashes[found], shapes[found], shape_of[i] = found, h, i, found
            found += 1
    return found


@native
def _same_shape(spans: Any, attributes: Any, i: int, j: int) -> bool:
    if spans[i, GROUP] != spans[j, GROUP]:
        return False
    p, q = spans[i, FIRST], spans[j, FIRST]
    while True:
        while p < spans[i, LAST] and attributes[p] <= SLOT:
            p += 1
        while q < spans[j, LAST] and attributes[q] <= SLOT:
            q += 1
        if p == spans[i, LAST] or q == spans[j, LAST]:
            return bool(p == spans[i, LAST] and q == spans[j, LAST])
        if attributes[p] != attributes[q]:
            return False
        p += 1
        q += 1


@native
def find_messages(b: Any, spans: Any, slots: Any, sides: Any, messages: Any, first: Any) -> int:
    """The messages of each span that is OK, in the order of the call: system, input, output; how many, or FULL.

    ``sides``: the slot of each. ``first`` [span + 1]: the number of its first message.
    """
    m = 0
    for i in range(len(spans)):
        first[i] = m
        if spans[i, OK] == 0:
            continue
        begun = m
        for side in range(3):
            length = slots[i, sides[side], 1]
            if length:
                at = slots[i, sides[side], 0]
                m = read_messages(b, at, at + length, i, side, messages, m)
                if m == FULL:
                    return FULL
                if m < 0:
                    spans[i, OK], m = 0, begun
                    break
    first[len(spans)] = m
    return m


@native
def write_ids(b: Any, spans: Any, chosen: Any, projects: Any, names: Any, calls: Any, traces: Any, ids: Any) -> None:
    """Of each chosen span its call id, trace id and span id in hex digits."""
    scratch = np.zeros(64, np.uint64)
    room = scratch.view(np.uint8)
    digest = np.zeros(2, np.uint64)
    for row in range(len(chosen)):
        i = chosen[row]
        g = spans[i, GROUP]
        write_bytes(traces, row * 32, b, spans[i, TRACE], 16)
        write_bytes(ids, row * 16, b, spans[i, SPAN], 8)
        p = write_piece(room, 0, names, projects[g, 0], projects[g, 1])
        p = copy(room, p, _OF_SPAN, 0, len(_OF_SPAN))
        p = copy(room, p, traces, row * 32, 32)
        write_size(room, p, 16)
        p = copy(room, p + 8, ids, row * 16, 16)
        digest_of(scratch, room, p, digest)
        write_digest(calls, row * HEX, digest)


@native
def write_chains(
    messages: Any, chosen: Any, first: Any, hexes: Any, roles: Any, before: Any, after: Any, told: Any
) -> None:
    """``chains`` of each chosen span; ``told`` [row]: 1 where there is a before, 2 where there is an after."""
    scratch = np.zeros(16, np.uint64)
    room = scratch.view(np.uint8)
    digest = np.zeros(2, np.uint64)
    link = np.zeros(HEX, np.uint8)
    for row in range(len(chosen)):
        start, end = first[chosen[row]], first[chosen[row] + 1]
        answer = start
        while answer < end and messages[answer, SIDE] != OUTPUT:
            answer += 1
        last = answer - 1
        while last >= start and not roles[last]:
            last -= 1
        length = 0
        told[row] = 0
        for m in range(start, min(answer + 1, end)):
            write_size(room, 0, length)
            p = copy(room, 8, link, 0, length)
            write_size(room, p, HEX)
            p = copy(room, p + 8, hexes, m * HEX, HEX)
            digest_of(scratch, room, p, digest)
            write_digest(link, 0, digest)
            length = HEX
            if m == last:
                copy(before, row * HEX, link, 0, HEX)
                told[row] |= 1
            if m == answer:
                copy(after, row * HEX, link, 0, HEX)
                told[row] |= 2


@native
def write_attributes(
    b: Any, spans: Any, slots: Any, attributes: Any, chosen: Any, kinds: Any, keys: Any, doubles: Any, fragments: Any,
    suffixes: Any, out: Any, ends: Any,
) -> Any:  # fmt: skip
    """The attributes of each chosen span as a JSON object. How many bytes; they are written only if ``out`` has room.

    ``keys``: what stands before a slot's value; ``doubles``: of each chosen span its number with a point; ``fragments``:
    of each interned attribute; ``suffixes``: of each group what stands behind all. Each is (places, bytes).
    """
    used = 0
    room = len(out)
    for row in range(len(chosen)):
        i = chosen[row]
        need = 2 + suffixes[0][spans[i, GROUP] + 1] - suffixes[0][spans[i, GROUP]]
        for a in range(spans[i, FIRST], spans[i, LAST]):
            each = attributes[a]
            if each > SLOT:
                need += 1 + fragments[0][each + 1] - fragments[0][each]
            else:
                slot = SLOT - each
                need += 1 + keys[0][slot + 1] - keys[0][slot] + 24
                if kinds[slot] == TEXT:
                    need += slots[i, slot, 1]
        if used + need > room:
            return used + need + (need + 64) * (len(chosen) - row)
        begin = used
        out[used] = 123
        used += 1
        for a in range(spans[i, FIRST], spans[i, LAST]):
            each = attributes[a]
            if each > SLOT:
                start, length = fragments[0][each], fragments[0][each + 1] - fragments[0][each]
                if length:
                    used = copy(out, used, fragments[1], start, length)
                    out[used] = 44
                    used += 1
                continue
            slot = SLOT - each
            if kinds[slot] == CONTENT:
                continue
            used = copy(out, used, keys[1], keys[0][slot], keys[0][slot + 1] - keys[0][slot])
            if kinds[slot] == TEXT:
                out[used] = 34
                used = copy(out, used + 1, b, slots[i, slot, 0], slots[i, slot, 1])
                out[used] = 34
                used += 1
            elif kinds[slot] == DOUBLE:
                used = copy(out, used, doubles[1], doubles[0][row], doubles[0][row + 1] - doubles[0][row])
            else:
                used = _write_number(out, used, slots[i, slot, 0])
            out[used] = 44
            used += 1
        g = spans[i, GROUP]
        used = copy(out, used, suffixes[1], suffixes[0][g], suffixes[0][g + 1] - suffixes[0][g])
        if out[used - 1] == 44:
            used -= 1
        out[used] = 125
        used += 1
        ends[row] = used
        if used - begin == 2:
            return -1
    return used


@native
def _write_number(out: Any, p: int, value: int) -> int:
    digits = 1
    rest = value // 10
    while rest:
        digits += 1
        rest //= 10
    rest = value
    for i in range(digits - 1, -1, -1):
        out[p + i] = 48 + rest % 10
        rest //= 10
    return p + digits


@native
def gather(b: Any, starts: Any, lengths: Any, out: Any, ends: Any) -> None:
    """The texts at these places, one behind the other."""
    used = 0
    for i in range(len(starts)):
        used = copy(out, used, b, starts[i], lengths[i])
        ends[i] = used
