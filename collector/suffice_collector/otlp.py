"""OTLP bodies to plain span objects: protobuf and JSON, the same objects from either.

Walked by hand because protobuf's own MessageToDict takes 183 us a span, this about 30. The JSON side
takes what exporters were seen to send: ids in any case, 64-bit integers as strings or numbers, empty
ids for "none", nulls for empty lists; unknown fields are ignored. Traces today; logs and metrics share
``attribute_value`` and ``resource`` when they come.
"""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import orjson
from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

MAX_DEPTH = 64  # of nested attribute values; deeper ones are refused, not followed
MAX_TIME_NS = 2**63 - 1
STATUS = ("unset", "ok", "error")


class MalformedBodyError(ValueError):
    """The body is not what its content type says. One line, sent back with status 400."""


@dataclass(slots=True)
class SpanEvent:
    name: str
    time_ns: int
    attributes: dict[str, Any]


@dataclass(slots=True)
class Resource:
    """Who sent the spans. ``attributes`` are JSON values."""

    attributes: dict[str, Any] = field(default_factory=dict)


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


def parse_traces(body: bytes, content_type: str) -> TraceRequest:
    """Decode an ExportTraceServiceRequest; ``content_type`` is "application/json" or protobuf's.

    Raises MalformedBodyError. A span with an impossible id or time is left out and counted, the rest kept.
    """
    try:
        return _parse_json(body) if content_type == "application/json" else _parse_protobuf(body)
    except MalformedBodyError:
        raise
    except DecodeError:
        raise MalformedBodyError("the body is not an OTLP ExportTraceServiceRequest in protobuf") from None
    except RecursionError:
        raise MalformedBodyError("the body is nested too deeply") from None
    except (TypeError, ValueError, AttributeError, KeyError, OverflowError) as error:
        raise MalformedBodyError(f"the body is not an OTLP export request in JSON: {_first_line(error)}") from None


# protobuf


def _parse_protobuf(body: bytes) -> TraceRequest:
    message = ExportTraceServiceRequest.FromString(body)
    request = TraceRequest()
    for resource_spans in message.resource_spans:
        spans: list[Span] = []
        for scope_spans in resource_spans.scope_spans:
            scope, version = scope_spans.scope.name, scope_spans.scope.version
            for raw in scope_spans.spans:
                span = Span(
                    trace_id=raw.trace_id.hex(),
                    span_id=raw.span_id.hex(),
                    parent_span_id=raw.parent_span_id.hex() or None,
                    name=raw.name,
                    kind=raw.kind,
                    scope=scope,
                    scope_version=version,
                    started_ns=raw.start_time_unix_nano,
                    ended_ns=raw.end_time_unix_nano,
                    status=_status(raw.status.code),
                    status_message=raw.status.message,
                    attributes=_attributes(raw.attributes),
                    events=[SpanEvent(e.name, e.time_unix_nano, _attributes(e.attributes)) for e in raw.events],
                )
                _keep(span, spans, request)
        request.groups.append(ResourceSpans(Resource(_attributes(resource_spans.resource.attributes)), spans))
    return request


def _attributes(pairs: Iterable[Any], depth: int = 0) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for pair in pairs:
        value = pair.value
        text = value.string_value  # most values are text: one look instead of asking which it is
        found[pair.key] = text or attribute_value(value, depth)
    return found


def attribute_value(value: Any, depth: int = 0) -> Any:
    """An AnyValue message as a JSON value: bytes as base64 text, NaN and infinities as text."""
    if depth > MAX_DEPTH:
        raise MalformedBodyError("an attribute value is nested too deeply")
    which = value.WhichOneof("value")
    return None if which is None else _READ_VALUE[which](value, depth)


_READ_VALUE: dict[str, Callable[[Any, int], Any]] = {
    "string_value": lambda v, _: v.string_value,
    "int_value": lambda v, _: v.int_value,
    "double_value": lambda v, _: _finite(v.double_value),
    "bool_value": lambda v, _: v.bool_value,
    "bytes_value": lambda v, _: base64.b64encode(v.bytes_value).decode(),
    "array_value": lambda v, depth: [attribute_value(each, depth + 1) for each in v.array_value.values],
    "kvlist_value": lambda v, depth: _attributes(v.kvlist_value.values, depth + 1),
}


# JSON


def _parse_json(body: bytes) -> TraceRequest:
    message = _load_json(body)
    if not isinstance(message, dict):
        raise MalformedBodyError("the body is not a JSON object")
    request = TraceRequest()
    for resource_spans in _objects(message, "resourceSpans"):
        spans: list[Span] = []
        for scope_spans in _objects(resource_spans, "scopeSpans"):
            scope = scope_spans.get("scope") or {}
            name, version = _text(scope.get("name")), _text(scope.get("version"))
            for raw in _objects(scope_spans, "spans"):
                status = raw.get("status") or {}
                span = Span(
                    trace_id=_text(raw.get("traceId")).lower(),
                    span_id=_text(raw.get("spanId")).lower(),
                    parent_span_id=_text(raw.get("parentSpanId")).lower() or None,
                    name=_text(raw.get("name")),
                    kind=_integer(raw.get("kind")),
                    scope=name,
                    scope_version=version,
                    started_ns=_integer(raw.get("startTimeUnixNano")),
                    ended_ns=_integer(raw.get("endTimeUnixNano")),
                    status=_status(_integer(status.get("code"))),
                    status_message=_text(status.get("message")),
                    attributes=_json_attributes(raw),
                    events=[
                        SpanEvent(_text(e.get("name")), _integer(e.get("timeUnixNano")), _json_attributes(e))
                        for e in _objects(raw, "events")
                    ],
                )
                _keep(span, spans, request)
        resource = resource_spans.get("resource") or {}
        request.groups.append(ResourceSpans(Resource(_json_attributes(resource)), spans))
    return request


