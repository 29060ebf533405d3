"""MLflow: traces as ``Trace.to_json`` writes them, one a line, as a list or one alone. Read by the dialect ``mlflow``.

Ids are base64 since version 3 of its schema (hex before); attribute values are JSON texts, as over OTLP.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO

from suffice.wire.lenient import as_object, as_objects
from suffice_collector.importers.contract import Context, Read, Skipped
from suffice_collector.importers.entries import head_objects, read_entries
from suffice_collector.importers.shapes import loaded
from suffice_collector.importers.telemetry import read_span, status_of
from suffice_collector.importers.values import parse_time_ns
from suffice_collector.otlp import Span
from suffice_store.records import CallRecord

NAME = "mlflow"

_SCOPE = "mlflow.import"


def recognises(head: bytes, path: str) -> bool:
    if any(_is_trace(each) for each in head_objects(head, 3)):
        return True
    start = head[:4000]  # one pretty-printed trace may be longer than the head
    return b'"info"' in start and (b'"mlflow.' in start or b'"trace_id": "tr-' in start)


def read(stream: BinaryIO, context: Context) -> Iterator[Read]:
    """Every span of each trace."""
    for entry in read_entries(stream):
        if entry.value is None:
            yield Skipped(entry.line, entry.reason)
            continue
        spans = as_objects(as_object(loaded(entry.value.get("data"))).get("spans")) or as_objects(
            loaded(entry.value.get("spans"))
        )
        if not _is_trace(entry.value) or not spans:
            yield Skipped(entry.line, "no trace of MLflow with its spans")
            continue
        info = _info(entry.value)
        metadata = as_object(info.get("trace_metadata") or info.get("request_metadata"))
        tags = as_object(info.get("tags"))
        for raw in spans:
            span = _span(raw)
            if span is None:
                yield Skipped(entry.line, "a span without ids")
                continue
            record = read_span(span, _resource(tags), context)
            if isinstance(record, CallRecord):
                record.run_name = record.run_name or _text(tags.get("mlflow.traceName"))
                record.conversation_id = record.conversation_id or _text(metadata.get("mlflow.trace.session"))
                record.user_id = record.user_id or _text(metadata.get("mlflow.trace.user"))
            yield record


def _is_trace(entry: Mapping[str, Any]) -> bool:
    info = _info(entry)
    return ("trace_id" in info or "request_id" in info) and ("data" in entry or "spans" in entry)


def _info(entry: Mapping[str, Any]) -> dict[str, Any]:
    """``info``; in rows of ``search_traces`` its fields stand beside the spans."""
    return as_object(loaded(entry.get("info"))) or (dict(entry) if "trace_id" in entry and "spans" in entry else {})


def _span(raw: Mapping[str, Any]) -> Span | None:
    context = as_object(raw.get("context"))
    trace_id = _hex(raw.get("trace_id") or context.get("trace_id"), 32)
    span_id = _hex(raw.get("span_id") or context.get("span_id"), 16)
    if trace_id is None or span_id is None:
        return None
    status = as_object(raw.get("status"))
    return Span(
        trace_id=trace_id,
        span_id=span_id,
        parent_span_id=_hex(raw.get("parent_span_id") or raw.get("parent_id"), 16),
        name=_text(raw.get("name")) or "",
        kind=1,
        scope=_SCOPE,
        scope_version="",
        started_ns=parse_time_ns(raw.get("start_time_unix_nano") or raw.get("start_time")) or 0,
        ended_ns=parse_time_ns(raw.get("end_time_unix_nano") or raw.get("end_time")) or 0,
        status=status_of(status.get("code") or raw.get("status_code")),
        status_message=_text(status.get("message")) or "",
        attributes=as_object(raw.get("attributes")),
    )


def _hex(value: Any, digits: int) -> str | None:
    text = _text(value)
    if text is None:
        return None
    text = text.removeprefix("0x").removeprefix("tr-").lower() if not text.endswith("=") else text
    if len(text) == digits and all(each in "0123456789abcdef" for each in text):
        return text
    try:
        return base64.b64decode(text, validate=True).hex().rjust(digits, "0")[-digits:]
    except (binascii.Error, ValueError):
        return None


def _resource(tags: Mapping[str, Any]) -> dict[str, Any]:
    named = {
        "service.name": tags.get("service.name") or tags.get("service"),
        "deployment.environment.name": tags.get("environment"),
    }
    return {key: value for key, value in named.items() if isinstance(value, str) and value}


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None
