"""A finder that knows what an earlier process stored: a wrapper's span may arrive after the restart that its client's
came before."""

from __future__ import annotations

import time
from collections.abc import Iterable

from suffice_collector.dialects.place import SCOPE_NAME
from suffice_collector.duplicates.finder import DuplicateFinder
from suffice_collector.duplicates.telling import Telling, telling_of
from suffice_store import look_back
from suffice_store.file_store import DatabaseStore
from suffice_store.records import CallRecord
from suffice_store.store import Store

ACROSS = ("response_id", "time_overlap")
WINDOW_NS = 3_600 * 10**9  # of arrival: a span comes when it ends, its parents after it


def finder_for(store: Store, *, now_ns: int | None = None) -> DuplicateFinder:
    """A finder that, before its first batch, reads the last hour of ``store``, where it holds a database."""
    if not isinstance(store, DatabaseStore):
        return DuplicateFinder()

    def read_back(finder: DuplicateFinder) -> None:
        since = (time.time_ns() if now_ns is None else now_ns) - WINDOW_NS
        with store.connected() as connection:
            marks = look_back.marks_since(connection, since)
            for span in look_back.recent_spans(connection, since):
                finder.remember_span(span.project, span.trace_id, span.span_id, span.parent_span_id)
            _remember_calls(finder, look_back.recent_calls(connection, since, SCOPE_NAME), marks)

    def fetch(project: str, call_id: str) -> CallRecord | None:
        with store.connected() as connection:
            return look_back.stored_call(connection, project, call_id)

    return DuplicateFinder(look_back=read_back, fetch=fetch)


def known_finder(store: DatabaseStore) -> DuplicateFinder:
    """A finder that knows all that is stored, as far back as its bound reaches: for history read anew."""
    return finder_for(store, now_ns=WINDOW_NS)


def _remember_calls(
    finder: DuplicateFinder, records: Iterable[CallRecord], marks: dict[tuple[str, str], tuple[str, str]]
) -> None:
    by_trace: dict[tuple[str, str], list[Telling]] = {}
    by_id: dict[tuple[str, str], Telling] = {}
    for record in records:
        telling = telling_of(record, record.span_id or f"log:{record.call_id}")
        by_trace.setdefault((record.project, record.trace_id or ""), []).append(telling)
        by_id[record.project, record.call_id] = telling
    for (project, call_id), (kept, rule) in marks.items():
        if rule in ACROSS and (project, kept) in by_id and (project, call_id) in by_id:
            by_id[project, kept].matched |= {by_id[project, call_id].emitter}
    for (project, trace_id), tellings in by_trace.items():
        known = {each.call_id: marks[project, each.call_id] for each in tellings if (project, each.call_id) in marks}
        finder.remember(project, trace_id, tellings, known)
