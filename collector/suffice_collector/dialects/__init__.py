"""One file a telemetry dialect: spans to CallRecords. Pure functions with fixed names.

A dialect is a module with ``NAME``, ``matches(span) -> bool`` and ``normalise(span, resource)`` that gives a
CallRecord, an OutcomeRecord, or None for "not a call after all". The first that matches reads the span; a span
that none reads is kept as a SpanRecord. Whoever makes a dialect read a span differently raises
``suffice_store.appending.NORMALISER_VERSION``, which is stored with every call.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

from suffice_collector.dialects import otel_genai, suffice
from suffice_collector.dialects.log_place import log_record
from suffice_collector.dialects.place import span_record
from suffice_collector.otlp import Resource, ResourceSpans, Span
from suffice_collector.otlp_logs import ResourceLogs
from suffice_store.records import CallRecord, OutcomeRecord, SpanRecord


class Dialect(Protocol):
    NAME: str

    def matches(self, span: Span) -> bool: ...

    def normalise(self, span: Span, resource: Resource) -> CallRecord | OutcomeRecord | None: ...


DIALECTS: tuple[Dialect, ...] = (suffice, otel_genai)


@dataclass(slots=True)
class Records:
    """What spans became, in the order they came."""

    calls: list[CallRecord] = field(default_factory=list)
    spans: list[SpanRecord] = field(default_factory=list)
    outcomes: list[OutcomeRecord] = field(default_factory=list)

    def __iter__(self) -> Iterator[CallRecord | SpanRecord | OutcomeRecord]:
        yield from self.calls
        yield from self.spans
        yield from self.outcomes


def normalise_spans(groups: Iterable[ResourceSpans], records: Records | None = None) -> Records:
    """Every span becomes exactly one record."""
    found = Records() if records is None else records
    for group in groups:
        for span in group.spans:
            record = normalise_span(span, group.resource)
            if isinstance(record, CallRecord):
                found.calls.append(record)
            elif isinstance(record, OutcomeRecord):
                found.outcomes.append(record)
            else:
                found.spans.append(record)
    return found


def normalise_span(span: Span, resource: Resource) -> CallRecord | OutcomeRecord | SpanRecord:
    for dialect in DIALECTS:
        if dialect.matches(span):
            record = dialect.normalise(span, resource)
            if record is not None:
                return record
    return span_record(span, resource)


def normalise_logs(groups: Iterable[ResourceLogs], records: Records | None = None) -> Records:
    """Every log record is kept: as a call, as a part of one, or as a moment of its trace."""
    found = Records() if records is None else records
    for group in groups:
        for log in group.logs:
            found.spans.append(log_record(log, group.resource))
    return found
