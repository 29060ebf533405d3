"""The columns of ``calls`` of the spans that were read: what each says itself, else what its template says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc

from suffice import semconv
from suffice_collector.columnar.groups import Group
from suffice_collector.columnar.hashing import write_hex
from suffice_collector.columnar.interning import BEFORE_VALUES, KEYS, SLOT_OF, joined
from suffice_collector.columnar.json_text import INPUT, OUTPUT, OWNER, SIDE
from suffice_collector.columnar.rows import gather, write_attributes, write_chains, write_ids
from suffice_collector.columnar.scanning import Scanned
from suffice_collector.columnar.template_rows import TemplateRows
from suffice_collector.columnar.told import Said, Told
from suffice_collector.columnar.wire import ENDED, GROUP, PARENT, STARTED
from suffice_store.appending import NS_PER_DAY
from suffice_store.arrow_schema import arrow_schema

if TYPE_CHECKING:
    from suffice_collector.columnar.interning import Interned
    from suffice_collector.columnar.reading import UsageTexts, WrittenMessages

_COUNTS = ("input_tokens", "output_tokens", "cache_read_tokens", "cache_write_5m_tokens", "cache_write_1h_tokens",
           "reasoning_tokens", "audio_input_tokens", "audio_output_tokens")  # fmt: skip
_TEXTS = {
    "response_id": semconv.RESPONSE_ID,
    "conversation_id": semconv.CONVERSATION_ID,
    "user_id": semconv.USER_ID,
    "run_id": semconv.RUN_ID,
}
_SCHEMA = arrow_schema("calls")
_FIRST_CHUNK = SLOT_OF[semconv.TIME_TO_FIRST_CHUNK]


class CallColumns:
    """Of the ``chosen`` spans, each with its template."""

    def __init__(
        self,
        scanned: Scanned,
        chosen: Any,
        groups: Sequence[Group],
        template_of: Any,
        rows: TemplateRows,
        written: WrittenMessages,
        interned: Interned,
    ) -> None:
        """``template_of``: the number of each in ``rows``."""
        self._scanned, self._chosen, self._groups, self._written = scanned, chosen, groups, written
        self._interned = interned
        self._spans, self._slots = scanned.spans[chosen], scanned.slots[chosen]
        self._template_of, self._rows = template_of, rows
        self._write_ids()

    def _write_ids(self) -> None:
        n = len(self._chosen)
        names, texts = joined([group.project.encode() for group in self._groups])
        projects = np.stack([names[:-1], np.diff(names)], axis=1)
        calls, traces, ids = (np.empty(n * size, np.uint8) for size in (32, 32, 16))
        write_ids(self._scanned.body, self._scanned.spans, self._chosen, projects, texts, calls, traces, ids)
        self._calls, self._traces, self._ids = (
            fixed_texts(each.reshape(n, -1)) for each in (calls, traces, ids)
        )  # fmt: skip
        parents = np.flatnonzero(self._spans[:, PARENT] >= 0)
        self._parents: list[str | None] = [None] * n
        if len(parents):
            text = np.empty(len(parents) * 16, np.uint8)
            write_hex(self._scanned.body, self._spans[parents, PARENT], 8, text)
            for i, each in zip(parents.tolist(), fixed_texts(text.reshape(-1, 16)).to_pylist(), strict=True):
                self._parents[i] = each

    def table(self, usage_raw: UsageTexts, received_ns: int) -> pa.Table:
        """Rows of ``calls``."""
        own = self._own = self._read(usage_raw, received_ns)
        partly = [name for name in _SCHEMA.names if name not in own or own[name].null_count]
        usual = self._rows.take(partly, self._template_of)
        for name, column in usual.items():
            if name not in own:
                own[name] = column
            elif column.null_count < len(column):
                own[name] = pc.coalesce(own[name], column)
        return pa.Table.from_arrays([own[name] for name in _SCHEMA.names], schema=_SCHEMA)

    def toolsets(self, received_ns: int) -> pa.Table | None:
        """Rows of ``toolsets``, each once."""
        distinct = map(self._rows.templates.__getitem__, np.unique(self._template_of).tolist())
        found = {each.toolset.digest: each.toolset for each in distinct if each.toolset is not None}
        schema = arrow_schema("toolsets")
        if not found:
            return None
        rows = [(*row, received_ns) for row in found.values()]
        return pa.Table.from_arrays(
            [pa.array(values, field.type) for values, field in zip(zip(*rows, strict=True), schema, strict=True)],
            schema=schema,
        )

    def told(self) -> Told:
        """The calls as the finder of duplicates takes them."""
        projects = [each.project for each in self._groups]
        return Told(
            self._calls, self._traces, self._ids, self._parents,
            [projects[g] for g in self._spans[:, GROUP].tolist()], self._rows.templates, self._template_of,
            self._own["response_id"], self._started.copy(), self._ended.copy(),
            self._own["input_tokens"], self._own["output_tokens"], self._said(INPUT), self._said(OUTPUT),
        )  # fmt: skip

    def _read(self, usage_raw: UsageTexts, received_ns: int) -> dict[str, pa.Array]:
        n = len(self._chosen)
        self._started, self._ended = self._spans[:, STARTED], self._spans[:, ENDED]
        counts = self._rows.counts[self._template_of]
        own = {
            "call_id": self._calls,
            "trace_id": self._traces,
            "span_id": self._ids,
            "parent_span_id": pa.array(self._parents, pa.string()),
            "started_day": pa.array(self._started // NS_PER_DAY, pa.int32()),
            "started_ns": pa.array(self._started, pa.int64(), mask=self._started == 0),
            "ended_ns": pa.array(self._ended, pa.int64(), mask=self._ended == 0),
            "received_ns": pa.array(np.full(n, received_ns), pa.int64()),
            "usage_raw": self._usage(usage_raw, counts),
            "attributes": self._attributes(),
        }
        stated = self._slots[:, :, 1].any(axis=0)
        wholes = [(name, getattr(semconv, name.upper()), pa.int64(), counts) for name in _COUNTS]
        wholes += [("step", semconv.STEP, pa.int32(), True), ("attempt", semconv.ATTEMPT, pa.int32(), True)]
        for name, key, kind, told in wholes:
            if stated[SLOT_OF[key]]:
                own[name] = self._whole(SLOT_OF[key], kind, told)
        for name, key in _TEXTS.items():
            if stated[SLOT_OF[key]]:
                own[name] = self._text(SLOT_OF[key])
        runs = self._rows.take(["run_id"], self._template_of)["run_id"]
        own["run_id"] = (
            pc.coalesce(own["run_id"], runs, self._traces) if "run_id" in own else pc.coalesce(runs, self._traces)
        )
        seconds = self._slots[:, _FIRST_CHUNK, 0].view(np.float64) * 1000
        own["time_to_first_token_ms"] = pa.array(seconds, pa.float64(), mask=self._slots[:, _FIRST_CHUNK, 1] == 0)
        own |= self._hashes()
        return own

    def _whole(self, slot: int, kind: pa.DataType, told: Any) -> pa.Array:
        values = self._slots[:, slot]
        return pa.array(values[:, 0], kind, mask=(values[:, 1] == 0) | np.logical_not(told))

    def _usage(self, texts: UsageTexts, counts: Any) -> pa.Array:
        column = self._text(SLOT_OF[semconv.USAGE_RAW], texts.as_written[self._chosen] & counts)
        if not texts.others:
            return column
        others = [texts.others.get(i) if c else None for i, c in zip(self._chosen.tolist(), counts, strict=True)]
        return pc.coalesce(column, pa.array(others, pa.string()))

    def _text(self, slot: int, present: Any = None) -> pa.Array:
        starts, lengths = np.ascontiguousarray(self._slots[:, slot, 0]), np.ascontiguousarray(self._slots[:, slot, 1])
        if present is not None:
            lengths *= present
        out, ends = np.empty(int(lengths.sum()) + 1, np.uint8), np.zeros(len(starts), np.int64)
        gather(self._scanned.body, starts, lengths, out, ends)
        return texts_in(out, ends, lengths != 0)

    def _attributes(self) -> pa.Array:
        stated = self._slots[:, _FIRST_CHUNK, 1] != 0
        values = self._slots[:, _FIRST_CHUNK, 0].view(np.float64).tolist() if stated.any() else []
        doubles = joined([orjson.dumps(x) if s else b"" for x, s in zip(values, stated.tolist(), strict=False)])
        if not values:
            doubles = np.zeros(len(self._chosen) + 1, np.int64), doubles[1]
        suffixes = joined([group.suffix for group in self._groups])
        ends = np.zeros(len(self._chosen), np.int64)
        room = 1_200 * len(self._chosen)
        while True:
            out = np.empty(room, np.uint8)
            used = write_attributes(
                self._scanned.body, self._scanned.spans, self._scanned.slots, self._scanned.attributes, self._chosen,
                KEYS[3], BEFORE_VALUES, doubles, self._interned.fragments, suffixes, out, ends,
            )  # fmt: skip
            if used <= room:
                return texts_in(out[:used], ends)
            room = used

    def _hashes(self) -> dict[str, pa.Array]:
        n, written = len(self._chosen), self._written
        hexes = written.hexes.reshape(-1, 32)
        before, after = np.zeros(n * 32, np.uint8), np.zeros(n * 32, np.uint8)
        told = np.zeros(n, np.int64)
        write_chains(
            written.found, self._chosen, written.first, written.hexes, written.roles, before, after, told
        )  # fmt: skip
        sides = written.found[:, SIDE]
        return {
            "input_hashes": self._lists(hexes, sides != OUTPUT),
            "output_hashes": self._lists(hexes, sides == OUTPUT),
            "chain_before": fixed_texts(before.reshape(n, 32), (told & 1) != 0),
            "chain_after": fixed_texts(after.reshape(n, 32), (told & 2) != 0),
        }

    def _lists(self, hexes: Any, wanted: Any) -> pa.Array:
        counts = np.bincount(self._written.found[wanted, OWNER], minlength=len(self._scanned.spans))[self._chosen]
        offsets = np.zeros(len(counts) + 1, np.int32)
        np.cumsum(counts, out=offsets[1:])
        return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), fixed_texts(hexes[wanted]))

    def _said(self, side: int) -> Said:
        found, said = self._written.found, self._written.said
        last = np.full(len(self._scanned.spans), -1, np.int64)
        numbers = np.flatnonzero(found[:, SIDE] == side)
        last[found[numbers, OWNER]] = numbers  # the last one stays
        of_chosen = last[self._chosen]
        sums = said[of_chosen] if len(said) else np.zeros(len(of_chosen), np.uint64)
        return Said(sums, of_chosen >= 0)


def fixed_texts(digits: Any, present: Any = None) -> pa.Array:
    """Texts of one length each, from a row of bytes each; ``present``: which of them are not null."""
    n, size = digits.shape
    offsets = np.arange(0, (n + 1) * size, size, dtype=np.int32) if n else np.zeros(1, np.int32)
    data = pa.py_buffer(np.ascontiguousarray(digits))
    return pa.Array.from_buffers(pa.string(), n, [_bits(present), pa.py_buffer(offsets), data])


def texts_in(data: Any, ends: Any, present: Any = None) -> pa.Array:
    """Texts that lie behind each other; ``ends``: where each ends."""
    offsets = np.zeros(len(ends) + 1, np.int32)
    offsets[1:] = ends
    data = data[: int(ends[-1])].copy() if len(ends) and ends[-1] * 2 < len(data) else data
    return pa.Array.from_buffers(pa.string(), len(ends), [_bits(present), pa.py_buffer(offsets), pa.py_buffer(data)])


def _bits(present: Any) -> Any:
    return None if present is None else pa.py_buffer(np.packbits(present, bitorder="little"))
