"""Exports of products that keep OpenTelemetry spans: made into spans again, read by the collector's own dialects.

So a span that was also received over OTLP has the same ids, and is known already.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from suffice import semconv
from suffice.wire.tokens import fill_usage
from suffice_collector.dialects import normalise_span
from suffice_collector.importers.contract import Context, Read
from suffice_collector.otlp import Resource, Span
from suffice_store.records import CallRecord, OutcomeRecord


def read_span(span: Span, resource: Mapping[str, Any], context: Context) -> Read:
    """The record of one span, in the command's project."""
    attributes = dict(resource)
    attributes[semconv.PROJECT] = context.project
    if context.service and not attributes.get(semconv.SERVICE_NAME):
        attributes[semconv.SERVICE_NAME] = context.service
    record = normalise_span(span, Resource(attributes))
    if isinstance(record, CallRecord):
        record.source = "import"
        record.external_id = span.span_id
        if record.call.completeness != "error":
            fill_usage(record.call)
    elif isinstance(record, OutcomeRecord):
        return replace(record, project=context.project)
    return record


def status_of(value: Any) -> str:
    """``ok``, ``error`` or ``unset``, of ``STATUS_CODE_OK``, ``StatusCode.ERROR``, 2, ..."""
    word = str(value or "").lower()
    if "error" in word or word == "2":
        return "error"
    return "ok" if word.endswith("ok") or word == "1" else "unset"
