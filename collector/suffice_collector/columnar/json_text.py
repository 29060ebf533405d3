"""Messages as JSON text, read where they lie: most are one text of one role, and need no object to be made.

Every byte is checked as strictly as the general reader does. What is valid but more than one text (tool calls, images,
several parts) is found and left to it, one message at a time; what is not valid leaves the whole span to it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from suffice_collector.columnar.native import character, native, plain

# Columns of ``messages``. A simple one: role and text within their quotes; another: the whole object.
OWNER, SIDE, KIND, ROLE, ROLE_LENGTH, AT, LENGTH, FLAGS = range(8)
MESSAGE_COLUMNS = 8
SIMPLE, OTHER = 0, 1
SYSTEM, INPUT, OUTPUT = 0, 1, 2
ESCAPED, WIDE = 1, 2  # flags of a string: it holds an escape, a character that is not ASCII
INVALID, FULL = -1, -2
_DEEPEST = 60
_LONGEST_ROLE = 32


@native
def read_messages(b: Any, p: int, end: int, owner: int, side: int, messages: Any, m: int) -> int:
    """A list of messages (side SYSTEM: of the parts of one); the number of messages after it, INVALID or FULL."""
    p = _after_blanks(b, p, end)
    if p >= end or b[p] != 91:
        return INVALID
    if side == SYSTEM:
        if m >= len(messages):
            return FULL
        p, kind, at, length, flags = _parts(b, p, end)
        if p < 0 or kind == INVALID or _after_blanks(b, p, end) != end:
            return INVALID
        _note(messages, m, owner, side, kind, at, length, flags)
        messages[m, ROLE], messages[m, ROLE_LENGTH] = -1, 0
        return m + 1
    p = _after_blanks(b, p + 1, end)
    if p < end and b[p] == 93:
        return m if _after_blanks(b, p + 1, end) == end else INVALID
    while True:
        if m >= len(messages):
            return FULL
        p = _message(b, p, end, owner, side, messages, m)
        if p < 0:
            return INVALID
        m += 1
        p = _after_blanks(b, p, end)
        if p >= end:
            return INVALID
        if b[p] == 44:
            p = _after_blanks(b, p + 1, end)
        elif b[p] == 93:
            return m if _after_blanks(b, p + 1, end) == end else INVALID
        else:
            return INVALID


@native
def _note(messages: Any, m: int, owner: int, side: int, kind: int, at: int, length: int, flags: int) -> None:
    messages[m, OWNER], messages[m, SIDE], messages[m, KIND] = owner, side, kind
    messages[m, AT], messages[m, LENGTH], messages[m, FLAGS] = at, length, flags


@native
def _message(b: Any, p: int, end: int, owner: int, side: int, messages: Any, m: int) -> int:
    """Where the object ends that begins at ``p``, noted as message ``m``; INVALID where it is no message."""
    begin = p
    if p >= end or b[p] != 123:
        return INVALID
    role, role_length, kind, at, length, flags = -1, 0, INVALID, 0, 0, 0
    first = True
    while True:
        p = _after_blanks(b, p + 1, end)
        if first and p < end and b[p] == 125:
            break
        first = False
        key, key_end, p = _key(b, p, end)
        if p < 0:
            return INVALID
        if _is(b, key, key_end, 4, 0x656C6F72):  # role
            if role >= 0 or p >= end or b[p] != 34:
                return INVALID
            role = p + 1
            close, role_flags = string_end(b, role, end)
            if close < 0 or role_flags or not 0 < close - role <= _LONGEST_ROLE:
                return INVALID
            role_length, p = close - role, close + 1
        elif _is(b, key, key_end, 5, 0x7374726170):  # parts
            if kind != INVALID:
                return INVALID
            p, kind, at, length, flags = _parts(b, p, end)
            if p < 0 or kind == INVALID:
                return INVALID
        else:
            p = skip_value(b, p, end)
            if p < 0:
                return INVALID
        p = _after_blanks(b, p, end)
        if p >= end:
            return INVALID
        if b[p] == 125:
            break
        if b[p] != 44:
            return INVALID
    if role < 0 or kind == INVALID:
        return INVALID
    if kind == OTHER:
        at, length = begin, p + 1 - begin
    _note(messages, m, owner, side, kind, at, length, flags)
    messages[m, ROLE], messages[m, ROLE_LENGTH] = role, role_length
    return p + 1


@native
def _parts(b: Any, p: int, end: int) -> tuple[int, int, int, int, int]:
    """Where the list at ``p`` ends; SIMPLE with the text's place, length and flags, or OTHER with the list's."""
    after, at, length, flags = _one_text(b, p, end)
    if after >= 0:
        return after, SIMPLE, at, length, flags
    if p >= end or b[p] != 91:
        return INVALID, INVALID, 0, 0, 0
    after = skip_value(b, p, end)
    return after, OTHER if after >= 0 else INVALID, p, after - p, 0


@native
def _one_text(b: Any, p: int, end: int) -> tuple[int, int, int, int]:
    """Where the list at ``p`` ends, if all it holds is one text: its place, length and flags. INVALID for others."""
    nothing = (INVALID, 0, 0, 0)
    p = _inside(b, p, end, 91)
    p = -1 if p < 0 else _inside(b, p, end, 123)
    at, length, flags, is_text, told = -1, 0, 0, False, False
    while True:
        if p < 0:
            return nothing
        key, key_end, p = _key(b, p, end)
        if p < 0 or p >= end:
            return nothing
        if _is(b, key, key_end, 4, 0x65707974):  # type
            if told or b[p] != 34:
                return nothing
            close, _ = string_end(b, p + 1, end)
            told, is_text = True, _is(b, p + 1, close, 4, 0x74786574)  # text
            p = close + 1 if close >= 0 else INVALID
        elif _is(b, key, key_end, 7, 0x746E65746E6F63):  # content
            if at >= 0 or b[p] != 34:
                return nothing
            at = p + 1
            close, flags = string_end(b, at, end)
            length, p = close - at, (close + 1 if close >= 0 else INVALID)
        else:
            p = skip_value(b, p, end)
        if p < 0:
            return nothing
        p = _after_blanks(b, p, end)
        if p < end and b[p] == 125:
            break
        p = _inside(b, p, end, 44)
    p = _after_blanks(b, p + 1, end)
    if p >= end or b[p] != 93 or not is_text or length == 0:
        return nothing
    return p + 1, at, length, flags


@native
def _inside(b: Any, p: int, end: int, opening: int) -> int:
    """Where what follows begins, if this character is at ``p``."""
    return _after_blanks(b, p + 1, end) if p < end and b[p] == opening else INVALID


@native
def _key(b: Any, p: int, end: int) -> tuple[int, int, int]:
    """Where a key begins and ends, and its value begins; the last is INVALID for one that is no plain text."""
    if p >= end or b[p] != 34:
        return 0, 0, INVALID
    close, flags = string_end(b, p + 1, end)
    if close < 0 or flags & ESCAPED:
        return 0, 0, INVALID
    colon = _after_blanks(b, close + 1, end)
    if colon >= end or b[colon] != 58:
        return 0, 0, INVALID
    return p + 1, close, _after_blanks(b, colon + 1, end)


@native
def _is(b: Any, start: int, end: int, length: int, letters: int) -> bool:
    """Whether these bytes are the word of so many letters, which are given as a number, the first one least."""
    if end - start != length:
        return False
    told: Any = 0
    for i in range(length):
        told |= np.int64(b[start + i]) << (8 * i)
    return bool(told == letters)


@native
def _after_blanks(b: Any, p: int, end: int) -> int:
    while p < end and (b[p] == 32 or b[p] == 10 or b[p] == 13 or b[p] == 9):
        p += 1
    return p


@native
def string_end(b: Any, p: int, end: int) -> tuple[int, int]:
    """Where the closing quote is of a string that begins at ``p``, and its flags; INVALID where it is none."""
    flags = 0
    while True:
        p = plain(b, p, end)
        if p >= end:
            return INVALID, 0
        c = b[p]
        if c == 34:
            return p, flags
        if c < 32:
            return INVALID, 0
        if c == 92:
            flags |= ESCAPED
            code, size = escape(b, p, end)
            if code < 0:
                return INVALID, 0
            p += size
        else:
            flags |= WIDE
            size = character(b, p, end)
            if size == 0:
                return INVALID, 0
            p += size


@native
def escape(b: Any, p: int, end: int) -> Any:
    """The character that the escape at ``p`` stands for, and the escape's length; INVALID for none or half of a pair."""
    if p + 1 >= end:
        return INVALID, 0
    c = b[p + 1]
    if c == 34 or c == 92 or c == 47:
        return np.int64(c), 2
    if c == 110:
        return 10, 2
    if c == 116:
        return 9, 2
    if c == 114:
        return 13, 2
    if c == 98:
        return 8, 2
    if c == 102:
        return 12, 2
    if c != 117:
        return INVALID, 0
    code = _hex4(b, p + 2, end)
    if code < 0 or 0xDC00 <= code <= 0xDFFF:
        return INVALID, 0
    if not 0xD800 <= code <= 0xDBFF:
        return code, 6
    if p + 7 >= end or b[p + 6] != 92 or b[p + 7] != 117:
        return INVALID, 0
    low = _hex4(b, p + 8, end)
    if not 0xDC00 <= low <= 0xDFFF:
        return INVALID, 0
    return 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00), 12


