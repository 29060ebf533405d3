"""OTLP logs decoded: the same records from protobuf and JSON, what cannot be one is counted, what is none refused."""

from __future__ import annotations

import json
from typing import Any

import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue, KeyValueList

from suffice_collector.dialects import normalise_logs
from suffice_collector.otlp import MalformedBodyError, Resource
from suffice_collector.otlp_logs import LogRecord, ResourceLogs, parse_logs

PROTOBUF, JSON = "application/x-protobuf", "application/json"
TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


def protobuf_body(**fields: Any) -> bytes:
    request = ExportLogsServiceRequest()
    group = request.resource_logs.add()
    group.resource.attributes.append(KeyValue(key="service.name", value=AnyValue(string_value="billing")))
    scope = group.scope_logs.add()
    scope.scope.name, scope.scope.version = "some.scope", "1.0"
    raw = scope.log_records.add()
    raw.trace_id, raw.span_id = bytes.fromhex(TRACE), bytes.fromhex(SPAN)
    raw.time_unix_nano, raw.observed_time_unix_nano, raw.severity_number = 5, 6, 9
    raw.event_name = "gen_ai.choice"
    content = KeyValue(key="content", value=AnyValue(string_value="Paris."))
    raw.body.kvlist_value.CopyFrom(KeyValueList(values=[content]))
    raw.attributes.append(KeyValue(key="gen_ai.system", value=AnyValue(string_value="openai")))
    for name, value in fields.items():
        setattr(raw, name, value)
    return request.SerializeToString()


def json_body(**fields: Any) -> bytes:
    record = {
        "traceId": TRACE.upper(), "spanId": SPAN, "timeUnixNano": "5", "observedTimeUnixNano": 6, "severityNumber": 9,
        "eventName": "gen_ai.choice",
        "body": {"kvlistValue": {"values": [{"key": "content", "value": {"stringValue": "Paris."}}]}},
        "attributes": [{"key": "gen_ai.system", "value": {"stringValue": "openai"}}],
        **fields,
    }  # fmt: skip
    resource = {"attributes": [{"key": "service.name", "value": {"stringValue": "billing"}}]}
    scope = {"name": "some.scope", "version": "1.0"}
    logs = [{"resource": resource, "scopeLogs": [{"scope": scope, "logRecords": [record]}]}]
    return json.dumps({"resourceLogs": logs}).encode()


EXPECTED = LogRecord(
    event_name="gen_ai.choice", trace_id=TRACE, span_id=SPAN, time_ns=5, observed_ns=6, severity=9,
    scope="some.scope", scope_version="1.0", body={"content": "Paris."}, attributes={"gen_ai.system": "openai"},
)  # fmt: skip


@pytest.mark.parametrize(("make", "content_type"), [(protobuf_body, PROTOBUF), (json_body, JSON)])
def test_one_record_either_way(make: Any, content_type: str) -> None:
    request = parse_logs(make(), content_type)
    assert request.groups == [ResourceLogs(Resource({"service.name": "billing"}), [EXPECTED])]
    assert (request.record_count(), request.rejected) == (1, 0)


def test_a_name_in_the_attributes_wins_over_a_line_of_source() -> None:
    named = [{"key": "event.name", "value": {"stringValue": "codex.user_prompt"}}]
    body = json_body(eventName="event otel/src/lib.rs:5", attributes=named)
    assert parse_logs(body, JSON).groups[0].logs[0].event_name == "codex.user_prompt"


def test_no_ids_are_no_span() -> None:
    for ids in ({"traceId": "", "spanId": ""}, {"traceId": "0" * 32, "spanId": "0" * 16}, {"traceId": "xy"}):
        log = parse_logs(json_body(**ids), JSON).groups[0].logs[0]
        assert (log.trace_id, log.span_id) == (None, None)


def test_an_impossible_time_is_left_out_and_said() -> None:
    request = parse_logs(protobuf_body(time_unix_nano=2**64 - 1), PROTOBUF)
    assert (request.record_count(), request.rejected) == (0, 1)
    assert "time is out of range" in request.reason


def test_its_time_is_when_it_was_seen_where_nothing_else_is_told() -> None:
    assert parse_logs(json_body(timeUnixNano=0), JSON).groups[0].logs[0].at_ns() == 6


@pytest.mark.parametrize(
    ("body", "content_type"),
    [(b"\xff\xff", PROTOBUF), (b"{", JSON), (b"[]", JSON), (b'{"resourceLogs": 5}', JSON)],
    ids=["protobuf", "cut", "list", "number"],
)  # fmt: skip
def test_what_is_no_request_is_refused(body: bytes, content_type: str) -> None:
    with pytest.raises(MalformedBodyError):
        parse_logs(body, content_type)


def test_nothing_is_a_request_without_records() -> None:
    assert parse_logs(b"", PROTOBUF).record_count() == parse_logs(b"{}", JSON).record_count() == 0


def test_every_real_record_is_kept(shared_data: Any) -> None:
    for name in ("claude-code-1.json", "codex-4.json", "otel-openai-v2-legacy-content-1.pb", "openlit-openai-1.pb"):
        body = (shared_data / "otlp" / name).read_bytes()
        request = parse_logs(body, JSON if name.endswith("json") else PROTOBUF)
        assert request.record_count() > 0 == request.rejected
        assert len(list(normalise_logs(request.groups))) > 0
