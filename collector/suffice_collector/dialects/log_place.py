"""A log record's place: what no dialect reads as a call is kept whole, as a moment under the span it belongs to."""

from __future__ import annotations

import json
from collections.abc import Collection
from hashlib import blake2b
from typing import Any

import orjson

from suffice import semconv
from suffice.wire.call import Call
from suffice.wire.canonical import call_hash
from suffice_collector.dialects import fields
from suffice_collector.dialects.place import SCOPE_NAME, project_of, service_of
from suffice_collector.otlp import Resource
from suffice_collector.otlp_logs import LogRecord
from suffice_store.records import CallRecord, SpanRecord

LOG_KIND = -1  # in ``spans.kind``, where spans have 0 to 5: a log record
MAX_DURATION_MS = 86_400_000.0  # a day: longer is no call
_SESSIONS = ("prompt.id", "prompt_id", "session.id", "conversation.id", semconv.CONVERSATION_ID)
_NO_NAME = "log"


def log_id(log: LogRecord, resource: Resource) -> str:
    """16 hex digits made of all that a log record says: logs have no id, and a resend says the same again."""
    said = [
        resource.attributes, log.scope, log.time_ns, log.observed_ns, log.trace_id, log.span_id, log.event_name,
        log.body, log.attributes,
    ]  # fmt: skip
    return blake2b(_bytes_of(said), digest_size=8).hexdigest()


def trace_of(log: LogRecord, resource: Resource) -> str:
    """The trace it belongs to; where it names none (Claude Code), one made of its prompt or session, and its sender."""
    if log.trace_id is not None:
        return log.trace_id
    session = next((log.attributes[key] for key in _SESSIONS if log.attributes.get(key)), "")
    if not session:  # nothing tells what it belongs to: a trace of its own
        session = log_id(log, resource)
    seed = _bytes_of([project_of(resource), service_of(resource), str(session)])
    return blake2b(seed, digest_size=16).hexdigest()


def _bytes_of(value: Any) -> bytes:
    try:
        return orjson.dumps(value, default=str, option=orjson.OPT_SORT_KEYS)
    except TypeError:  # an integer beyond 64 bits, half of a surrogate pair
        return json.dumps(value, default=str, sort_keys=True).encode()


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


def log_call_record(
    call: Call,
    log: LogRecord,
    resource: Resource,
    dialect: str,
    *,
    content: Collection[str] = (),
    duration_ms: float = 0,
    of_span: bool = False,
) -> CallRecord:
    """The record of a call that a log record tells of when it ended, ``duration_ms`` after its start.

    ``of_span``: the record's span is the call's own; else it is what the call happened in.
    """
    a = log.attributes
    project, trace_id = project_of(resource), trace_of(log, resource)
    ended = log.at_ns()
    attributes = {key: value for key, value in raw_log_attributes(log, resource).items() if key not in content}
    return CallRecord(
        call=call,
        call_id=call_hash(project, trace_id, f"log:{log_id(log, resource)}"),
        project=project,
        trace_id=trace_id,
        span_id=log.span_id if of_span else None,
        parent_span_id=None if of_span else log.span_id,
        run_id=trace_id,
        service=service_of(resource),
        environment=fields.text(resource.attributes, semconv.ENVIRONMENT, "deployment.environment"),
        agent_name=fields.text(a, semconv.AGENT_NAME),
        conversation_id=fields.text(a, semconv.CONVERSATION_ID, "conversation.id", "session.id"),
        user_id=fields.text(a, semconv.USER_ID, "enduser.id", "user.email"),
        server_address=fields.text(a, semconv.SERVER_ADDRESS),
        started_ns=max(1, ended - int(duration_ms * 1e6)) if ended else None,
        ended_ns=ended or None,
        source="otlp",
        dialect=dialect,
        attributes=attributes,
    )


def milliseconds(log: LogRecord, *keys: str) -> float:
    """A duration among the attributes, a number or the text of one; 0 where there is none or it can't be."""
    for key in keys:
        try:
            value = float(log.attributes.get(key) or 0)
        except (TypeError, ValueError):
            continue
        if 0 < value < MAX_DURATION_MS:
            return value
    return 0.0
