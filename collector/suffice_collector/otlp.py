"""OTLP bodies to plain span objects: protobuf and JSON, the same objects from either.

Walked by hand because protobuf's own MessageToDict takes 183 us a span, this about 30. The JSON side
takes what exporters were seen to send: ids in any case, 64-bit integers as strings or numbers, empty
ids for "none", nulls for empty lists; unknown fields are ignored. Logs: ``otlp_logs``; both read their
values by ``otlp_values``.
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass, field
from typing import Any

from google.protobuf.message import DecodeError

from suffice_collector.otlp_lite import LiteRequest, lite_attributes, lite_status
from suffice_collector.otlp_values import (
    MAX_TIME_NS,
    first_line,
    integer,
    is_id,
    json_attributes,
    load_json,
    objects,
    text,
)
from suffice_collector.otlp_values import MalformedBodyError as MalformedBodyError

STATUS = ("unset", "ok", "error")
_NO_TRACE, _NO_SPAN = bytes(16), bytes(8)


@dataclass(slots=True)
class SpanEvent:
    name: str
    time_ns: int
    attributes: dict[str, Any]


@dataclass(slots=True)
class Resource:
    """Who sent the spans. ``attributes`` are JSON values; ``sender`` is kept by ``dialects.place.sender_of``."""

    attributes: dict[str, Any] = field(default_factory=dict)
    sender: Any = field(default=None, compare=False, repr=False)


@dataclass(slots=True)
class Span:
    """One span. Ids are lower-case hex, times Unix nanoseconds (0 = not set), attributes JSON values."""

    trace_id: str
    span_id: str
    parent_span_id: str | None
    name: str
    kind: int
    scope: str
    scope_version: str
    started_ns: int
    ended_ns: int
    status: str  # unset, ok, error
    status_message: str = ""
    attributes: dict[str, Any] = field(default_factory=dict)
    events: list[SpanEvent] = field(default_factory=list)


@dataclass(slots=True)
class ResourceSpans:
    resource: Resource
    spans: list[Span]


@dataclass(slots=True)
class TraceRequest:
    """A decoded export request: what can be stored, and how many spans cannot and why (the last reason)."""

    groups: list[ResourceSpans] = field(default_factory=list)
    rejected: int = 0
    reason: str = ""

    def span_count(self) -> int:
        return sum(len(group.spans) for group in self.groups)


def parse_traces(body: bytes, content_type: str, only: Container[int] | None = None) -> TraceRequest:
    """Decode an ExportTraceServiceRequest; ``content_type`` is "application/json" or protobuf's.

    ``only``: of protobuf, the numbers of the spans that are wanted, in the order of the body; None for all.
    Raises MalformedBodyError. A span with an impossible id or time is left out and counted, the rest kept.
    """
    try:
        return _parse_json(body) if content_type == "application/json" else _parse_protobuf(body, only)
    except MalformedBodyError:
        raise
    except DecodeError:
        raise MalformedBodyError("the body is not an OTLP ExportTraceServiceRequest in protobuf") from None
    except RecursionError:
        raise MalformedBodyError("the body is nested too deeply") from None
    except (TypeError, ValueError, AttributeError, KeyError, OverflowError) as error:
        raise MalformedBodyError(f"the body is not an OTLP export request in JSON: {first_line(error)}") from None


# protobuf


def _parse_protobuf(body: bytes, only: Container[int] | None) -> TraceRequest:
    message = LiteRequest.FromString(body)
    request = TraceRequest()
    number = -1
    for resource_spans in message.resource_spans:
        spans: list[Span] = []
        for scope_spans in resource_spans.scope_spans:
            scope, version = scope_spans.scope.name, scope_spans.scope.version
            for raw in scope_spans.spans:
                number += 1
                if only is not None and number not in only:
                    continue
                trace_id, span_id, parent = raw.trace_id, raw.span_id, raw.parent_span_id
                started_ns, ended_ns, kind = raw.start_time_unix_nano, raw.end_time_unix_nano, raw.kind
                code, status_message = lite_status(raw.status)
                span = Span(
                    trace_id.hex(),
                    span_id.hex(),
                    parent.hex() or None,
                    raw.name,
                    kind,
                    scope,
                    version,
                    started_ns,
                    ended_ns,
                    STATUS[code] if 0 <= code < 3 else "unset",
                    status_message,
                    lite_attributes(raw.attributes),
                    [SpanEvent(e.name, e.time_unix_nano, lite_attributes(e.attributes)) for e in events]
                    if (events := raw.events)
                    else [],
                )
                usual = len(trace_id) == 16 and len(span_id) == 8 and (not parent or len(parent) == 8)
                possible = started_ns <= MAX_TIME_NS and ended_ns <= MAX_TIME_NS and kind >= 0
                if usual and possible and trace_id != _NO_TRACE and span_id != _NO_SPAN and parent != _NO_SPAN:
                    spans.append(span)
                else:
                    _keep(span, spans, request)
        request.groups.append(ResourceSpans(Resource(lite_attributes(resource_spans.resource.attributes)), spans))
    return request


# JSON


def _parse_json(body: bytes) -> TraceRequest:
    message = load_json(body)
    if not isinstance(message, dict):
        raise MalformedBodyError("the body is not a JSON object")
    request = TraceRequest()
    for resource_spans in objects(message, "resourceSpans"):
        spans: list[Span] = []
        for scope_spans in objects(resource_spans, "scopeSpans"):
            scope = scope_spans.get("scope") or {}
            name, version = text(scope.get("name")), text(scope.get("version"))
            for raw in objects(scope_spans, "spans"):
                status = raw.get("status") or {}
                span = Span(
                    trace_id=text(raw.get("traceId")).lower(),
                    span_id=text(raw.get("spanId")).lower(),
                    parent_span_id=text(raw.get("parentSpanId")).lower() or None,
                    name=text(raw.get("name")),
                    kind=integer(raw.get("kind")),
                    scope=name,
                    scope_version=version,
                    started_ns=integer(raw.get("startTimeUnixNano")),
                    ended_ns=integer(raw.get("endTimeUnixNano")),
                    status=_status(integer(status.get("code"))),
                    status_message=text(status.get("message")),
                    attributes=json_attributes(raw),
                    events=[
                        SpanEvent(text(e.get("name")), integer(e.get("timeUnixNano")), json_attributes(e))
                        for e in objects(raw, "events")
                    ],
                )
                _keep(span, spans, request)
        resource = resource_spans.get("resource") or {}
        request.groups.append(ResourceSpans(Resource(json_attributes(resource)), spans))
    return request


# both


def _keep(span: Span, spans: list[Span], request: TraceRequest) -> None:
    """Only what no store could hold is left out: ids and times outside their range."""
    if not is_id(span.trace_id, 32):
        request.reason = f"trace_id must be 16 bytes and not all zero (span '{span.name:.60}')"
    elif not is_id(span.span_id, 16):
        request.reason = f"span_id must be 8 bytes and not all zero (span '{span.name:.60}')"
    elif not (0 <= span.started_ns <= MAX_TIME_NS and 0 <= span.ended_ns <= MAX_TIME_NS):
        request.reason = f"a span's time is out of range (span '{span.name:.60}')"
    else:
        if span.parent_span_id is not None and not is_id(span.parent_span_id, 16):
            span.parent_span_id = None
        if not 0 <= span.kind <= 2**31 - 1:
            span.kind = 0
        spans.append(span)
        return
    request.rejected += 1


def _status(code: int) -> str:
    return STATUS[code] if 0 <= code < len(STATUS) else "unset"
