"""Attributes known by their bytes: most of a call's are the same from call to call, so that each is decoded once.

Those that differ from call to call have a slot each (``SLOTS``) and are read where they lie.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import orjson
from opentelemetry.proto.common.v1.common_pb2 import KeyValue

from suffice import semconv
from suffice_collector.columnar.native import SEED, hash_bytes
from suffice_collector.columnar.wire import CONTENT, DOUBLE, SMALL, TEXT, WHOLE
from suffice_collector.dialects.suffice import CONTENT_KEYS
from suffice_collector.otlp_values import attribute_value

MOST = 32_000  # attributes, then all are forgotten: ids in attributes that have no slot come once and never again
MOST_BYTES = 8_000_000

# Slot 0 is none. In this order the columns of a Usage, then what else is read.
SLOTS: tuple[tuple[str, int], ...] = (
    ("", CONTENT),
    (semconv.INPUT_TOKENS, WHOLE),
    (semconv.OUTPUT_TOKENS, WHOLE),
    (semconv.CACHE_READ_TOKENS, WHOLE),
    (semconv.CACHE_WRITE_5M_TOKENS, WHOLE),
    (semconv.CACHE_WRITE_1H_TOKENS, WHOLE),
    (semconv.REASONING_TOKENS, WHOLE),
    (semconv.AUDIO_INPUT_TOKENS, WHOLE),
    (semconv.AUDIO_OUTPUT_TOKENS, WHOLE),
    (semconv.CACHE_WRITE_TOKENS, WHOLE),
    (semconv.STEP, SMALL),
    (semconv.ATTEMPT, SMALL),
    (semconv.RESPONSE_ID, TEXT),
    (semconv.RUN_ID, TEXT),
    (semconv.CONVERSATION_ID, TEXT),
    (semconv.USER_ID, TEXT),
    (semconv.TIME_TO_FIRST_CHUNK, DOUBLE),
    (semconv.SYSTEM_INSTRUCTIONS, CONTENT),
    (semconv.INPUT_MESSAGES, CONTENT),
    (semconv.OUTPUT_MESSAGES, CONTENT),
    (semconv.USAGE_RAW, CONTENT),
)
SLOT_OF = {key: number for number, (key, _) in enumerate(SLOTS)}


def joined(texts: Sequence[bytes]) -> tuple[Any, Any]:
    """Places (one more than texts) and bytes, as the compiled functions take them."""
    places = np.zeros(len(texts) + 1, np.int64)
    np.cumsum([len(each) for each in texts], out=places[1:])
    return places, np.frombuffer(b"".join(texts) or b"\0", np.uint8)


def _key_table() -> tuple[Any, Any, Any, Any]:
    places, texts = joined([key.encode() for key, _ in SLOTS])
    table = np.zeros(128, np.int32)
    for slot in range(1, len(SLOTS)):
        place = int(hash_bytes(texts, places[slot], places[slot + 1] - places[slot], np.uint64(0))) & 127
        while table[place]:
            place = (place + 1) & 127
        table[place] = slot
    return table, places, texts, np.array([kind for _, kind in SLOTS], np.int32)


KEYS = _key_table()
BEFORE_VALUES = joined([orjson.dumps(key) + b":" for key, _ in SLOTS])


class Interned:
    """What came so far. ``arrays`` for the scan; ``owners`` and ``fragments`` after ``decode_new``."""

    def __init__(self) -> None:
        self._owner_of = dict(SLOT_OF)  # a key -> its number, which for a slot's is the slot
        table = np.full(1 << 16, -1, np.int32)
        self.arrays = (
            table,
            np.zeros(MOST + 1, np.uint64),
            np.zeros(MOST + 2, np.int64),
            np.empty(MOST_BYTES, np.uint8),
            np.array([0, int(SEED >> np.uint64(1))], np.int64),
        )
        self.owners = np.zeros(MOST + 1, np.int64)
        self._places = np.zeros(MOST + 2, np.int64)
        self._texts = np.empty(MOST_BYTES * 2, np.uint8)
        self._decoded = 0

    @property
    def fragments(self) -> tuple[Any, Any]:
        """Each attribute as ``"key":value`` in JSON; nothing for one that becomes a field of the call."""
        return self._places, self._texts

    @property
    def key_count(self) -> int:
        return len(self._owner_of)

    def decode_new(self) -> bool:
        """What the last scan saw first. False where there is no room; raises DecodeError, MalformedBodyError."""
        for number in range(self._decoded, int(self.arrays[4][0])):
            key, value = self.attribute(number)
            fragment = b"" if key in CONTENT_KEYS else orjson.dumps({key: value})[1:-1]
            at = int(self._places[number])
            if at + len(fragment) > len(self._texts):
                return False
            self._texts[at : at + len(fragment)] = np.frombuffer(fragment, np.uint8)
            self._places[number + 1] = at + len(fragment)
            self.owners[number] = self._owner_of.setdefault(key, len(self._owner_of))
            self._decoded = number + 1
        return True

    def attribute(self, number: int) -> tuple[str, Any]:
        """Key and value; the value is the caller's own."""
        places, texts = self.arrays[2], self.arrays[3]
        pair = KeyValue.FromString(texts[places[number] : places[number + 1]].tobytes())
        return pair.key, pair.value.string_value or attribute_value(pair.value)
