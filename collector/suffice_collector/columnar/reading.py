"""Our SDK's spans to rows of ``calls`` and ``messages``, a whole body at a time: the same rows as the general path makes.

Only what differs from call to call is read of each span, by compiled functions that leave the interpreter free; what is the
same in many is read once by the general path itself (``templates``). A span that is in any way unusual is left to that
path, and so is a body that is. tests/collector/columnar compares both.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
from google.protobuf.message import DecodeError

from suffice import semconv
from suffice.wire.call import Message
from suffice.wire.canonical import CANONICAL_VERSION, canonical_role
from suffice_collector.columnar import Read
from suffice_collector.columnar.columns import CallColumns, fixed_texts, texts_in
from suffice_collector.columnar.groups import Group, Groups, SpanBytes
from suffice_collector.columnar.interning import SLOT_OF, Interned
from suffice_collector.columnar.json_text import AT, KIND, LENGTH, OTHER, OWNER, ROLE, ROLE_LENGTH, SIDE, SYSTEM
from suffice_collector.columnar.rows import classify
from suffice_collector.columnar.sample import sample_body
from suffice_collector.columnar.scanning import Scanned, messages_of, scan
from suffice_collector.columnar.templates import Template, template_of
from suffice_collector.columnar.texts import MESSAGE_ROOM, write_messages
from suffice_collector.columnar.wire import BEGIN, END, FIRST, GROUP, LAST, OK, SLOT
from suffice_collector.duplicates.telling import said_of
from suffice_collector.otlp_values import MalformedBodyError
from suffice_store.arrow_schema import arrow_schema
from suffice_store.texts import KnownTexts, Texts

_RAW, _FIRST_CHUNK = SLOT_OF[semconv.USAGE_RAW], SLOT_OF[semconv.TIME_TO_FIRST_CHUNK]
_MOST_TEMPLATES = 2_000
_NEW_TEMPLATES = 64  # of one body, or a quarter of its spans: one costs as much as a span of the general path


@dataclass(slots=True)
class WrittenMessages:
    """The messages of a body's spans: ``hexes`` their hashes, ``said`` the checksums of their texts (0: none)."""

    found: Any
    first: Any
    hexes: Any
    said: Any
    roles: Any
    table: pa.Table | None