def _load_json(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        # Half a surrogate pair (a text cut in the middle by an exporter's limit) is refused by orjson.
        try:
            lenient = json.loads(body)
        except ValueError as error:
            raise MalformedBodyError(f"the body is not JSON: {_first_line(error)}") from None
        return orjson.loads(json.dumps(lenient, ensure_ascii=False, allow_nan=False).encode("utf-8", "replace"))


def _json_attributes(owner: dict[str, Any], depth: int = 0) -> dict[str, Any]:
    return {_text(pair["key"]): _json_value(pair.get("value"), depth) for pair in _objects(owner, "attributes")}


def _json_value(value: Any, depth: int) -> Any:
    if depth > MAX_DEPTH:
        raise MalformedBodyError("an attribute value is nested too deeply")
    if not value:
        return None
    if not isinstance(value, dict):
        raise MalformedBodyError("an attribute value is not an object")
    for kind, inner in value.items():
        read = _READ_JSON_VALUE.get(kind)
        if read is not None:
            return read(inner, depth)
    return None


def _json_double(value: Any) -> float | str:
    return _finite(float(value)) if isinstance(value, int | float | str) else 0.0


_READ_JSON_VALUE: dict[str, Callable[[Any, int], Any]] = {
    "stringValue": lambda v, _: _text(v),
    "intValue": lambda v, _: _integer(v),
    "doubleValue": lambda v, _: _json_double(v),
    "boolValue": lambda v, _: bool(v),
    "bytesValue": lambda v, _: _text(v),
    "arrayValue": lambda v, depth: [_json_value(each, depth + 1) for each in _objects(v or {}, "values", any)],
    "kvlistValue": lambda v, depth: {
        _text(pair["key"]): _json_value(pair.get("value"), depth + 1) for pair in _objects(v or {}, "values")
    },
}


def _objects(owner: dict[str, Any], key: str, kind: Any = dict) -> list[Any]:
    """A list under a key; missing and null are empty. With ``kind`` dict, every member must be an object."""
    values = owner.get(key)
    if values is None:
        return []
    if not isinstance(values, list) or (kind is dict and not all(isinstance(each, dict) for each in values)):
        raise MalformedBodyError(f"'{key}' is not a list of objects")
    return values


def _text(value: Any) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise MalformedBodyError(f"expected a string, found {type(value).__name__}")
    return value


def _integer(value: Any) -> int:
    """A JSON number or a string of digits; missing is 0."""
    if value is None or value == "":
        return 0
    if isinstance(value, bool) or not isinstance(value, int | str):
        if isinstance(value, float) and value.is_integer():
            return int(value)
        raise MalformedBodyError(f"expected an integer, found {value!r:.40}")
    return int(value) if isinstance(value, int) or len(value) <= 20 else _integer_error(value)


def _integer_error(value: str) -> int:
    raise MalformedBodyError(f"expected a 64-bit integer, found {value!r:.40}")


# both


def _keep(span: Span, spans: list[Span], request: TraceRequest) -> None:
    """Only what no store could hold is left out: ids and times outside their range."""
    if not _is_id(span.trace_id, 32):
        request.reason = f"trace_id must be 16 bytes and not all zero (span '{span.name:.60}')"
    elif not _is_id(span.span_id, 16):
        request.reason = f"span_id must be 8 bytes and not all zero (span '{span.name:.60}')"
    elif not (0 <= span.started_ns <= MAX_TIME_NS and 0 <= span.ended_ns <= MAX_TIME_NS):
        request.reason = f"a span's time is out of range (span '{span.name:.60}')"
    else:
        if span.parent_span_id is not None and not _is_id(span.parent_span_id, 16):
            span.parent_span_id = None
        if not 0 <= span.kind <= 2**31 - 1:
            span.kind = 0
        spans.append(span)
        return
    request.rejected += 1


def _is_id(text: str, digits: int) -> bool:
    return len(text) == digits and text.isalnum() and text.isascii() and text.strip("0") != "" and _is_hex(text)


def _is_hex(text: str) -> bool:
    try:
        int(text, 16)
    except ValueError:
        return False
    return True


def _status(code: int) -> str:
    return STATUS[code] if 0 <= code < len(STATUS) else "unset"


def _finite(value: float) -> float | str:
    return value if math.isfinite(value) else str(value)


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [""])[0][:200]
