"""Bodies to rows: inflated, decoded, read by their dialect, split into messages, duplicates marked.

All that costs time in Python happens here, once, before the acknowledgement: what can't be read is refused while
its sender still listens, and what waits to be stored waits as Arrow (6 kB a span, a decoded one takes 20).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pyarrow as pa

from suffice import semconv
from suffice_collector.bodies import inflate
from suffice_collector.dialects import Records, normalise_logs, normalise_spans
from suffice_collector.duplicates import DuplicateFinder, Mark
from suffice_collector.journal import Entry
from suffice_collector.otlp import ResourceSpans, parse_traces
from suffice_collector.otlp_limits import check_values
from suffice_collector.otlp_logs import ResourceLogs, parse_logs
from suffice_collector.otlp_metrics import parse_metrics
from suffice_collector.signals import LOGS, METRICS
from suffice_store.appending import build_tables
from suffice_store.texts import KnownTexts


@dataclass(slots=True)
class Decoded:
    """What a body holds: how many spans or records are kept, how many are not and why, and how to read them."""

    count: int
    rejected: int
    reason: str
    normalise: Callable[[Records], object]


@dataclass(slots=True)
class Built:
    """What a body became. ``failure`` says why there are no rows, though it could be decoded: a bug of ours."""

    count: int
    rejected: int = 0
    reason: str = ""
    tables: dict[str, pa.Table] = field(default_factory=dict)
    marks: list[Mark] = field(default_factory=list)
    failure: str = ""


class Builder:
    """Builds one body after the other, from any thread; remembers recent spans, to find duplicates among them."""

    def __init__(self, duplicates: DuplicateFinder | None = None) -> None:
        self.duplicates = duplicates or DuplicateFinder()
        self._known = KnownTexts()
        self._lock = threading.Lock()

    def build(self, entry: Entry, *, mark_duplicates: bool = True) -> Built:
        """Raises MalformedBodyError, BodyTooLargeError. ``mark_duplicates`` False for one that is built again."""
        with self._lock:
            decoded = decode(entry)
            built = Built(decoded.count, decoded.rejected, decoded.reason)
            if decoded.count == 0:
                return built
            try:
                records = Records()
                decoded.normalise(records)
                marks = self.duplicates.find(records.calls, records.spans)  # completes calls, so before their rows
                built.tables = build_tables(records, entry.received_ns or time.time_ns(), self._known)
                if mark_duplicates:
                    built.marks = marks
            except Exception as error:
                built.failure = f"{type(error).__name__}: {error}"[:1000]
            return built


def decode(entry: Entry) -> Decoded:
    """A journal entry's contents. Raises MalformedBodyError, BodyTooLargeError."""
    body = inflate(entry.body) if entry.gzip else entry.body
    check_values(body, entry.json)
    content_type = entry.content_type()
    if entry.signal == METRICS.code:
        parse_metrics(body, content_type)
        return Decoded(0, 0, "", lambda records: None)
    if entry.signal == LOGS.code:
        logs = parse_logs(body, content_type)
        _belong(logs.groups, entry.project)
        return Decoded(
            logs.record_count(), logs.rejected, logs.reason, lambda records: normalise_logs(logs.groups, records)
        )
    spans = parse_traces(body, content_type)
    _belong(spans.groups, entry.project)
    return Decoded(
        spans.span_count(), spans.rejected, spans.reason, lambda records: normalise_spans(spans.groups, records)
    )


def _belong(groups: Sequence[ResourceSpans | ResourceLogs], project: str) -> None:
    """The project of a key stands above what the body says of itself."""
    for group in groups if project else ():
        group.resource.attributes[semconv.PROJECT] = project
