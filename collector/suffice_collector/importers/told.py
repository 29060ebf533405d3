"""The fields that every product's export has under names of its own: ids, times, tokens, what it says a call cost."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal, InvalidOperation
from typing import Any

from suffice.wire.call import Call, Usage
from suffice.wire.canonical import call_hash
from suffice.wire.lenient import as_count, as_text
from suffice.wire.tokens import fill_usage
from suffice_collector.importers.contract import Context
from suffice_collector.importers.values import parse_time_ns
from suffice_store.records import CallRecord, SpanRecord

ATTRIBUTE_CHARS = 2_000  # of a further field's value as JSON; larger ones may be content
_HEX_ID = re.compile(r"[0-9a-f]{16}([0-9a-f]{16})?")
MAX_USD = Decimal(1_000_000)  # of one call; more is a mistake


@dataclass(slots=True)
class Place:
    """Where a call or span stands, as its export says it. Ids are the product's own, times Unix nanoseconds."""

    trace_id: str | None
    span_id: str
    parent_span_id: str | None = None
    name: str = ""
    started_ns: int | None = None
    ended_ns: int | None = None
    service: str | None = None
    environment: str | None = None
    failed: str | None = None  # why, where it did
    attributes: dict[str, Any] = field(default_factory=dict)


def call_record(call: Call, place: Place, context: Context, dialect: str, **more: Any) -> CallRecord:
    """The record of a call. One id a trace and span, as for telemetry: what was also received live is known already."""
    trace_id = place.trace_id or place.span_id
    if place.failed is not None:
        call.completeness = "error"
        call.error_type = call.error_type or "_OTHER"
        call.error_message = call.error_message or place.failed[:ATTRIBUTE_CHARS] or None
    if call.completeness != "error":
        fill_usage(call)
    return CallRecord(
        call=call,
        call_id=call_hash(context.project, trace_id, place.span_id),
        project=context.project,
        external_id=place.span_id,
        trace_id=trace_id,
        span_id=place.span_id,
        parent_span_id=place.parent_span_id,
        run_id=more.pop("run_id", None) or trace_id,
        service=place.service or context.service,
        environment=place.environment,
        started_ns=place.started_ns,
        ended_ns=place.ended_ns,
        source="import",
        dialect=dialect,
        attributes=place.attributes,
        **more,
    )


def span_record(place: Place, context: Context, dialect: str) -> SpanRecord:
    """What is no call (an agent's step, a tool, a retrieval), so that the run's tree stays whole."""
    return SpanRecord(
        project=context.project,
        trace_id=place.trace_id or place.span_id,
        span_id=place.span_id,
        parent_span_id=place.parent_span_id,
        name=place.name,
        kind=1,
        scope=f"import.{dialect}",
        service=place.service or context.service,
        started_ns=place.started_ns or 0,
        ended_ns=place.ended_ns or 0,
        status="error" if place.failed is not None else "unset",
        attributes=place.attributes,
    )


def small(entry: Mapping[str, Any], *read: str) -> dict[str, Any]:
    """The fields that are read nowhere else and are too small to be content."""
    kept: dict[str, Any] = {}
    for key, value in entry.items():
        if key in read or value in (None, "", [], {}):
            continue
        if len(json.dumps(value, default=str)) <= ATTRIBUTE_CHARS:
            kept[key] = value
    return kept


def id_text(value: Any) -> str | None:
    """An id as text; hex in lower case, as OpenTelemetry's ids come over OTLP."""
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else as_text(value)
    return text.lower() if text and _HEX_ID.fullmatch(text.lower()) else text


def time_ns(entry: Mapping[str, Any], *names: str) -> int | None:
    """The first of the times that is one."""
    return next((ns for name in names if (ns := parse_time_ns(entry.get(name))) is not None), None)


def first_text(entry: Mapping[str, Any], *names: str) -> str | None:
    """The first of the texts that is not empty."""
    return next((text for name in names if (text := as_text(entry.get(name)))), None)


def count(value: Any) -> int | None:
    """A number of tokens, also from a CSV cell."""
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return None
    return as_count(value)


def usd(value: Any) -> Decimal | None:
    """An amount in USD with 12 decimals, whatever its spelling; None for what is none."""
    if value is None or isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        return None
    try:
        amount = Decimal(str(value).strip())
    except InvalidOperation:
        return None
    if not amount.is_finite() or not 0 <= amount <= MAX_USD:
        return None
    return amount.quantize(Decimal("1e-12"))


def counted_usage(
    input_tokens: int | None, output_tokens: int | None, raw: dict[str, Any], **parts: Any
) -> Usage | None:
    """Usage as the export states it, or None where it states neither."""
    if input_tokens is None and output_tokens is None:
        return None
    return replace(Usage(input_tokens=input_tokens, output_tokens=output_tokens, raw=raw), **parts)