class Reader:
    """One thread's; remembers attributes, resources and templates."""

    def __init__(self, known: KnownTexts | None = None) -> None:
        self._known = known or KnownTexts()
        self._interned = Interned()
        self._groups = Groups()
        self._templates: dict[tuple[Any, ...], Template | None] = {}

    def prepare(self) -> None:
        """Compile, or load what was compiled. Raises OSError or RuntimeError where there is nowhere to keep it."""
        read = self.read(sample_body(), 1)
        if read is None or read.count != 1 or read.left:
            raise RuntimeError("the sample was not read")  # pragma: no cover
        self._forget()

    def read(self, body: bytes, received_ns: int, project: str = "") -> Read | None:
        """``body`` is an ExportTraceServiceRequest in protobuf; None where the general path must read all of it."""
        scanned = scan(body, self._interned)
        if scanned is None:
            self._forget()  # full, or of a body that is not what it says
            scanned = scan(body, self._interned)
            if scanned is None:
                return None
        try:
            groups = [
                self._groups.find(body[r : r + rl], body[s : s + sl], project)
                for _, r, rl, s, sl in scanned.groups.tolist()
            ]
        except (DecodeError, MalformedBodyError):
            return None
        templates, of_span = self._shapes(scanned, groups)
        raws = _usage_texts(scanned, body)
        written = _write_messages(scanned, body, groups, self._known, received_ns)
        chosen = np.flatnonzero(scanned.spans[:, OK])
        if not len(chosen):
            return None
        columns = CallColumns(
            scanned, chosen, groups, [templates[each] for each in of_span[chosen].tolist()], written, self._interned
        )
        tables = {"calls": columns.table([raws.get(each) for each in chosen.tolist()], received_ns)}
        if written.table is not None:
            tables["messages"] = written.table
        toolsets = columns.toolsets(received_ns)
        if toolsets is not None:
            tables["toolsets"] = toolsets

        def half_of(number: int) -> SpanBytes:
            span = scanned.spans[chosen[number]]
            return SpanBytes(columns.call_ids[number], groups[span[GROUP]], body[span[BEGIN] : span[END]])

        left = frozenset(np.flatnonzero(scanned.spans[:, OK] == 0).tolist())
        return Read(tables, columns.told(half_of), len(chosen), left)

    def _shapes(self, scanned: Scanned, groups: list[Group]) -> tuple[list[Template | None], Any]:
        spans = scanned.spans
        shapes, of_span = np.zeros(len(spans), np.int64), np.zeros(len(spans), np.int64)
        seen = np.zeros(self._interned.key_count + 1, np.int64)
        found = classify(spans, scanned.slots, scanned.attributes, self._interned.owners, seen, shapes, of_span)
        templates: list[Template | None] = []
        room = max(_NEW_TEMPLATES, len(spans) // 4)
        for i in shapes[:found].tolist():
            numbers = scanned.attributes[spans[i, FIRST] : spans[i, LAST]]
            numbers = numbers[numbers > SLOT]
            group = groups[spans[i, GROUP]]
            key = (group.number, numbers.tobytes())
            if key not in self._templates and room:
                room -= 1
                attributes = dict(map(self._interned.attribute, numbers.tolist()))
                if len(self._templates) >= _MOST_TEMPLATES:
                    self._templates.clear()
                self._templates[key] = template_of(attributes, group.resource, group.scope, group.version)
            templates.append(self._templates.get(key))
        known = np.array([each is not None for each in templates] or [False])
        spans[:, OK] &= known[of_span]
        return templates, of_span

    def _forget(self) -> None:
        self._interned = Interned()
        self._templates.clear()
        self._groups = Groups()


def _usage_texts(scanned: Scanned, body: bytes) -> dict[int, str | None]:
    """``usage_raw`` of each span that states one, as the store writes it. What can't be read leaves its span out."""
    spans, texts = scanned.spans, {}
    stated = (spans[:, OK] != 0) & (scanned.slots[:, _RAW, 1] != 0)
    numbers = np.flatnonzero(stated)
    for i, (at, length) in zip(numbers.tolist(), scanned.slots[numbers, _RAW].tolist(), strict=True):
        try:
            value = orjson.loads(body[at : at + length])
        except ValueError:
            spans[i, OK] = 0
            continue
        texts[i] = orjson.dumps(value).decode() if value and isinstance(value, dict) else None
    doubles = np.flatnonzero((spans[:, OK] != 0) & (scanned.slots[:, _FIRST_CHUNK, 1] != 0))
    for i, value in zip(
        doubles.tolist(), scanned.slots[doubles, _FIRST_CHUNK, 0].view(np.float64).tolist(), strict=True
    ):
        if not math.isfinite(value):
            spans[i, OK] = 0
    return texts


def _write_messages(
    scanned: Scanned, body: bytes, groups: list[Group], known: KnownTexts, received_ns: int
) -> WrittenMessages:
    while True:
        found, first = messages_of(scanned)
        others = np.flatnonzero(found[:, KIND] == OTHER).tolist()
        texts = Texts(known)
        digests, chars = np.zeros((len(found), 2), np.uint64), np.zeros(len(found), np.int64)
        hexes, said = np.zeros(len(found) * 32, np.uint8), np.zeros(len(found), np.uint64)
        roles = np.zeros(len(found), np.int64)
        odd = False
        for m in others:
            owner = int(found[m, OWNER])
            message = _message(body[found[m, AT] : found[m, AT] + found[m, LENGTH]], found[m, SIDE] == SYSTEM)
            if message is None:
                scanned.spans[owner, OK], odd = 0, True
                continue
            row = texts.message(groups[scanned.spans[owner, GROUP]].project, message)
            hexes[32 * m : 32 * m + 32] = np.frombuffer(row.digest.encode(), np.uint8)
            roles[m] = row.role == "assistant"
            checksum = said_of([message])
            said[m] = checksum or 0
        if not odd:
            break
    names = [group.project.encode() for group in groups]
    places = np.array([[sum(map(len, names[:g])), len(name)] for g, name in enumerate(names)])
    joined = np.frombuffer(b"".join(names) or b"\0", np.uint8)
    simple = found[:, KIND] != OTHER
    longest_name = max(map(len, names))
    room = int(found[simple, LENGTH].sum()) + len(found) * (MESSAGE_ROOM + longest_name) + 64
    out, ends, fresh = np.empty(room, np.uint8), np.zeros(len(found), np.int64), np.zeros(len(found), np.int64)
    count = write_messages(
        scanned.body, scanned.spans, places, joined, found, digests, hexes, chars, roles, said, fresh, out, ends
    )  # fmt: skip
    fresh, ends = fresh[:count], ends[:count]
    rows = [(*row, CANONICAL_VERSION, received_ns) for row in texts.messages.values()]
    schema = arrow_schema("messages")
    pieces = []
    if count:
        owners = scanned.spans[found[fresh, OWNER], GROUP].tolist()
        columns = [
            pa.array([groups[g].project for g in owners], pa.string()),
            fixed_texts(hexes.reshape(-1, 32)[fresh]),
            pa.array(_roles(body, found[fresh]), pa.string()),
            texts_in(out, ends),
            pa.array(chars[fresh], pa.int32()),
            pa.array(np.full(count, CANONICAL_VERSION), pa.int32()),
            pa.array(np.full(count, received_ns), pa.int64()),
        ]
        pieces.append(pa.Table.from_arrays(columns, schema=schema))
    if rows:
        columns = [pa.array(values, field.type) for values, field in zip(zip(*rows, strict=True), schema, strict=True)]
        pieces.append(pa.Table.from_arrays(columns, schema=schema))
    table = pa.concat_tables(pieces) if pieces else None
    return WrittenMessages(found, first, hexes, said, roles, table)


def _message(text: bytes, parts_only: bool) -> Message | None:
    """The message that more than one text makes; None where the general path would not take it for one."""
    try:
        value = orjson.loads(text)
    except ValueError:
        return None
    if not parts_only:
        message: Message = value
        return message
    parts = [each for each in value if isinstance(each, dict)]
    return {"role": "system", "parts": parts} if parts else None


def _roles(body: bytes, messages: Any) -> list[str]:
    return [
        "system" if side == SYSTEM else canonical_role(body[at : at + length].decode())
        for side, at, length in zip(
            messages[:, SIDE].tolist(), messages[:, ROLE].tolist(), messages[:, ROLE_LENGTH].tolist(), strict=True
        )
    ]
