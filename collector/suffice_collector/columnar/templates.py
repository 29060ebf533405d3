"""What the calls of one shape have in common: the row that the general path makes of their interned attributes alone.

Whatever a column holds that no slot of the call fills is taken from this row, so that it is the general path's word.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from suffice import semconv
from suffice_collector.dialects import normalise_span
from suffice_collector.dialects import suffice as ours
from suffice_collector.duplicates.telling import Emitter, telling_of
from suffice_collector.otlp import Resource, Span
from suffice_store.appending import call_row
from suffice_store.arrow_schema import arrow_schema
from suffice_store.records import CallRecord
from suffice_store.texts import KnownTexts, Texts, ToolsetRow

_OF_PLACE = {"otel.resource", "otel.scope.name", "otel.scope.version"}  # written behind the attributes
_TRACE, _SPAN = "0" * 31 + "1", "0" * 15 + "1"
_PLACE = {name: number for number, name in enumerate(arrow_schema("calls").names)}


@dataclass(frozen=True, slots=True)
class Template:
    """``row``: the columns of ``calls``. ``counts`` False where its tokens are said to be absent."""

    row: tuple[Any, ...]
    toolset: ToolsetRow | None
    emitter: Emitter
    operation: str
    models: frozenset[str]
    failed: bool
    stream: bool
    has_model: bool
    counts: bool


def template_of(attributes: dict[str, Any], resource: Resource, scope: str, version: str) -> Template | None:
    """None where the spans of this shape are read one by one."""
    span = Span(_TRACE, _SPAN, None, "", 3, scope, version, 0, 0, "unset", "", attributes)
    if not ours.matches(span) or not _OF_PLACE.isdisjoint(attributes):
        return None
    record = normalise_span(span, resource)
    if not isinstance(record, CallRecord) or record.retry_of or record.dialect != ours.NAME:
        return None
    call = record.call
    stated = attributes.get(semconv.USAGE_SOURCE)
    if stated not in ("reported", "estimated", "absent") or call.input_messages or call.output_messages:
        return None
    if call.system_instructions:
        return None
    texts = Texts(KnownTexts())
    row = list(call_row(record, texts, 0))
    if record.run_id == _TRACE:
        row[_PLACE["run_id"]] = None
    telling = telling_of(record, _SPAN)
    return Template(
        tuple(row),
        next(iter(texts.toolsets.values()), None),
        telling.emitter,
        telling.operation,
        telling.models,
        telling.failed,
        telling.stream,
        telling.rank[3],
        stated != "absent",
    )
