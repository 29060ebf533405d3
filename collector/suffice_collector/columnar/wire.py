"""An ExportTraceServiceRequest in protobuf to arrays: where each span and each of its attributes lies.

An attribute is one of two kinds. What differs from call to call (ids, counts, texts) has a slot of its own and is read
here; anything else is known by its bytes, and stands for what those meant when they came first (``interning``).
What is unusual about a body ends the scan (MALFORMED: the general decoder says what it is), what is unusual about a
span leaves that span to the general decoder (``OK`` is 0).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from suffice_collector.columnar.native import field, hash_bytes, inlined, is_utf8, native, plain, same_bytes, varint

# Columns of ``spans``; times are Unix nanoseconds, the others places in the body.
OK, GROUP, TRACE, SPAN, PARENT, STARTED, ENDED, BEGIN, END, FIRST, LAST = range(11)
SPAN_COLUMNS = 11

MALFORMED, MORE_SPANS, MORE_ATTRIBUTES, MORE_GROUPS, INTERN_FULL = -1, -2, -3, -4, -5

# How a slot's attribute is read.
TEXT, WHOLE, SMALL, DOUBLE, CONTENT = 0, 1, 2, 3, 4
SLOT = -100  # less the slot's number: what stands for an attribute that was read
LONGEST_TEXT = 512  # bytes of an id; a longer one is read by the general decoder
LONGEST_INTERNED = 65_536
MAX_WHOLE = 2**53
_MAX_SMALL = 2**31 - 1  # of a step or an attempt, which begin with 1
_MAX_TIME = np.uint64(2**63 - 1)


@native
def scan(
    b: Any, spans: Any, slots: Any, attributes: Any, groups: Any, keys: Any, interned: Any, outcome: Any, scope: Any
) -> tuple[int, int, int]:
    """The numbers of spans, attributes and groups (a scope in a resource); the first negative where it ends early.

    ``slots`` [span, slot, 2] must be 0: the place and length of a text, or the value and 1. ``attributes``: the number
    of the interned one, or SLOT - slot. ``groups`` [group, 5]: resource number, place and length of resource and scope.
    """
    key_table, key_places, key_texts, kinds = keys
    table, hashes, places, texts, count = interned  # unpacked once: each time costs a count of references
    n, a, g, resources = 0, 0, 0, 0
    p, end = 0, len(b)
    while p < end:
        number, kind, start, p = field(b, p, end)
        if number < 0 or (number == 1 and kind != 2):
            return MALFORMED, 0, 0
        if number != 1:
            continue
        first_group, resource_at, resource_length = g, 0, -1
        q = start
        while q < p:
            inner, kind, start, q = field(b, q, p)
            if inner < 0 or (inner <= 2 and kind != 2):
                return MALFORMED, 0, 0
            if inner == 1:
                if resource_length >= 0:
                    return MALFORMED, 0, 0  # two are one put together
                resource_at, resource_length = start, q - start
            elif inner == 2:
                if g >= len(groups):
                    return MORE_GROUPS, 0, 0
                n, a, code = _scope(
                    b, start, q, n, a, g, spans, slots, attributes, groups, key_table, key_places, key_texts, kinds,
                    table, hashes, places, texts, count, outcome, scope,
                )  # fmt: skip
                if code < 0:
                    return code, 0, 0
                groups[g, 0] = resources
                g += 1
        for each in range(first_group, g):
            groups[each, 1], groups[each, 2] = resource_at, max(resource_length, 0)
        resources += 1
    return n, a, g


@native
def _scope(
    b: Any, p: int, end: int, n: int, a: int, g: int, spans: Any, slots: Any, attributes: Any, groups: Any,
    key_table: Any, key_places: Any, key_texts: Any, kinds: Any, table: Any, hashes: Any, places: Any, texts: Any, count: Any,
    outcome: Any, scope: Any,
) -> tuple[int, int, int]:  # fmt: skip
    first, ours, named = n, False, False
    groups[g, 3], groups[g, 4] = 0, 0
    while p < end:
        number, kind, start, p = field(b, p, end)
        if number < 0 or (number <= 2 and kind != 2):
            return n, a, MALFORMED
        if number == 1:
            if named:
                return n, a, MALFORMED
            named = True
            groups[g, 3], groups[g, 4] = start, p - start
            q = start
            while q < p:
                inner, kind, at, q = field(b, q, p)
                if inner < 0 or (inner <= 2 and (kind != 2 or not is_utf8(b, at, q))):
                    return n, a, MALFORMED
                if inner == 1:
                    ours = q - at == len(scope) and same_bytes(b, at, scope, 0, len(scope))
        elif number == 2:
            if n >= len(spans):
                return n, a, MORE_SPANS
            a, code = _span(
                b, start, p, n, a, spans, slots, attributes, key_table, key_places, key_texts, kinds, table, hashes, places, texts, count, outcome
            )  # fmt: skip
            if code < 0:
                return n, a, code
            spans[n, GROUP] = g
            n += 1
    if not ours:
        for each in range(first, n):
            spans[each, OK] = 0
    return n, a, 0


@native
def _span(
    b: Any, begin: int, end: int, n: int, a: int, spans: Any, slots: Any, attributes: Any,
    key_table: Any, key_places: Any, key_texts: Any, kinds: Any, table: Any, hashes: Any, places: Any, texts: Any, count: Any, outcome: Any,
) -> tuple[int, int]:  # fmt: skip
    ok, trace, span, parent = 1, -1, -1, -1
    started, ended = np.uint64(0), np.uint64(0)
    spans[n, FIRST] = a
    p = begin
    while p < end:
        number, kind, start, p = field(b, p, end)
        if number < 0:
            return a, MALFORMED
        length = p - start
        if number == 9:
            if kind != 2:
                return a, MALFORMED
            if a >= len(attributes):
                return a, MORE_ATTRIBUTES
            known = _attribute(
                b, start, p, n, slots, key_table, key_places, key_texts, kinds, table, hashes, places, texts, count
            )
            if known == INTERN_FULL:
                return a, INTERN_FULL
            if known == MALFORMED:
                ok = 0
            attributes[a] = known
            a += 1
        elif number == 1 or number == 2 or number == 4:
            if kind != 2:
                return a, MALFORMED
            if number == 1:
                trace = start if length == 16 else -1
            elif number == 2:
                span = start if length == 8 else -1
            else:
                parent = start if length == 8 else (-1 if length == 0 else -2)
        elif number == 5:
            if kind != 2 or not is_utf8(b, start, p):
                return a, MALFORMED
            if length == len(outcome) and same_bytes(b, start, outcome, 0, length):
                ok = 0
        elif number == 7 or number == 8:
            if kind != 1:
                return a, MALFORMED
            value = _fixed64(b, start)
            if number == 7:
                started = value
            else:
                ended = value
        elif number == 15:
            if kind != 2:
                return a, MALFORMED
            q = start
            while q < p:
                inner, kind, _, q = field(b, q, p)
                if inner < 0:
                    return a, MALFORMED
                if inner == 2 or (inner == 3 and kind != 0):
                    ok = 0  # a message
        elif number == 11 or (number == 6 and kind != 0):
            ok = 0  # events
    if (
        trace < 0
        or span < 0
        or parent == -2
        or started > _MAX_TIME
        or ended > _MAX_TIME
        or _is_zero(b, trace, 16)
        or _is_zero(b, span, 8)
        or (parent >= 0 and _is_zero(b, parent, 8))
    ):
        ok = 0
    spans[n, OK], spans[n, TRACE], spans[n, SPAN], spans[n, PARENT] = ok, trace, span, parent
    spans[n, STARTED], spans[n, ENDED] = np.int64(min(started, _MAX_TIME)), np.int64(min(ended, _MAX_TIME))
    spans[n, BEGIN], spans[n, END], spans[n, LAST] = begin, end, a
    return a, 0


@inlined
def _attribute(
    b: Any, start: int, end: int, n: int, slots: Any, key_table: Any, key_places: Any, key_texts: Any, kinds: Any,
    table: Any, hashes: Any, places: Any, texts: Any, count: Any,
) -> Any:  # fmt: skip
    """The number of an interned attribute, or SLOT - slot of one that is read; MALFORMED where it can be neither."""
    number, kind, key_at, p = field(b, start, end)
    if number == 1 and kind == 2 and p < end:
        key_length = p - key_at
        number, kind, value_at, p = field(b, p, end)
        if number == 2 and kind == 2 and p == end and value_at < end:
            slot = _slot_of(b, key_at, key_length, key_table, key_places, key_texts)
            if slot > 0 and _read_slot(b, value_at, end, n, slot, slots, kinds):
                return SLOT - slot
            if slot > 0 and kinds[slot] == CONTENT:
                return MALFORMED
    if end - start > LONGEST_INTERNED:
        return MALFORMED
    return _intern(b, start, end - start, table, hashes, places, texts, count)


@inlined
def _slot_of(b: Any, at: int, length: int, table: Any, places: Any, texts: Any) -> Any:
    """0 where the key has none."""
    mask = len(table) - 1
    place = np.int64(hash_bytes(b, at, length, np.uint64(0))) & mask
    while table[place] > 0:
        slot = table[place]
        if places[slot + 1] - places[slot] == length and same_bytes(texts, places[slot], b, at, length):
            return np.int64(slot)
        place = (place + 1) & mask
    return 0


@inlined
def _read_slot(b: Any, start: int, end: int, n: int, slot: int, slots: Any, kinds: Any) -> bool:
    """Whether the value is of the slot's kind and usual, and the first of its key in this span."""
    number, kind, at, p = field(b, start, end)
    if p != end or slots[n, slot, 1] != 0:
        return False
    wanted = kinds[slot]
    length = p - at
    if wanted == TEXT:
        if number != 1 or kind != 2 or length == 0 or length > LONGEST_TEXT or plain(b, at, p) != p:
            return False
        slots[n, slot, 0], slots[n, slot, 1] = at, length
    elif wanted == CONTENT:
        if number != 1 or kind != 2 or length == 0:
            return False
        slots[n, slot, 0], slots[n, slot, 1] = at, length
    elif wanted in (WHOLE, SMALL):
        if number != 3 or kind != 0:
            return False
        value, _ = varint(b, at, p)
        if value > np.uint64(MAX_WHOLE if wanted == WHOLE else _MAX_SMALL) or (
            wanted == SMALL and value == np.uint64(0)
        ):
            return False
        slots[n, slot, 0], slots[n, slot, 1] = np.int64(value), 1
    else:
        if number != 4 or kind != 1:
            return False
        slots[n, slot, 0], slots[n, slot, 1] = np.int64(_fixed64(b, at)), 1
    return True


