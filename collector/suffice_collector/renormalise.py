"""History read anew by today's dialects: from the raw attributes that were kept, without the texts that became messages.

A call keeps its id, its times, its messages and whatever the raw attributes don't tell: values are added and corrected,
none is taken away. What today's dialects say of a span that was no call makes it one, with its duplicates found. Run again, it changes
nothing. Not read anew: our own spans (nothing to mend), calls that came on logs, imported ones.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
import pyarrow as pa

from suffice_collector.dialects import normalise_span
from suffice_collector.dialects.place import SCOPE_NAME, SPAN_NAME
from suffice_collector.duplicates.look_back import known_finder
from suffice_collector.duplicates.telling import LOG_DIALECTS, OWN, Mark
from suffice_collector.otlp import Resource, Span, SpanEvent
from suffice_store import renormalising
from suffice_store.appending import build_tables
from suffice_store.arrow_schema import arrow_schema
from suffice_store.file_store import DatabaseStore
from suffice_store.records import CallRecord
from suffice_store.renormalising import Row

# Times are not read anew (a dialect may have moved them already); of a call with texts, neither are the texts.
_TEXTS = ("input_hashes", "output_hashes", "chain_before", "chain_after")
_KEPT = ("started_day", "started_ns", "ended_ns", "received_ns", "usage_source")


@dataclass(slots=True)
class Changes:
    """What was read, and what became of it. ``columns``: how many calls changed in each."""

    read: int = 0
    calls_changed: int = 0
    calls_found: int = 0  # spans that are calls now
    columns: Counter[str] = field(default_factory=Counter)
    marks: int = 0

    def to_json(self) -> dict[str, Any]:
        return {
            "read": self.read, "calls_changed": self.calls_changed, "calls_found": self.calls_found,
            "columns": dict(sorted(self.columns.items())), "duplicates_marked": self.marks,
        }  # fmt: skip


def renormalise(store: DatabaseStore, *, dry_run: bool = False) -> Changes:
    """Rewrites what differs, a batch a transaction; ``dry_run`` only says what would change."""
    changes = Changes()
    for rows in renormalising.stored_calls(store, (OWN, *LOG_DIALECTS)):
        changes.read += len(rows)
        _calls_anew(store, rows, changes, dry_run)
    for rows in renormalising.stored_spans(store):
        changes.read += len(rows)
        _spans_anew(store, rows, changes, dry_run)
    return changes


def _calls_anew(store: DatabaseStore, rows: Sequence[Row], changes: Changes, dry_run: bool) -> None:
    old: list[Row] = []
    new: list[dict[str, Any]] = []
    for row in rows:
        record = normalise_span(*_span_of(row, is_call=True))
        if not isinstance(record, CallRecord):
            continue  # its text would be lost with it: it stays what it was
        read = build_tables([record], row["received_ns"])["calls"].to_pylist()[0]
        merged = {name: _kept_or_new(name, row[name], value) for name, value in read.items()}
        if not (read["input_hashes"] and read["output_hashes"]):  # question, answer and their chain belong together
            merged |= {name: row[name] for name in _TEXTS}
        differing = [name for name, value in merged.items() if name != "normaliser_version" and value != row[name]]
        if differing:
            changes.calls_changed += 1
            changes.columns.update(differing)
            old.append(row)
            new.append(merged)
    if old and not dry_run:
        renormalising.exchange(store, {"calls": pa.Table.from_pylist(new, schema=arrow_schema("calls"))}, old, [])


def _kept_or_new(name: str, stored: Any, new: Any) -> Any:
    """Nothing is taken away: what the raw attributes don't tell came from a text or a log record, and is kept."""
    if name in _KEPT or new in (None, "", [], False, "absent"):
        return stored
    if name == "parameters" and stored:
        return orjson.dumps({**orjson.loads(stored), **orjson.loads(new)}).decode()
    return new


def _spans_anew(store: DatabaseStore, rows: Sequence[Row], changes: Changes, dry_run: bool) -> None:
    found: list[tuple[Row, CallRecord]] = []
    for row in rows:
        record = normalise_span(*_span_of(row))
        if isinstance(record, CallRecord):
            found.append((row, record))
    if not found:
        return
    changes.calls_found += len(found)
    if dry_run:
        return
    records = [record for _, record in found]
    marks = known_finder(store).find(records, [])
    changes.marks += len(marks)
    tables = build_tables(records, found[0][0]["received_ns"])
    if marks:
        tables["duplicates"] = _marks_table(marks)
    renormalising.exchange(store, tables, [], [row for row, _ in found])


def _span_of(row: Row, *, is_call: bool = False) -> tuple[Span, Resource]:
    """The span that a row was made of. ``is_call``: the row is a call, which has no name and status of its own."""
    attributes = renormalising.attributes_of(row)
    resource = attributes.pop("otel.resource", None)
    told = [each for each in attributes.pop("otel.events", None) or () if isinstance(each, dict)]
    scope = str(attributes.pop(SCOPE_NAME, ""))
    name = str(attributes.pop(SPAN_NAME, ""))
    span = Span(
        trace_id=row["trace_id"],
        span_id=row["span_id"],
        parent_span_id=row["parent_span_id"],
        name=name if is_call else row["name"],
        kind=3 if is_call else row["kind"],
        scope=scope,
        scope_version=str(attributes.pop("otel.scope.version", "")),
        started_ns=row["started_ns"] or 0,
        ended_ns=row["ended_ns"] or 0,
        status=("error" if row["completeness"] == "error" else "unset") if is_call else row["status"],
        status_message=str(attributes.pop("otel.status.message", "")),
        attributes=attributes,
        events=[SpanEvent(str(e.get("name")), int(e.get("time_ns") or 0), e.get("attributes") or {}) for e in told],
    )
    return span, Resource(resource if isinstance(resource, dict) else {})


def _marks_table(marks: Sequence[Mark]) -> pa.Table:
    return pa.table(
        {
            "project": [mark.project for mark in marks],
            "call_id": [mark.call_id for mark in marks],
            "duplicate_of": pa.array([mark.duplicate_of for mark in marks], pa.string()),
            "rule": [mark.rule for mark in marks],
            "recorded_ns": [time.time_ns()] * len(marks),
        }
    )
