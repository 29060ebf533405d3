"""Cutting: a call too large for one request is shortened and says so; it is never dropped silently.

Rare (a call's span over 4 MiB, or a collector that takes less), so this reads the written span back and looks for
the longest texts: within messages and tools too, which stay valid JSON.
"""

from __future__ import annotations

import json
from typing import Any

from suffice import semconv

_MARK = "… [cut by suffice: {} more characters]"
SMALLEST_BYTES = 32 * 1024  # a collector that refuses a call of this size as too large takes nothing
_SHORTEST = 64  # characters; shorter texts are left alone


def cut_span(encoded: bytes, max_bytes: int) -> bytes:
    """The span with its longest texts shortened until it has at most ``max_bytes``, as far as that goes.

    ``suffice.cut_bytes`` says how many bytes are gone; the call is no longer ``complete``.
    """
    from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
    from opentelemetry.proto.trace.v1.trace_pb2 import Span

    span = Span.FromString(encoded)
    before = len(encoded)
    texts = {each.key: each.value.string_value for each in span.attributes if each.value.HasField("string_value")}
    limit = max_bytes * 9 // 10
    while span.ByteSize() > max_bytes - 200 and limit >= _SHORTEST:
        shortened = {name: _cut_text(value, limit) for name, value in texts.items()}
        for each in span.attributes:
            if each.key in shortened:
                each.value.string_value = shortened[each.key]
        limit = limit * 3 // 4
    while span.ByteSize() > max_bytes and span.attributes:  # a hundred thousand short texts, for instance
        longest = max(range(len(span.attributes)), key=lambda index: span.attributes[index].ByteSize())
        del span.attributes[longest]
    gone = before - span.ByteSize()
    known = [each for each in span.attributes if each.key == semconv.CUT_BYTES]
    if known:
        known[0].value.int_value += gone
    else:
        span.attributes.append(KeyValue(key=semconv.CUT_BYTES, value=AnyValue(int_value=gone)))
    for each in span.attributes:
        if each.key == semconv.COMPLETENESS and each.value.string_value == "complete":
            each.value.string_value = "partial"
    return bytes(span.SerializeToString())


def split_batch(body: bytes) -> list[tuple[bytes, int]]:
    """A batch that is too large for the collector, as two halves (each with its number of calls), or a single
    span shortened to half its size. Empty where nothing smaller makes sense."""
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    request = ExportTraceServiceRequest.FromString(body)
    spans = [
        (resource, scope, span)
        for resource in request.resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
    ]
    if len(spans) > 1:
        middle = len(spans) // 2
        return [_batch(spans[:middle]), _batch(spans[middle:])]
    if not spans or len(body) <= SMALLEST_BYTES:
        return []
    resource, scope, span = spans[0]
    encoded = span.SerializeToString()
    shortened = cut_span(encoded, max(SMALLEST_BYTES // 2, len(encoded) // 2))
    if len(shortened) >= len(encoded):
        return []
    span.ParseFromString(shortened)
    return [_batch([(resource, scope, span)])]


def _batch(spans: list[tuple[Any, Any, Any]]) -> tuple[bytes, int]:
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    request = ExportTraceServiceRequest()
    for resource, scope, span in spans:
        group = request.resource_spans.add(resource=resource.resource)
        group.scope_spans.add(scope=scope.scope, spans=[span])
    calls = sum(any(each.key == semconv.WIRE_FORMAT for each in span.attributes) for _, _, span in spans)
    return bytes(request.SerializeToString()), calls


def _cut_text(text: str, limit: int) -> str:
    """A JSON document's inner strings to ``limit`` characters each, any other text to that length."""
    if len(text) <= limit:
        return text
    if text[:1] in "[{":
        try:
            return json.dumps(_cut_value(json.loads(text), limit), ensure_ascii=False, separators=(",", ":"))
        except (ValueError, RecursionError):
            pass
    return _shortened(text, limit)


def _cut_value(value: Any, limit: int) -> Any:
    if isinstance(value, str):
        return _shortened(value, limit)
    if isinstance(value, list):
        return [_cut_value(each, limit) for each in value]
    if isinstance(value, dict):
        return {name: _cut_value(each, limit) for name, each in value.items()}
    return value


def _shortened(text: str, limit: int) -> str:
    if len(text) <= max(limit, _SHORTEST):
        return text
    return text[:limit] + _MARK.format(len(text) - limit)
