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
from suffice_collector.columnar.as_written import DEEPEST, MOST_NAMES, find_as_written
from suffice_collector.columnar.columns import CallColumns, fixed_texts, texts_in
from suffice_collector.columnar.groups import Group, Groups
from suffice_collector.columnar.interning import SLOT_OF, Interned
from suffice_collector.columnar.json_text import AT, KIND, LENGTH, OTHER, OWNER, ROLE, ROLE_LENGTH, SIDE, SYSTEM
from suffice_collector.columnar.rows import classify
from suffice_collector.columnar.sample import sample_body
from suffice_collector.columnar.scanning import Scanned, messages_of, scan
from suffice_collector.columnar.template_rows import TemplateRows
from suffice_collector.columnar.templates import template_of
from suffice_collector.columnar.texts import MESSAGE_ROOM, write_messages
from suffice_collector.columnar.wire import BEGIN, FIRST, GROUP, LAST, OK, SLOT
from suffice_collector.duplicates.telling import said_of
from suffice_collector.otlp_values import MalformedBodyError
from suffice_store.arrow_schema import arrow_schema
from suffice_store.texts import KnownTexts, Texts

_RAW, _FIRST_CHUNK = SLOT_OF[semconv.USAGE_RAW], SLOT_OF[semconv.TIME_TO_FIRST_CHUNK]
_MOST_TEMPLATES = 2_000
_NONE = -1
_NEW_TEMPLATES = 64  # of one body, or a quarter of its spans: one costs as much as a span of the general path


@dataclass(slots=True)
class WrittenMessages:
    """The messages of a body's spans: ``hexes`` their hashes, ``said`` the checksums of their texts (0: none);
    ``owners``: the span that each row of ``table`` is of, the first one of those that have it."""

    found: Any
    first: Any
    hexes: Any
    said: Any
    roles: Any
    table: pa.Table | None
    owners: Any


class Reader:
    """One thread's; remembers attributes, resources and templates."""

    def __init__(self, known: KnownTexts | None = None) -> None:
        self._known = known or KnownTexts()
        self._interned = Interned()
        self._groups = Groups()
        self._templates: dict[tuple[Any, ...], int] = {}  # numbers in the rows, or _NONE
        self._rows = TemplateRows()

    def prepare(self) -> None:
        """Compile, or load what was compiled. Raises OSError or RuntimeError where there is nowhere to keep it."""
        read = self.read(sample_body(), 1)
        if read is None or read.count != 1 or read.left:
            raise RuntimeError("the sample was not read")  # pragma: no cover
        memory = read.told.memory(2)
        memory.take(read.told)
        trace, response, _ = next(iter(read.told.keys()))
        list(memory.recall(trace, response, ("", None, 1, None)))
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
        of_span = self._shapes(scanned, groups)
        raws = _usage_texts(scanned, body)
        written = _write_messages(scanned, body, groups, self._known, received_ns)
        chosen = np.flatnonzero(scanned.spans[:, OK])
        if not len(chosen):
            return None
        columns = CallColumns(scanned, chosen, groups, of_span[chosen], self._rows, written, self._interned)
        tables = {"calls": columns.table(raws, received_ns)}
        if written.table is not None:
            tables["messages"] = written.table
        toolsets = columns.toolsets(received_ns)
        if toolsets is not None:
            tables["toolsets"] = toolsets

        left = frozenset(np.flatnonzero(scanned.spans[:, OK] == 0).tolist())
        begins = scanned.spans[:, BEGIN]
        return Read(tables, columns.told(), len(chosen), left, begins[chosen], begins[written.owners])

    def _shapes(self, scanned: Scanned, groups: list[Group]) -> Any:
        """The number of each span's template; spans that have none cease to be OK."""
        spans = scanned.spans
        shapes, of_span = np.zeros(len(spans), np.int64), np.zeros(len(spans), np.int64)
        seen = np.zeros(self._interned.key_count + 1, np.int64)
        found = classify(spans, scanned.slots, scanned.attributes, self._interned.owners, seen, shapes, of_span)
        if len(self._templates) >= _MOST_TEMPLATES:
            self._forget_templates()
        numbered = np.full(max(found, 1), _NONE, np.int64)
        room = max(_NEW_TEMPLATES, len(spans) // 4)
        for shape, i in enumerate(shapes[:found].tolist()):
            numbers = scanned.attributes[spans[i, FIRST] : spans[i, LAST]]
            numbers = numbers[numbers > SLOT]
            group = groups[spans[i, GROUP]]
            key = (group.number, numbers.tobytes())
            if key not in self._templates and room:
                room -= 1
                attributes = dict(map(self._interned.attribute, numbers.tolist()))
                template = template_of(attributes, group.resource, group.scope, group.version)
                self._templates[key] = _NONE if template is None else self._rows.add(template)
            numbered[shape] = self._templates.get(key, _NONE)
        self._rows.complete()
        of_span = numbered[of_span]
        spans[:, OK] &= of_span != _NONE
        return of_span

    def _forget_templates(self) -> None:
        self._templates.clear()
        self._rows = TemplateRows()

    def _forget(self) -> None:
        self._interned = Interned()
        self._forget_templates()
        self._groups = Groups()


@dataclass(slots=True)
class UsageTexts:
    """``usage_raw`` of the spans, as the store writes it: the text as it came, or another."""

    as_written: Any
    others: dict[int, str | None]


def _usage_texts(scanned: Scanned, body: bytes) -> UsageTexts:
    """What can't be read leaves its span out."""
    spans = scanned.spans
    texts = UsageTexts(np.zeros(len(spans), np.bool_), {})
    names = np.empty((DEEPEST, MOST_NAMES, 2), np.int64)
    find_as_written(scanned.body, spans, scanned.slots, _RAW, names, texts.as_written)
    numbers = np.flatnonzero((spans[:, OK] != 0) & (scanned.slots[:, _RAW, 1] != 0) & ~texts.as_written)
    for i, (at, length) in zip(numbers.tolist(), scanned.slots[numbers, _RAW].tolist(), strict=True):
        try:
            value = orjson.loads(body[at : at + length])
        except ValueError:
            spans[i, OK] = 0
            continue
        texts.others[i] = orjson.dumps(value).decode() if value and isinstance(value, dict) else None
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
        owner_of: dict[str, int] = {}
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
            owner_of.setdefault(row.digest, owner)
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
    owned = np.concatenate([found[fresh, OWNER], np.array(list(owner_of.values()), np.int64)])
    return WrittenMessages(found, first, hexes, said, roles, table, owned)


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
    known: dict[bytes, str] = {}
    roles = []
    for side, at, length in zip(
        messages[:, SIDE].tolist(), messages[:, ROLE].tolist(), messages[:, ROLE_LENGTH].tolist(), strict=True
    ):
        if side == SYSTEM:
            roles.append("system")
            continue
        told = body[at : at + length]
        if told not in known:
            known[told] = canonical_role(told.decode())
        roles.append(known[told])
    return roles
