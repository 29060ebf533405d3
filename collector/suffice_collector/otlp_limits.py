"""How much a body may hold, looked at before it is decoded: 300 kB of gzip can be 60 MB of thirty million empty spans.

Decoding those took minutes and gigabytes. Real telemetry is far from here: 8,192 spans of 26 attributes are some 900,000
values. A body under 4 MB can't hold too many values, so that most are not looked at; items are counted where the
byte that begins one is there often enough.
"""

from __future__ import annotations

from suffice_collector.bodies import BodyTooLargeError

MOST_VALUES = 4_000_000  # of one body: attributes, elements of lists, events; some 40 to 250 bytes each in memory
MOST_ITEMS = 100_000  # spans or log records
_BEGINNINGS = b"\x00\x0a\x12\x4a\x5a\x6a"  # an empty field's length; tags of keys, values, attributes, events, links
_ITEM = b"\x12"  # field 2, a message: scope_spans in resource_spans, spans in them; the same for logs
_LEVELS = (1, 2, 2)  # fields on the way to an item
_LEAST_JSON_OBJECT = 8  # bytes for each, on average, where there are many: a real attribute takes 40


def check_values(body: bytes, json: bool) -> None:
    """Raises BodyTooLargeError."""
    if json:
        _check_json(body)
    elif len(body) > MOST_VALUES and sum(body.count(each) for each in _BEGINNINGS) > MOST_VALUES:
        raise BodyTooLargeError(f"the body holds more than {MOST_VALUES:,} values; send smaller batches")
    elif len(body) > 2 * MOST_ITEMS and body.count(_ITEM) + body.count(b"\x0a") > MOST_ITEMS and _has_many_items(body):
        raise BodyTooLargeError(f"the body holds more than {MOST_ITEMS:,} items; send smaller batches")


def _check_json(body: bytes) -> None:
    if len(body) <= 2 * MOST_ITEMS:
        return
    found = body.count(b"{")
    if found > MOST_ITEMS and found * _LEAST_JSON_OBJECT > len(body):
        raise BodyTooLargeError(f"the body holds {found:,} objects in {len(body):,} bytes; send smaller batches")
    if found + body.count(b"[") + body.count(b",") > MOST_VALUES:
        raise BodyTooLargeError(f"the body holds more than {MOST_VALUES:,} values; send smaller batches")


def _has_many_items(body: bytes) -> bool:
    """Whether resources, scopes and items together are more than MOST_ITEMS. What is malformed is the decoder's to say."""
    try:
        return _count(body, 0, len(body), 0, 0) > MOST_ITEMS
    except IndexError:
        return False


def _count(body: bytes, at: int, end: int, level: int, found: int) -> int:
    """``found`` and what the message between ``at`` and ``end`` adds; stops beyond MOST_ITEMS."""
    while at < end and found <= MOST_ITEMS:
        tag, at = varint(body, at)
        kind = tag & 7
        if kind == 2:
            size, at = varint(body, at)
            if tag >> 3 == _LEVELS[level]:
                found += 1
                if level + 1 < len(_LEVELS):
                    found = _count(body, at, min(at + size, end), level + 1, found)
            at += size
        elif kind == 0:
            _, at = varint(body, at)
        elif kind in (1, 5):
            at += 8 if kind == 1 else 4
        else:
            return found
    return found


def varint(body: bytes, at: int) -> tuple[int, int]:
    """A number and where it ends. Raises IndexError where it does not."""
    value = shift = 0
    while True:
        byte = body[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
