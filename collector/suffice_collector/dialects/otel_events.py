"""OpenTelemetry's GenAI events as log records: messages of a call (up to v1.36: ``gen_ai.user.message``, ...), or all of
it (``gen_ai.client.inference.operation.details``).

The messages of a span come one a record; together they are one telling of its call. Details are read as the span of
the same scope would be, so that a dialect's own meaning of a count holds here too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from suffice import semconv
from suffice.wire.call import Call
from suffice_collector.dialects import events, fields, openlit, otel_genai
from suffice_collector.dialects.log_place import log_call_record
from suffice_collector.otlp import Resource, Span
from suffice_collector.otlp_logs import LogRecord
from suffice_store.records import CallRecord

NAME = "otel_events"

_MODELS = (semconv.REQUEST_MODEL, semconv.RESPONSE_MODEL)


def claims(log: LogRecord, resource: Resource) -> bool:
    if log.event_name not in events.NAMES:
        return False
    if log.event_name == events.DETAILS:
        operation = log.attributes.get(semconv.OPERATION)
        known = fields.word(log.attributes, semconv.OPERATION, semconv.CALL_OPERATIONS)
        return known is not None or (operation is None and log.span_id is not None)
    return log.span_id is not None


def calls_of(logs: Sequence[LogRecord], resource: Resource) -> tuple[list[CallRecord], list[LogRecord]]:
    calls: list[CallRecord] = []
    pieces: dict[tuple[str | None, str | None], list[LogRecord]] = {}
    for log in logs:
        if log.event_name == events.DETAILS:
            calls.append(_details(log, resource))
        else:
            pieces.setdefault((log.trace_id, log.span_id), []).append(log)
    calls += [_told_in_pieces(sorted(each, key=LogRecord.at_ns), resource) for each in pieces.values()]
    return calls, list(logs)


def _details(log: LogRecord, resource: Resource) -> CallRecord:
    span = Span(
        trace_id=log.trace_id or "", span_id=log.span_id or "", parent_span_id=None, name=log.event_name, kind=0,
        scope=log.scope, scope_version=log.scope_version, started_ns=log.at_ns(), ended_ns=log.at_ns(),
        status="unset", attributes={**_body(log), **log.attributes},
    )  # fmt: skip
    dialect = openlit if log.scope.startswith(openlit.SCOPES) else otel_genai
    read = dialect.normalise(span, resource)
    call = read.call if read is not None else otel_genai.call_of(span)
    return log_call_record(call, log, resource, NAME, content=otel_genai.CONTENT, of_span=True)


def _told_in_pieces(logs: Sequence[LogRecord], resource: Resource) -> CallRecord:
    last = logs[-1]
    call = Call(
        wire_format="",
        operation="chat",
        provider=(fields.text(last.attributes, semconv.PROVIDER, otel_genai.SYSTEM) or "").lower(),
    )
    events.add_events(call, ((log.event_name, _body(log)) for log in logs))
    record = log_call_record(call, last, resource, NAME, of_span=True)
    record.started_ns = logs[0].at_ns() or None
    record.attributes.pop("otel.log.body", None)  # it became messages
    return record


def _body(log: LogRecord) -> Mapping[str, Any]:
    """A record's body; some put the same fields among the attributes."""
    return (
        log.body
        if isinstance(log.body, dict)
        else {key: log.attributes[key] for key in ("content", "message") if key in log.attributes}
    )
