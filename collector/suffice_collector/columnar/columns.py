"""The columns of ``calls`` of the spans that were read: what each says itself, else what its template says."""

from __future__ import annotations

from collections.abc import Callable, Sequence
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
from suffice_collector.columnar.templates import Template
from suffice_collector.columnar.wire import ENDED, GROUP, PARENT, STARTED
from suffice_collector.duplicates.halves import Half, ToldCalls
from suffice_collector.duplicates.telling import Telling, rank_of
from suffice_store.appending import NS_PER_DAY
from suffice_store.arrow_schema import arrow_schema

if TYPE_CHECKING:
    from suffice_collector.columnar.interning import Interned
    from suffice_collector.columnar.reading import WrittenMessages

_COUNTS = ("input_tokens", "output_tokens", "cache_read_tokens", "cache_write_5m_tokens", "cache_write_1h_tokens",
           "reasoning_tokens", "audio_input_tokens", "audio_output_tokens")  # fmt: skip
_TEXTS = {
    "response_id": semconv.RESPONSE_ID,
    "conversation_id": semconv.CONVERSATION_ID,
    "user_id": semconv.USER_ID,
    "run_id": semconv.RUN_ID,
}
_FIRST_CHUNK = SLOT_OF[semconv.TIME_TO_FIRST_CHUNK]


