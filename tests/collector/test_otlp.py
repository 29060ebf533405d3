"""OTLP bodies to span objects: the same from protobuf and JSON, tolerant where the specification is, strict else."""

from __future__ import annotations

import base64
import json
import string
from typing import Any

import pytest
from collector.otlp_samples import START_NS, Recorder, chat_body, json_body, json_span
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.trace import StatusCode

from suffice_collector.otlp import MalformedBodyError, Resource, ResourceSpans, Span, SpanEvent, parse_traces

JSON = "application/json"
PROTOBUF = "application/x-protobuf"


def only_span(body: bytes, content_type: str = JSON) -> Span:
    request = parse_traces(body, content_type)
    assert request.span_count() == 1
    return request.groups[0].spans[0]


class TestProtobuf:
    def test_a_span_of_the_real_sdk(self) -> None:
        recorder = Recorder({"deployment.environment.name": "test"})
        parent = recorder.span("agent", {"a": True})
        child = recorder.span(
            "step",
            {"text": "é", "empty": "", "count": 3, "share": 0.5, "flags": (True, False), "names": ("x", "y")},
            parent=parent,
            status=StatusCode.ERROR,
            message="broke",
        )
        group = parse_traces(recorder.body(), PROTOBUF).groups[0]
        assert group.resource == Resource({"service.name": "billing", "deployment.environment.name": "test"})
        assert group.spans[1] == Span(
            trace_id=f"{child.context.trace_id:032x}",
            span_id=f"{child.context.span_id:016x}",
            parent_span_id=f"{parent.context.span_id:016x}",
            name="step",
            kind=3,
            scope="some.instrumentation",
            scope_version="1.0",
            started_ns=START_NS,
            ended_ns=START_NS + 1_500_000_000,
            status="error",
            status_message="broke",
            attributes={
                "text": "é",
                "empty": "",
                "count": 3,
                "share": 0.5,
                "flags": [True, False],
                "names": ["x", "y"],
            },
        )
        assert group.spans[0].parent_span_id is None

    def test_events_are_kept(self) -> None:
        recorder = Recorder()
        span = recorder.tracer.start_span("with event", start_time=START_NS)
        span.add_event("gen_ai.choice", {"index": 0}, timestamp=START_NS + 1)
        span.end(START_NS + 2)
        assert only_span(recorder.body(), PROTOBUF).events == [SpanEvent("gen_ai.choice", START_NS + 1, {"index": 0})]

    def test_nested_values_bytes_and_numbers_json_cannot_hold(self) -> None:
        message = ExportTraceServiceRequest()
        span = message.resource_spans.add().scope_spans.add().spans.add(trace_id=b"\1" * 16, span_id=b"\2" * 8)
        inner = AnyValue()
        inner.kvlist_value.values.append(KeyValue(key="k", value=AnyValue(bytes_value=b"\xff\x00")))
        inner.kvlist_value.values.append(KeyValue(key="none", value=AnyValue()))
        value = AnyValue()
        value.array_value.values.extend([inner, AnyValue(double_value=float("nan")), AnyValue(int_value=-(2**63))])
        span.attributes.add(key="v", value=value)
        found = only_span(message.SerializeToString(), PROTOBUF).attributes["v"]
        assert found == [{"k": base64.b64encode(b"\xff\x00").decode(), "none": None}, "nan", -(2**63)]

    def test_what_is_no_protobuf_is_refused(self) -> None:
        with pytest.raises(MalformedBodyError, match="protobuf"):
            parse_traces(b"\xff\xff\xff\xff", PROTOBUF)

    def test_an_empty_request_is_empty(self) -> None:
        assert parse_traces(b"", PROTOBUF).groups == []

    def test_a_value_nested_deeper_than_any_sender_needs_is_refused(self) -> None:
        message = ExportTraceServiceRequest()
        span = message.resource_spans.add().scope_spans.add().spans.add(trace_id=b"\1" * 16, span_id=b"\2" * 8)
        value = span.attributes.add(key="deep").value
        for _ in range(90):
            value = value.array_value.values.add()
        with pytest.raises(MalformedBodyError):
            parse_traces(message.SerializeToString(), PROTOBUF)