@native
def _hex4(b: Any, p: int, end: int) -> Any:
    if p + 4 > end:
        return INVALID
    code: Any = 0
    for i in range(4):
        c = np.int64(b[p + i])
        if 48 <= c <= 57:
            digit = c - 48
        elif 97 <= c <= 102:
            digit = c - 87
        elif 65 <= c <= 70:
            digit = c - 55
        else:
            return INVALID
        code = code * 16 + digit
    return code


@native
def skip_value(b: Any, p: int, end: int) -> int:
    """Where the JSON value at ``p`` ends; INVALID where it is none, or one that readers disagree about."""
    depth, objects = 0, np.uint64(0)  # a bit for each level: 1 in an object
    while True:
        p = _after_blanks(b, p, end)
        if p >= end:
            return INVALID
        c = b[p]
        if c == 34:
            close, _ = string_end(b, p + 1, end)
            if close < 0:
                return INVALID
            p = close + 1
        elif c == 123 or c == 91:
            inner = _after_blanks(b, p + 1, end)
            if inner >= end:
                return INVALID
            if b[inner] == (125 if c == 123 else 93):
                p = inner + 1
            else:
                if depth >= _DEEPEST:
                    return INVALID
                depth += 1
                bit = np.uint64(1) << np.uint64(depth)
                if c == 123:
                    objects |= bit
                    _, _, p = _key(b, inner, end)
                    if p < 0:
                        return INVALID
                else:
                    objects &= ~bit
                    p = inner
                continue
        else:
            p = literal_end(b, p, end)
            if p < 0:
                return INVALID
        while True:
            if depth == 0:
                return p
            p = _after_blanks(b, p, end)
            if p >= end:
                return INVALID
            in_object = (objects >> np.uint64(depth)) & np.uint64(1) == np.uint64(1)
            if b[p] == 44:
                p = _after_blanks(b, p + 1, end)
                if in_object:
                    _, _, p = _key(b, p, end)
                    if p < 0:
                        return INVALID
                break
            if b[p] != (125 if in_object else 93):
                return INVALID
            depth -= 1
            p += 1


@native
def literal_end(b: Any, p: int, end: int) -> int:
    """Of true, false, null, or a number that is short enough to be the same to every reader."""
    c = b[p]
    if c == 116:
        return p + 4 if p + 4 <= end and _is(b, p, p + 4, 4, 0x65757274) else INVALID
    if c == 110:
        return p + 4 if p + 4 <= end and _is(b, p, p + 4, 4, 0x6C6C756E) else INVALID
    if c == 102:
        return p + 5 if p + 5 <= end and _is(b, p, p + 5, 5, 0x65736C6166) else INVALID
    if c == 45:
        p += 1
    digits = _after_digits(b, p, end)
    if digits == p or digits - p > 15 or (b[p] == 48 and digits - p > 1):
        return INVALID
    p = digits
    if p < end and b[p] == 46:
        digits = _after_digits(b, p + 1, end)
        if digits == p + 1 or digits - p > 18:
            return INVALID
        p = digits
    if p < end and (b[p] == 101 or b[p] == 69):
        return INVALID
    return p


@native
def _after_digits(b: Any, p: int, end: int) -> int:
    while p < end and 48 <= b[p] <= 57:
        p += 1
    return p
