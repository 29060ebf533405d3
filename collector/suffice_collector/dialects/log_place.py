"""A log record's place: what no dialect reads as a call is kept whole, as a moment under the span it belongs to."""

from __future__ import annotations

from hashlib import blake2b
from typing import Any

import orjson

from suffice_collector.dialects.place import SCOPE_NAME, project_of, service_of
from suffice_collector.otlp import Resource
from suffice_collector.otlp_logs import LogRecord
from suffice_store.records import SpanRecord

LOG_KIND = -1  # in ``spans.kind``, where spans have 0 to 5: a log record
_NO_NAME = "log"


def log_id(log: LogRecord, resource: Resource) -> str:
    """16 hex digits made of all that a log record says: logs have no id, and a resend says the same again."""
    said = [
        resource.attributes, log.scope, log.time_ns, log.observed_ns, log.trace_id, log.span_id, log.event_name,
        log.body, log.attributes,
    ]  # fmt: skip
    return blake2b(orjson.dumps(said, default=str, option=orjson.OPT_SORT_KEYS), digest_size=8).hexdigest()


def trace_of(log: LogRecord, resource: Resource) -> str:
    """The trace it belongs to; where it names none (Claude Code), one made of its session and sender."""
    if log.trace_id is not None:
        return log.trace_id
    session = log.attributes.get("session.id") or log.attributes.get("conversation.id") or ""
    seed = orjson.dumps([project_of(resource), service_of(resource), str(session)])
    return blake2b(seed, digest_size=16).hexdigest()


def log_record(log: LogRecord, resource: Resource) -> SpanRecord:
    """A log record that no dialect reads as a call, whole."""
    at = log.at_ns()
    return SpanRecord(
        project=project_of(resource),
        trace_id=trace_of(log, resource),
        span_id=log_id(log, resource),
        parent_span_id=log.span_id,
        name=log.event_name or _NO_NAME,
        kind=LOG_KIND,
        scope=log.scope,
        service=service_of(resource),
        started_ns=at,
        ended_ns=at,
        status="error" if log.severity >= 17 else "unset",  # 17 is ERROR
        attributes=raw_log_attributes(log, resource),
    )


def raw_log_attributes(log: LogRecord, resource: Resource) -> dict[str, Any]:
    """The attributes as received, and under ``otel.*`` what else the record carried."""
    raw = log.attributes.copy()
    if resource.attributes:
        raw["otel.resource"] = resource.attributes
    if log.scope:
        raw[SCOPE_NAME] = log.scope
    if log.scope_version:
        raw["otel.scope.version"] = log.scope_version
    if log.body is not None:
        raw["otel.log.body"] = log.body
    if log.severity:
        raw["otel.log.severity"] = log.severity
    raw["otel.log.times_ns"] = [log.time_ns, log.observed_ns]
    return raw
