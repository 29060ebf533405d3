"""Bodies to rows: inflated, decoded, read by their dialect, split into messages, duplicates marked.

All that costs time in Python happens here, once, before the acknowledgement: what can't be read is refused while
its sender still listens, and what waits to be stored waits as Arrow (6 kB a span, a decoded one takes 20).
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, field

import pyarrow as pa

from suffice import semconv
from suffice_collector.bodies import inflate
from suffice_collector.columnar import Columnar, Read, load_reader
from suffice_collector.dialects import Records, normalise_logs, normalise_spans
from suffice_collector.duplicates import DuplicateFinder, Mark
from suffice_collector.journal import Entry
from suffice_collector.otlp import ResourceSpans, parse_traces
from suffice_collector.otlp_limits import check_values
from suffice_collector.otlp_logs import ResourceLogs, parse_logs
from suffice_collector.otlp_metrics import parse_metrics
from suffice_collector.signals import LOGS, METRICS, TRACES
from suffice_collector.together import MOST_BYTES, cut, is_whole, share
from suffice_store.appending import build_tables
from suffice_store.texts import KnownTexts

log = logging.getLogger("suffice.ingest")


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
    by_columns: int = field(default=0, compare=False)  # of ``count``: read by compiled functions
    shares_texts: bool = field(default=False, compare=False)  # others, read with it, may need its messages


class Builder:
    """Builds one body after the other, from any thread; remembers recent spans, to find duplicates among them."""

    def __init__(self, duplicates: DuplicateFinder | None = None) -> None:
        self.duplicates = duplicates or DuplicateFinder()
        self._known = KnownTexts()
        self._columnar: Columnar | None = None
        self._lock = threading.Lock()

    @property
    def columnar(self) -> bool:
        """Whether our own SDK's spans are read by compiled functions."""
        return self._columnar is not None

    def read_columnar(self) -> bool:
        """From now on, where it can be: takes a second, and half a minute where nothing was compiled yet."""
        reader = load_reader()
        with self._lock:
            self._columnar = reader
        return reader is not None

    def build(self, entry: Entry, *, mark_duplicates: bool = True) -> Built:
        """Raises MalformedBodyError, BodyTooLargeError. ``mark_duplicates`` False for one that is built again."""
        with self._lock:
            return self._build(entry, inflated(entry), mark_duplicates)

    def build_all(self, entries: Sequence[Entry]) -> list[Built | Exception]:
        """Of each what ``build`` gives or raises, in order; those that can be are read together."""
        outcomes: list[Built | Exception] = []
        waiting: list[tuple[Entry, bytes]] = []

        def read_waiting() -> None:
            outcomes.extend(self._together(waiting) or [self._outcome(*each) for each in waiting])
            waiting.clear()

        with self._lock:
            for entry in entries:
                try:
                    body = inflated(entry)
                except ValueError as refusal:
                    read_waiting()
                    outcomes.append(refusal.with_traceback(None))
                    continue
                if not self._goes_with(entry, body, waiting):
                    read_waiting()
                waiting.append((entry, body))
            read_waiting()
        return outcomes

    def _goes_with(self, entry: Entry, body: bytes, others: Sequence[tuple[Entry, bytes]]) -> bool:
        if not others or self._columnar is None:
            return False
        (first, _), size = others[0], len(body) + sum(len(each) for _, each in others)
        alike = all(each.signal == TRACES.code and not each.json for each in (first, entry))
        if not alike or first.project != entry.project or size > MOST_BYTES:
            return False
        return is_whole(body) and is_whole(others[-1][1])

    def _together(self, given: Sequence[tuple[Entry, bytes]]) -> list[Built | Exception] | None:
        """None where each is to be built by itself."""
        if len(given) < 2:
            return None
        entries = [entry for entry, _ in given]
        received = [entry.received_ns or time.time_ns() for entry in entries]
        read = self._read(entries[0], b"".join(body for _, body in given), received[0])
        if read is None or read.left:
            return None
        try:
            parts = cut(read, [len(body) for _, body in given], received)
            marks = share(self.duplicates.find((), (), read.told), parts)
        except Exception:
            log.exception("bodies could not be read together; they are read one by one")
            return None
        return [
            Built(count, tables=dict(tables), marks=of_body, by_columns=count, shares_texts=True)
            for tables, of_body in zip(parts, marks, strict=True)
            for count in (tables["calls"].num_rows if "calls" in tables else 0,)
        ]

    def _outcome(self, entry: Entry, body: bytes) -> Built | Exception:
        try:
            return self._build(entry, body, True)
        except ValueError as refusal:
            return refusal.with_traceback(None)

    def _build(self, entry: Entry, body: bytes, mark_duplicates: bool) -> Built:
        received_ns = entry.received_ns or time.time_ns()
        read = self._read(entry, body, received_ns)
        decoded = decode(entry, body, None if read is None else read.left)
        built = Built(decoded.count + (read.count if read else 0), decoded.rejected, decoded.reason)
        if built.count == 0:
            return built
        try:
            records = Records()
            decoded.normalise(records)
            told = None if read is None else read.told
            marks = self.duplicates.find(records.calls, records.spans, told)  # completes calls, so before their rows
            built.tables = build_tables(records, received_ns, self._known)
            if read is not None:
                built.tables = _both(read.tables, built.tables)
                built.by_columns = read.count
            if mark_duplicates:
                built.marks = marks
        except Exception as error:
            built.failure = f"{type(error).__name__}: {error}"[:1000]
        return built

    def _read(self, entry: Entry, body: bytes, received_ns: int) -> Read | None:
        if self._columnar is None or entry.signal != TRACES.code or entry.json:
            return None
        try:
            read = self._columnar.read(body, received_ns, entry.project)
            return None if read is None or self.duplicates.needs_records(read.told) else read
        except Exception:  # a bug of ours: the general path has none of its code
            log.exception("reading spans by columns failed; they are read one by one from now on")
            self._columnar = None
            return None


def inflated(entry: Entry) -> bytes:
    """The body as it was before it was packed. Raises MalformedBodyError, BodyTooLargeError."""
    body = inflate(entry.body) if entry.gzip else entry.body
    check_values(body, entry.json)
    return body


def decode(entry: Entry, body: bytes, only: Container[int] | None = None) -> Decoded:
    """A journal entry's contents; ``only`` these spans of it (see ``parse_traces``). Raises MalformedBodyError."""
    if only == frozenset():
        return Decoded(0, 0, "", lambda records: None)
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
    spans = parse_traces(body, content_type, only)
    _belong(spans.groups, entry.project)
    return Decoded(
        spans.span_count(), spans.rejected, spans.reason, lambda records: normalise_spans(spans.groups, records)
    )


def _belong(groups: Sequence[ResourceSpans | ResourceLogs], project: str) -> None:
    """The project of a key stands above what the body says of itself."""
    for group in groups if project else ():
        group.resource.attributes[semconv.PROJECT] = project


def _both(some: Mapping[str, pa.Table], more: dict[str, pa.Table]) -> dict[str, pa.Table]:
    """A text that is in both comes twice, which the store sorts out."""
    tables = dict(some)
    for name, rows in more.items():
        tables[name] = pa.concat_tables([tables[name], rows]) if name in tables else rows
    return tables
