"""One file a telemetry dialect: spans and log records to CallRecords. Pure functions with fixed names.

A dialect is a module with ``NAME``, ``SCOPES`` (how the scopes begin that speak it alone; none where an attribute shows
it), ``matches(span) -> bool`` and ``normalise(span, resource)`` that gives a CallRecord, an OutcomeRecord, or None for
"not a call after all". Scopes are looked up once each; of the dialects left the first that matches reads the span,
and a span that none reads is kept as a SpanRecord. Whoever makes a dialect read a span differently raises
``suffice_store.appending.NORMALISER_VERSION``, which is stored with every call; ``suffice db renormalise`` then reads
history anew. What comes on logs: ``log_calls``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Protocol

from suffice_collector.dialects import (
    agent_framework,
    anthropic_sdk,
    claude_code,
    codex,
    google_adk,
    haystack,
    langfuse,
    langsmith,
    litellm,
    logfire,
    mlflow,
    openinference,
    openlit,
    openllmetry,
    otel_genai,
    pydantic_ai,
    strands,
    suffice,
    traceai,
    vercel_legacy,
    vercel_otel,
)  # fmt: skip
from suffice_collector.dialects.log_calls import read_logs
from suffice_collector.dialects.place import span_record
from suffice_collector.otlp import Resource, ResourceSpans, Span
from suffice_collector.otlp_logs import ResourceLogs
from suffice_store.records import CallRecord, OutcomeRecord, SpanRecord


class Dialect(Protocol):
    NAME: str
    SCOPES: tuple[str, ...]

    def matches(self, span: Span) -> bool: ...

    def normalise(self, span: Span, resource: Resource) -> CallRecord | OutcomeRecord | None: ...


# In the order in which they are asked: a framework's own marks before the conventions that most of them also speak.
DIALECTS: tuple[Dialect, ...] = (
    suffice, langfuse, openinference, traceai, vercel_legacy, vercel_otel, mlflow, langsmith, pydantic_ai, logfire,
    google_adk, strands, agent_framework, litellm, openlit, haystack, anthropic_sdk, claude_code, codex, openllmetry,
    otel_genai,
)  # fmt: skip

# Shown by an attribute, so that any scope may speak it (an OpenTelemetry collector may rename scopes).
_BY_ATTRIBUTE: tuple[Dialect, ...] = (
    langfuse, openinference, traceai, vercel_legacy, langsmith, haystack, openllmetry, otel_genai,
)  # fmt: skip


@lru_cache(maxsize=4096)
def dialects_of(scope: str) -> tuple[Dialect, ...]:
    """The dialects that a span of this scope may speak, in order."""
    return tuple(
        dialect for dialect in DIALECTS if dialect in _BY_ATTRIBUTE or any(map(scope.startswith, dialect.SCOPES))
    )


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
    for dialect in dialects_of(span.scope):
        if dialect.matches(span):
            record = dialect.normalise(span, resource)
            if record is not None:
                return record
    return span_record(span, resource)


def normalise_logs(groups: Iterable[ResourceLogs], records: Records | None = None) -> Records:
    """Every log record is kept: as a call, as a part of one, or as a moment of its trace."""
    found = Records() if records is None else records
    for group in groups:
        calls, moments = read_logs(group.logs, group.resource)
        found.calls += calls
        found.spans += moments
    return found
