"""The latest told calls in arrays (``duplicates.told.Lately``): noting one takes 0.1 us, a Python object of it 5.

A ring, and for each kind of key a chain through it for each bucket, newest first. A key is a hash: what two calls seem
to share is compared by the finder, once a telling is made of each.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa

from suffice_collector.columnar.native import SEED, hash_bytes, native
from suffice_collector.duplicates.told import IdKey, TokensKey, ToldCalls, TraceKey

TRACE, RESPONSE, TOKENS = range(3)
KEYS = 3
MOST_PER_KEY = 64  # as in ``duplicates.across_traces``
_ALL = (1 << 64) - 1
_BATCHES_AT_ONCE = 64  # forgotten: the list of the others is moved then
_NO_TEXT = np.frombuffer(b"\0", np.uint8)


class Memory:
    """Of the last ``most`` calls. The batches they came with are kept until the last of their calls is forgotten."""

    def __init__(self, most: int) -> None:
        self._seed = SEED  # goes along where this is moved to another process, whose own is another one
        self._count = 0
        buckets = 1 << max(4, most.bit_length())
        self._hashes = np.zeros((KEYS, most), np.uint64)
        self._older = np.full((KEYS, most), -1, np.int64)
        self._newest = np.full((KEYS, buckets), -1, np.int64)
        self._gone = np.zeros(most, np.bool_)
        self._firsts: list[int] = []  # number of the first call of each batch
        self._batches: list[ToldCalls] = []

    def __len__(self) -> int:
        return min(self._count, len(self._gone))

    def take(self, told: ToldCalls) -> tuple[int, list[int]]:
        first = self._count
        met = np.zeros(len(told), np.bool_)
        _note(told.hashed_by(self), self._hashes, self._older, self._newest, self._gone, first, met)
        self._count += len(told)
        self._firsts.append(first)
        self._batches.append(told)
        self._forget()
        return first, np.flatnonzero(met).tolist()

    def hand_over(self, number: int) -> None:
        if number >= self._count - len(self._gone):
            self._gone[number % len(self._gone)] = True

    def recall(
        self, trace: TraceKey, response: IdKey | None, tokens: TokensKey | None
    ) -> Iterator[tuple[ToldCalls, int]]:
        project = self.of_text(trace[0])
        keys = [(TRACE, _mix(self.of_text(trace[1]), project))]
        if response is not None:
            keys.append((RESPONSE, _mix(self.of_text(response[1]), project)))
        if tokens is not None:
            given, made = tokens[2], -1 if tokens[3] is None else tokens[3]
            counts = np.uint64(given & _ALL), np.uint64(made & _ALL)
            keys.append((TOKENS, _of_tokens(project, self.of_text(tokens[1]), *counts)))
        for kind, key in keys:
            for number in self._find(kind, np.uint64(key)):
                yield self._hand(number)

    def of_text(self, text: str | None) -> Any:
        if text is None:
            return np.uint64(0)
        told = text.encode("utf-8", "replace")
        return np.uint64(hash_bytes(np.frombuffer(told, np.uint8) if told else _NO_TEXT, 0, len(told), self._seed))

    def hashed(self, traces: pa.Array, responses: pa.Array, projects: Any, services: Any, given: Any, made: Any) -> Any:
        keys = np.zeros((len(traces), KEYS), np.uint64)
        _hash(*_bytes_of(traces), *_bytes_of(responses), projects, services, given, made, self._seed, keys)
        return keys

    def _find(self, kind: int, key: Any) -> list[int]:
        found = np.zeros(MOST_PER_KEY, np.int64)
        count = _walk(self._hashes, self._older, self._newest, self._gone, self._count, kind, key, found)
        numbers: list[int] = found[:count].tolist()
        return numbers[::-1]  # in the order they came

    def _hand(self, number: int) -> tuple[ToldCalls, int]:
        self._gone[number % len(self._gone)] = True
        batch = bisect_right(self._firsts, number) - 1
        return self._batches[batch], number - self._firsts[batch]

    def _forget(self) -> None:
        gone = bisect_right(self._firsts, self._count - len(self._gone)) - 1
        if gone >= _BATCHES_AT_ONCE:
            del self._firsts[:gone], self._batches[:gone]


def _bytes_of(texts: pa.Array) -> tuple[Any, Any]:
    """Bytes, and of each text where it begins and how long it is; -1 for none."""
    _, offsets, data = texts.buffers()
    places = np.frombuffer(offsets, np.int32)[texts.offset : texts.offset + len(texts) + 1].astype(np.int64)
    begins = np.stack([places[:-1], np.diff(places)], axis=1)
    if texts.null_count:
        begins[texts.is_null().to_numpy(zero_copy_only=False), 1] = -1
    view = np.frombuffer(data, np.uint8) if data is not None and data.size else _NO_TEXT
    view.flags.writeable = False  # what is compiled for arrays that can be written to is something else
    return view, begins


@native
def _mix(a: Any, b: Any) -> Any:
    h = (a ^ (b * np.uint64(0x9E3779B97F4A7C15))) * np.uint64(0xD6E8FEB86659FD93)
    return (h ^ (h >> np.uint64(32))) | np.uint64(1)  # 0 stands for none


@native
def _of_tokens(project: Any, service: Any, given: Any, made: Any) -> Any:
    return _mix(_mix(_mix(given, made), service), project)


@native
def _hash(
    traces: Any, of_trace: Any, responses: Any, of_response: Any, projects: Any, services: Any, given: Any, made: Any,
    seed: Any, keys: Any,
) -> None:  # fmt: skip
    for row in range(len(keys)):
        keys[row, TRACE] = _mix(hash_bytes(traces, of_trace[row, 0], of_trace[row, 1], seed), projects[row])
        if of_response[row, 1] > 0:
            told = hash_bytes(responses, of_response[row, 0], of_response[row, 1], seed)
            keys[row, RESPONSE] = _mix(told, projects[row])
        if given[row] != 0:
            keys[row, TOKENS] = _of_tokens(projects[row], services[row], np.uint64(given[row]), np.uint64(made[row]))


@native
def _note(keys: Any, hashes: Any, older: Any, newest: Any, gone: Any, count: int, met: Any) -> None:
    """``met``: those that share trace or response id with one before them, which may be of the same batch."""
    size, mask = np.int64(len(gone)), np.uint64(newest.shape[1] - 1)
    for row in range(len(keys)):
        place = count % size
        for kind in range(KEYS):
            key = keys[row, kind]
            hashes[kind, place] = key
            if key == np.uint64(0):
                older[kind, place] = -1
                continue
            bucket = np.int64(key & mask)
            if kind != TOKENS and not met[row]:
                other = newest[kind, bucket]
                while other >= 0 and other > count - size:
                    if hashes[kind, other % size] == key:
                        met[row] = True
                        break
                    other = older[kind, other % size]
            older[kind, place] = newest[kind, bucket]
            newest[kind, bucket] = count
        gone[place] = met[row]
        count += 1


@native
def _walk(
    hashes: Any, older: Any, newest: Any, gone: Any, count: int, kind: int, key: Any, found: Any
) -> int:  # fmt: skip
    """The numbers of those with this key that were not handed over, newest first, and how many."""
    size = np.int64(len(gone))
    n = 0
    number = newest[kind, np.int64(key & np.uint64(newest.shape[1] - 1))]
    while number >= 0 and number >= count - size and n < len(found):
        place = number % size
        if hashes[kind, place] == key and not gone[place]:
            found[n] = number
            n += 1
        number = older[kind, place]
    return n