@inlined
def _intern(b: Any, start: int, length: int, table: Any, hashes: Any, places: Any, texts: Any, count: Any) -> Any:
    """The number of these bytes, new or known; ``count``: how many there are, and a seed."""
    h = hash_bytes(b, start, length, np.uint64(count[1]))
    mask = len(table) - 1
    place = np.int64(h & np.uint64(mask))
    while table[place] >= 0:
        found = np.int64(table[place])
        at = places[found]
        if hashes[found] == h and places[found + 1] - at == length and same_bytes(texts, at, b, start, length):
            return found
        place = (place + 1) & mask
    new = count[0]
    at = places[new]
    if new + 1 >= len(hashes) or at + length > len(texts):
        return INTERN_FULL
    for i in range(length):
        texts[at + i] = b[start + i]
    hashes[new] = h
    places[new + 1] = at + length
    table[place] = new
    count[0] = new + 1
    return np.int64(new)


@inlined
def _fixed64(b: Any, at: int) -> Any:
    value = np.uint64(0)
    for i in range(8):
        value |= np.uint64(b[at + i]) << np.uint64(8 * i)
    return value


@native
def _is_zero(b: Any, at: int, length: int) -> bool:
    found = np.uint8(0)
    for i in range(length):
        found |= b[at + i]
    return bool(found == 0)