class CallColumns:
    """Of the ``chosen`` spans, each with its template."""

    def __init__(
        self,
        scanned: Scanned,
        chosen: Any,
        groups: Sequence[Group],
        templates: Sequence[Any],
        written: WrittenMessages,
        interned: Interned,
    ) -> None:
        self._scanned, self._chosen, self._groups, self._written = scanned, chosen, groups, written
        self._interned = interned
        self._spans, self._slots = scanned.spans[chosen], scanned.slots[chosen]
        self._templates: Sequence[Template] = templates
        distinct: dict[int, int] = {}
        self._template_of = np.array([distinct.setdefault(id(each), len(distinct)) for each in templates])
        by_id = {id(each): each for each in templates}
        self._distinct: list[Template] = [by_id[each] for each in distinct]
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
        self.call_ids: list[str] = self._calls.to_pylist()
        parents = np.flatnonzero(self._spans[:, PARENT] >= 0)
        self._parents: list[str | None] = [None] * n
        if len(parents):
            text = np.empty(len(parents) * 16, np.uint8)
            write_hex(self._scanned.body, self._spans[parents, PARENT], 8, text)
            for i, each in zip(parents.tolist(), fixed_texts(text.reshape(-1, 16)).to_pylist(), strict=True):
                self._parents[i] = each

    def table(self, usage_raw: Sequence[str | None], received_ns: int) -> pa.Table:
        """Rows of ``calls``; ``usage_raw`` of each call, in the order of the chosen."""
        schema = arrow_schema("calls")
        place = {name: number for number, name in enumerate(schema.names)}
        rows = [each.row for each in self._distinct]
        taken = pa.array(self._template_of)
        own = self._own(usage_raw, received_ns)
        columns = []
        for name, field in zip(schema.names, schema, strict=True):
            column = own.get(name)
            if column is None or column.null_count:
                usual = pa.array([row[place[name]] for row in rows], field.type)
                if column is None or usual.null_count < len(usual):
                    usual = usual.take(taken)
                    column = usual if column is None else pc.coalesce(column, usual)
            columns.append(column)
        return pa.Table.from_arrays(columns, schema=schema)

    def toolsets(self, received_ns: int) -> pa.Table | None:
        """Rows of ``toolsets``, each once."""
        found = {each.toolset.digest: each.toolset for each in self._distinct if each.toolset is not None}
        schema = arrow_schema("toolsets")
        if not found:
            return None
        rows = [(*row, received_ns) for row in found.values()]
        return pa.Table.from_arrays(
            [pa.array(values, field.type) for values, field in zip(zip(*rows, strict=True), schema, strict=True)],
            schema=schema,
        )

    def told(self, half_of: Callable[[int], Half]) -> ToldCalls:
        """The calls as the finder of duplicates takes them."""
        starts, ends = self._started.tolist(), self._ended.tolist()
        inputs, outputs = self._count_lists
        asked, answered, has_asked, has_answered = self._said()
        groups = [self._groups[g].project for g in self._spans[:, GROUP].tolist()]
        tellings = [
            Telling(
                call_id, span_id, parent, of.emitter, of.operation, of.models, response, started, ended, given, made,
                said, told, of.failed, of.stream,
                rank_of("suffice", is_asked or is_answered, given is not None, of.has_model),
            )
            for call_id, span_id, parent, of, response, started, ended, given, made, said, told, is_asked, is_answered
            in zip(
                self.call_ids, self._ids.to_pylist(), self._parents, self._templates, self._responses, starts, ends,
                inputs, outputs, asked, answered, has_asked, has_answered, strict=True,
            )
        ]  # fmt: skip
        wholes = [a and b for a, b in zip(has_asked, has_answered, strict=True)]
        return ToldCalls(list(zip(groups, self._traces.to_pylist(), strict=True)), tellings, wholes, half_of)

    def _own(self, usage_raw: Sequence[str | None], received_ns: int) -> dict[str, pa.Array]:
        n = len(self._chosen)
        self._started, self._ended = self._spans[:, STARTED], self._spans[:, ENDED]
        counts = np.array([each.counts for each in self._distinct])[self._template_of]
        own = {
            "call_id": self._calls,
            "trace_id": self._traces,
            "span_id": self._ids,
            "parent_span_id": pa.array(self._parents, pa.string()),
            "started_day": pa.array(self._started // NS_PER_DAY, pa.int32()),
            "started_ns": pa.array(self._started, pa.int64(), mask=self._started == 0),
            "ended_ns": pa.array(self._ended, pa.int64(), mask=self._ended == 0),
            "received_ns": pa.array(np.full(n, received_ns), pa.int64()),
            "usage_raw": pa.array(
                usage_raw if counts.all() else [x if c else None for x, c in zip(usage_raw, counts, strict=True)],
                pa.string(),
            ),
            "attributes": self._attributes(),
        }
        for name in _COUNTS:
            own[name] = self._whole(getattr(semconv, name.upper()), pa.int64(), counts)
        self._count_lists = own["input_tokens"].to_pylist(), own["output_tokens"].to_pylist()
        own["step"] = self._whole(semconv.STEP, pa.int32())
        own["attempt"] = self._whole(semconv.ATTEMPT, pa.int32())
        for name, key in _TEXTS.items():
            own[name] = self._text(SLOT_OF[key])
        usual = pa.array([each.row[_RUN_ID] for each in self._distinct], pa.string()).take(pa.array(self._template_of))
        own["run_id"] = pc.coalesce(own["run_id"], usual, self._traces)
        responses = pa.array([each.row[_RESPONSE_ID] for each in self._distinct], pa.string())
        own["response_id"] = pc.coalesce(own["response_id"], responses.take(pa.array(self._template_of)))
        self._responses = own["response_id"].to_pylist()
        seconds = self._slots[:, _FIRST_CHUNK, 0].view(np.float64) * 1000
        own["time_to_first_token_ms"] = pa.array(seconds, pa.float64(), mask=self._slots[:, _FIRST_CHUNK, 1] == 0)
        own |= self._hashes()
        return own

    def _whole(self, key: str, kind: pa.DataType, counts: Any = None) -> pa.Array:
        slot = self._slots[:, SLOT_OF[key]]
        absent = slot[:, 1] == 0
        return pa.array(slot[:, 0], kind, mask=absent if counts is None else absent | ~counts)

    def _text(self, slot: int) -> pa.Array:
        starts, lengths = np.ascontiguousarray(self._slots[:, slot, 0]), np.ascontiguousarray(self._slots[:, slot, 1])
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

    def _said(self) -> tuple[list[int | None], list[int | None], list[bool], list[bool]]:
        """The checksums of what was last asked and answered, and whether anything was."""
        found, said = self._written.found, self._written.said
        spans = len(self._scanned.spans)
        result: list[Any] = []
        for side in (INPUT, OUTPUT):
            last = np.full(spans, -1, np.int64)
            numbers = np.flatnonzero(found[:, SIDE] == side)
            last[found[numbers, OWNER]] = numbers  # the last one stays
            of_chosen = last[self._chosen]
            sums = said[of_chosen].tolist() if len(said) else [0] * len(of_chosen)
            result.append([s if s and at >= 0 else None for s, at in zip(sums, of_chosen.tolist(), strict=True)])
            result.append((of_chosen >= 0).tolist())
        return result[0], result[2], result[1], result[3]


_NAMES = arrow_schema("calls").names
_RUN_ID, _RESPONSE_ID = _NAMES.index("run_id"), _NAMES.index("response_id")


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
