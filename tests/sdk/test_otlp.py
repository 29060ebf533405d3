"""What is written directly reads back, with the generated classes, as what OpenTelemetry's own encoder writes."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanLimits, TracerProvider
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import SpanContext, SpanKind, Status, StatusCode, TraceFlags

from suffice.config import read_settings
from suffice.finishing import encode_readable
from suffice.messages_json import Pieces
from suffice.otlp import LONG_BYTES, Bytes, Scope, Span, encode_batch, encode_resource, encode_span

SETTINGS = read_settings(environ={})
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=300)
numbers = st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False)
scalars = st.booleans() | numbers | texts
lists = (
    st.lists(texts) | st.lists(st.booleans()) | st.lists(st.integers(-9, 2**40)) | st.lists(st.floats(allow_nan=False))
)
attributes = st.dictionaries(texts.filter(bool), scalars | lists, max_size=8)
times = st.integers(0, 2**63 - 1)
ids = st.integers(1, 2**64 - 1)


def theirs(spans: list[ReadableSpan]) -> ExportTraceServiceRequest:
    return ExportTraceServiceRequest.FromString(encode_spans(spans).SerializePartialToString())


def ours(resource: Resource, spans: list[tuple[Scope, Bytes]]) -> ExportTraceServiceRequest:
    described = {name: str(value) for name, value in resource.attributes.items()}
    return ExportTraceServiceRequest.FromString(b"".join(encode_batch(encode_resource(described), spans)))


@settings(max_examples=150, deadline=None)
@given(texts, attributes, times, times, ids, ids, st.sampled_from(list(SpanKind)), st.booleans(), texts)
def test_a_span_is_the_same_as_theirs(
    name: str,
    described: dict[str, Any],
    started: int,
    ended: int,
    trace_id: int,
    span_id: int,
    kind: SpanKind,
    remote: bool,
    why: str,
) -> None:
    resource = Resource({"service.name": name or "x", "suffice.project": "ü"})
    scope = InstrumentationScope("suffice", "")
    parent = SpanContext(trace_id, span_id ^ 1 or 1, remote, TraceFlags(1))
    span = ReadableSpan(
        name,
        SpanContext(trace_id, span_id, False, TraceFlags(1)),
        parent,
        resource,
        described,
        kind=kind,
        status=Status(StatusCode.ERROR, why),
        start_time=started,
        end_time=ended,
        instrumentation_scope=scope,
    )
    encoded = encode_readable(span, SETTINGS, shared=False)
    assert ours(resource, [(encoded.scope, encoded.data)]) == theirs([span])


def test_a_batch_of_several_scopes() -> None:
    resource = Resource({"service.name": "s"})
    provider = TracerProvider(resource=resource, span_limits=SpanLimits())
    spans: list[Any] = []
    for name, version in [("suffice", ""), ("opentelemetry.instrumentation.httpx", "0.66"), ("suffice", "")]:
        span = provider.get_tracer(name, version).start_span("x" * 200, attributes={"http.request.method": "POST"})
        span.end()
        spans.append(span)
    encoded = [encode_readable(each, SETTINGS, shared=False) for each in spans]
    mine, other = ours(resource, [(each.scope, each.data) for each in encoded]), theirs(spans)
    assert [each.scope for each in mine.resource_spans[0].scope_spans] == [
        each.scope for each in other.resource_spans[0].scope_spans
    ]
    assert mine == other


def test_what_a_span_attribute_cannot_hold_is_left_out_and_half_a_pair_replaced() -> None:
    span = Span(
        "n", b"t" * 16, b"s" * 8, None, 3, 1, 2, {"a": {"x": 1}, "b": b"y", "c": None, "d": 2**64, "e": "\ud800"}
    )
    (resource,) = ours(Resource({}), [(Scope("s", "1"), encode_span(span))]).resource_spans
    (read,) = resource.scope_spans[0].spans
    assert [(each.key, each.value.string_value) for each in read.attributes] == [("e", "?")]
    assert (read.parent_span_id, read.trace_id, read.span_id, read.flags) == (b"", b"t" * 16, b"s" * 8, 0x100)


def test_texts_of_every_length_of_a_length() -> None:
    for size in (0, 1, 127, 128, 16383, 16384, 2**21 - 1, 2**21):
        span = Span("n", b"t" * 16, b"s" * 8, None, 3, 1, 2, {"text": "x" * size})
        (resource,) = ours(Resource({}), [(Scope("s"), encode_span(span))]).resource_spans
        assert len(resource.scope_spans[0].spans[0].attributes[0].value.string_value) == size


@pytest.mark.parametrize("length", [0, 5, 130, LONG_BYTES - 1, LONG_BYTES, 3 * LONG_BYTES])
def test_a_text_in_pieces_is_the_same_text_and_a_long_piece_stays_one(length: int) -> None:
    pieces = Pieces(["[", "ü" * length, "]"])
    span = Span("chat", b"t" * 16, b"s" * 8, None, 3, 1, 2, {"before": 1, "text": pieces, "after": "x"})
    encoded = encode_span(span)
    joined = span._replace(attributes=dict(span.attributes) | {"text": str(pieces)})
    assert b"".join(encoded) == b"".join(encode_span(joined))
    assert len(encoded) == (3 if 2 * length >= LONG_BYTES else 1)
    (resource,) = ours(Resource({}), [(Scope("s"), encoded), (Scope("s"), encoded)]).resource_spans
    texts = [{each.key: each.value for each in one.attributes}["text"] for one in resource.scope_spans[0].spans]
    assert [each.string_value for each in texts] == [str(pieces)] * 2