class TestJson:
    def test_ids_in_any_case_and_integers_as_text_or_number(self) -> None:
        body = json_body(
            [json_span(0xABC, traceId=f"{0xABC:032X}", attributes=[
                {"key": "text", "value": {"intValue": "42"}},
                {"key": "number", "value": {"intValue": 43}},
                {"key": "share", "value": {"doubleValue": "0.5"}},
                {"key": "list", "value": {"arrayValue": {"values": [{"stringValue": "a"}, {"boolValue": True}, {}]}}},
                {"key": "map", "value": {"kvlistValue": {"values": [{"key": "k", "value": {"bytesValue": "/wA="}}]}}},
                {"key": "none", "value": {}},
                {"key": "unknown kind", "value": {"newValue": 1}},
            ])],
            [{"key": "service.name", "value": {"stringValue": "s"}}],
        )  # fmt: skip
        request = parse_traces(body, JSON)
        assert request.groups == [
            ResourceSpans(
                Resource({"service.name": "s"}),
                [
                    Span(
                        trace_id=f"{0xABC:032x}",
                        span_id=f"{0xABC:016x}",
                        parent_span_id=None,
                        name="step",
                        kind=3,
                        scope="hand",
                        scope_version="",
                        started_ns=START_NS,
                        ended_ns=START_NS + 5,
                        status="unset",
                        attributes={
                            "text": 42,
                            "number": 43,
                            "share": 0.5,
                            "list": ["a", True, None],
                            "map": {"k": "/wA="},
                            "none": None,
                            "unknown kind": None,
                        },
                    )
                ],
            )
        ]

    @pytest.mark.parametrize("body", [b"{}", b'{"resourceSpans": null}', b'{"resourceSpans": []}', b'{"unknown": 1}'])
    def test_nothing_in_it_is_fine(self, body: bytes) -> None:
        assert parse_traces(body, JSON).span_count() == 0

    def test_an_empty_parent_means_none(self) -> None:
        assert only_span(json_body([json_span(parentSpanId="")])).parent_span_id is None

    def test_half_a_surrogate_pair_becomes_a_question_mark(self) -> None:
        body = json_body([json_span(name="cut")]).replace(b'"cut"', b'"cut \\ud83d"')
        assert only_span(body).name == "cut ?"

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"not json",
            b"[]",
            b'"text"',
            b'{"resourceSpans": 1}',
            b'{"resourceSpans": [1]}',
            b'{"resourceSpans": [{"scopeSpans": [{"spans": "x"}]}]}',
            b'{"resourceSpans": [{"scopeSpans": [{"scope": "x"}]}]}',
            json_body([json_span(traceId=7)]),
            json_body([json_span(startTimeUnixNano="soon")]),
            json_body([json_span(startTimeUnixNano="9" * 5000)]),
            json_body([json_span(kind="SPAN_KIND_CLIENT")]),
            json_body([json_span(attributes=[{"value": {"intValue": 1}}])]),
            json_body([json_span(attributes=[{"key": "k", "value": 7}])]),
            b'{"a":' * 2000 + b"1" + b"}" * 2000,
        ],
    )
    def test_malformed_is_refused(self, body: bytes) -> None:
        with pytest.raises(MalformedBodyError):
            parse_traces(body, JSON)


class TestSpansThatNoStoreCouldHold:
    @pytest.mark.parametrize(
        ("fields", "reason"),
        [
            ({"traceId": ""}, "trace_id"),
            ({"traceId": "0" * 32}, "trace_id"),
            ({"traceId": "xyz"}, "trace_id"),
            ({"traceId": "g" * 32}, "trace_id"),
            ({"spanId": "0" * 16}, "span_id"),
            ({"spanId": "_" * 16}, "span_id"),
            ({"startTimeUnixNano": 2**63}, "time"),
            ({"endTimeUnixNano": "-1"}, "time"),
        ],
    )
    def test_are_counted_and_the_rest_is_kept(self, fields: dict[str, Any], reason: str) -> None:
        request = parse_traces(json_body([json_span(1), json_span(2, **fields), json_span(3)]), JSON)
        assert [span.span_id for span in request.groups[0].spans] == [f"{1:016x}", f"{3:016x}"]
        assert request.rejected == 1
        assert reason in request.reason

    def test_an_impossible_parent_is_no_parent(self) -> None:
        assert only_span(json_body([json_span(parentSpanId="zz")])).parent_span_id is None


values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False) | st.text(string.printable),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(string.ascii_letters, max_size=5), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


def any_value(value: Any) -> dict[str, Any]:
    if value is None:
        return {}
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int):
        return {"intValue": str(value)}
    if isinstance(value, float):
        return {"doubleValue": value}
    if isinstance(value, str):
        return {"stringValue": value}
    if isinstance(value, list):
        return {"arrayValue": {"values": [any_value(each) for each in value]}}
    return {"kvlistValue": {"values": [{"key": key, "value": any_value(each)} for key, each in value.items()]}}


@given(st.dictionaries(st.text(string.ascii_letters, min_size=1, max_size=5), values, max_size=4))
def test_any_attributes_come_out_as_they_went_in(attributes: dict[str, Any]) -> None:
    pairs = [{"key": key, "value": any_value(each)} for key, each in attributes.items()]
    assert only_span(json_body([json_span(attributes=pairs)])).attributes == attributes


@given(st.data())
@settings(max_examples=300)
def test_a_damaged_body_is_read_or_refused_but_never_breaks(data: st.DataObject) -> None:
    content_type = data.draw(st.sampled_from([JSON, PROTOBUF]))
    body = bytearray(chat_body(2) if content_type == PROTOBUF else json_body([json_span(1), json_span(2)]))
    for _ in range(data.draw(st.integers(1, 6))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(body)))
    try:
        request = parse_traces(bytes(body[:cut]), content_type)
    except MalformedBodyError as error:
        assert "\n" not in str(error)  # noqa: PT017
    else:
        json.dumps([span.attributes for group in request.groups for span in group.spans], allow_nan=False)
