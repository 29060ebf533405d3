"""A body to arrays of its spans (``wire.scan``), with room made where there is too little."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from google.protobuf.message import DecodeError

from suffice import semconv
from suffice_collector.columnar import wire
from suffice_collector.columnar.interning import KEYS, SLOTS, Interned
from suffice_collector.columnar.json_text import FULL, MESSAGE_COLUMNS
from suffice_collector.columnar.rows import find_messages
from suffice_collector.otlp_values import MalformedBodyError

_OUTCOME = np.frombuffer(semconv.OUTCOME_SPAN.encode(), np.uint8)
_SCOPE = np.frombuffer(semconv.SCOPE.encode(), np.uint8)
_SIDES = np.array(
    [
        next(number for number, (key, _) in enumerate(SLOTS) if key == wanted)
        for wanted in (semconv.SYSTEM_INSTRUCTIONS, semconv.INPUT_MESSAGES, semconv.OUTPUT_MESSAGES)
    ]
)
_BYTES_A_SPAN = 1_000  # a guess that is mended where it is wrong
_BYTES_AN_ATTRIBUTE = 30


@dataclass(slots=True)
class Scanned:
    """The arrays of ``wire.scan``, cut to what was found."""

    body: Any
    spans: Any
    slots: Any
    attributes: Any
    groups: Any


def scan(raw: bytes, interned: Interned) -> Scanned | None:
    """None where the general path must read the body. Decodes what ``interned`` did not know."""
    body = np.frombuffer(raw, np.uint8)
    spans, attributes, groups = len(raw) // _BYTES_A_SPAN + 64, len(raw) // _BYTES_AN_ATTRIBUTE + 256, 64
    while True:
        found = Scanned(
            body,
            np.zeros((spans, wire.SPAN_COLUMNS), np.int64),
            np.zeros((spans, len(SLOTS), 2), np.int64),
            np.empty(attributes, np.int64),
            np.zeros((groups, 5), np.int64),
        )
        n, a, g = wire.scan(
            body, found.spans, found.slots, found.attributes, found.groups, KEYS, interned.arrays, _OUTCOME, _SCOPE
        )
        if n == wire.MORE_SPANS:
            spans *= 4
        elif n == wire.MORE_ATTRIBUTES:
            attributes *= 4
        elif n == wire.MORE_GROUPS:
            groups *= 16
        elif n <= 0:
            return None
        else:
            break
    found.spans, found.slots = found.spans[:n], found.slots[:n]
    found.attributes, found.groups = found.attributes[:a], found.groups[:g]
    try:
        return found if interned.decode_new() else None
    except (DecodeError, MalformedBodyError):
        return None


def messages_of(scanned: Scanned) -> tuple[Any, Any]:
    """The messages of each span that is OK, and the number of each span's first; spans whose texts are odd cease to be
    OK."""
    first = np.zeros(len(scanned.spans) + 1, np.int64)
    room = 8 * len(scanned.spans) + 64
    while True:
        messages = np.zeros((room, MESSAGE_COLUMNS), np.int64)
        count = find_messages(scanned.body, scanned.spans, scanned.slots, _SIDES, messages, first)
        if count != FULL:
            return messages[:count], first
        room *= 4
