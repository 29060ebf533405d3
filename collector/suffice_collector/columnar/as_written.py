"""JSON objects that the store would write as they came, so that no value is made of them: most of what providers say of usage."""

from __future__ import annotations

from typing import Any

import numpy as np

from suffice_collector.columnar.json_text import literal_end, string_end
from suffice_collector.columnar.native import native, same_bytes
from suffice_collector.columnar.wire import OK

DEEPEST, MOST_NAMES = 8, 32  # objects within each other, names of one


@native
def find_as_written(b: Any, spans: Any, slots: Any, slot: int, names: Any, as_written: Any) -> None:
    """Of each span that is OK and tells a text in ``slot``: whether it is one; ``names`` is scratch."""
    for i in range(len(spans)):
        length = slots[i, slot, 1]
        if spans[i, OK] != 0 and length:
            as_written[i] = _is_as_written(b, slots[i, slot, 0], slots[i, slot, 0] + length, names)


@native
def _is_as_written(b: Any, p: int, end: int, names: Any) -> bool:
    """An object of at least one name: no blank, no escape, ASCII, whole numbers, no name twice in an object."""
    counts = np.zeros(DEEPEST, np.int64)
    depth, objects = -1, 0  # a bit for each level: 1 in an object
    if p >= end or b[p] != 123 or (p + 1 < end and b[p + 1] == 125):
        return False
    while p < end:
        c = b[p]
        if c == 123 or c == 91:
            if p + 1 < end and b[p + 1] == c + 2:
                p += 2
            else:
                depth += 1
                if depth == DEEPEST:
                    return False
                counts[depth] = 0
                objects = objects | 1 << depth if c == 123 else objects & ~(1 << depth)
                p += 1
                if c == 123:
                    p = _name(b, p, end, names, depth, counts)
                    if p < 0:
                        return False
                continue
        elif c == 34:
            close, flags = string_end(b, p + 1, end)
            if close < 0 or flags:
                return False
            p = close + 1
        else:
            after = literal_end(b, p, end)
            if after < 0 or (c == 45 and b[p + 1] == 48):
                return False
            for i in range(p, after):
                if b[i] == 46:
                    return False
            p = after
        while depth >= 0 and p < end and b[p] == (125 if objects >> depth & 1 else 93):
            depth -= 1
            p += 1
        if depth < 0:
            return p == end
        if p >= end or b[p] != 44:
            return False
        p += 1
        if objects >> depth & 1:
            p = _name(b, p, end, names, depth, counts)
            if p < 0:
                return False
    return False


@native
def _name(b: Any, p: int, end: int, names: Any, depth: int, counts: Any) -> int:
    """Where the value of the name at ``p`` begins; -1 where it is no plain name, or one that came before."""
    if p >= end or b[p] != 34:
        return -1
    close, flags = string_end(b, p + 1, end)
    if close < 0 or flags or close + 1 >= end or b[close + 1] != 58:
        return -1
    at, length, count = p + 1, close - p - 1, counts[depth]
    if count == MOST_NAMES:
        return -1
    for n in range(count):
        if names[depth, n, 1] == length and same_bytes(b, names[depth, n, 0], b, at, length):
            return -1
    names[depth, count, 0], names[depth, count, 1] = at, length
    counts[depth] = count + 1
    return close + 2
