"""OTLP as its specification has it, against one real collector: over HTTP and gRPC, by raw bytes and by OpenTelemetry's exporters."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from collector.otlp_samples import chat_body, json_body, json_span
from collector.processes import PROTOBUF, Process, running_collector
from collector.signal_samples import logs_request, metrics_request
from free_ports import free_port
from google.rpc.status_pb2 import Status
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as GrpcExporter
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as HttpExporter
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExportResult
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

JSON = {"Content-Type": "application/json"}
MIB = 1024 * 1024


class Collector:
    """The process and a gRPC channel to it."""

    def __init__(self, process: Process, grpc_port: int) -> None:
        self.process = process
        self.grpc_address = f"127.0.0.1:{grpc_port}"
        self.channel = grpc.insecure_channel(self.grpc_address, options=[("grpc.max_send_message_length", -1)])

    def export(self, body: bytes, signal: str = "trace", **settings: Any) -> bytes:
        service = f"opentelemetry.proto.collector.{signal}.v1.{signal.capitalize()}Service"
        answer: bytes = self.channel.unary_unary(f"/{service}/Export")(body, timeout=60, **settings)
        return answer

    def refusal(self, body: bytes, **settings: Any) -> tuple[grpc.StatusCode, str]:
        with pytest.raises(grpc.RpcError) as refused:
            self.export(body, **settings)
        return refused.value.code(), refused.value.details()


@pytest.fixture(scope="module")
def collector(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collector]:
    port = free_port()
    folder = tmp_path_factory.mktemp("otlp")
    with running_collector(folder, "--grpc-port", str(port)) as process:
        started = Collector(process, port)
        yield started
        started.channel.close()


# one row: what is sent to /v1/traces, and the status that the specification has for it
HTTP_TABLE: dict[str, tuple[bytes, dict[str, str], int]] = {
    "protobuf": (chat_body(1), PROTOBUF, 200),
    "protobuf gzip": (gzip.compress(chat_body(1)), {**PROTOBUF, "Content-Encoding": "gzip"}, 200),
    "gzip of two members": (
        gzip.compress(chat_body(1)) + gzip.compress(chat_body(1)),
        {**PROTOBUF, "Content-Encoding": "gzip"},
        200,
    ),
    "identity is named": (chat_body(1), {**PROTOBUF, "Content-Encoding": "identity"}, 200),
    "json": (json_body([json_span(1)]), JSON, 200),
    "json gzip": (gzip.compress(json_body([json_span(2)])), {**JSON, "Content-Encoding": "gzip"}, 200),
    "json with a charset": (json_body([json_span(3)]), {"Content-Type": "application/json; charset=utf-8"}, 200),
    "ids in upper case": (json_body([json_span(4, traceId="AB" * 16, spanId="CD" * 8)]), JSON, 200),
    "integers as numbers and strings": (
        json_body([json_span(5, attributes=[{"key": "a", "value": {"intValue": n}} for n in (1, "2")])]),
        JSON,
        200,
    ),
    "unknown fields are ignored": (json_body([json_span(6, somethingNew={"a": [1]})]), JSON, 200),
    "snake_case is an unknown field": (b'{"resource_spans": [1]}', JSON, 200),
    "nested values": (
        json_body(
            [
                json_span(
                    7,
                    attributes=[
                        {"key": "a", "value": {"arrayValue": {"values": [{"kvlistValue": {"values": []}}, {}]}}}
                    ],
                )
            ]
        ),
        JSON,
        200,
    ),
    "empty ids are none": (json_body([json_span(8, parentSpanId="", traceState="")]), JSON, 200),
    "nothing, protobuf": (b"", PROTOBUF, 200),
    "nothing, json": (b"{}", JSON, 200),
    "empty envelopes": (b'{"resourceSpans": [{"scopeSpans": [{"spans": []}]}]}', JSON, 200),
    "not protobuf": (b"\xff\xff", PROTOBUF, 400),
    "not json": (b"{", JSON, 400),
    "not gzip": (b"plain", {**PROTOBUF, "Content-Encoding": "gzip"}, 400),
    "gzip cut short": (gzip.compress(chat_body(1))[:-3], {**PROTOBUF, "Content-Encoding": "gzip"}, 400),
    "nested too deeply": (
        json_body([json_span(9, attributes=[{"key": "a", "value": json.loads(
            '{"arrayValue":{"values":[' * 100 + "{}" + "]}}" * 100)}])]),
        JSON,
        400,
    ),
    "deeper than any parser": (b'{"resourceSpans":' + b"[" * 100_000, JSON, 400),
    "another type": (b"x", {"Content-Type": "text/plain"}, 415),
    "another encoding": (b"x", {**JSON, "Content-Encoding": "br"}, 415),
    "a bomb": (gzip.compress(bytes(300 * MIB)), {**PROTOBUF, "Content-Encoding": "gzip"}, 413),
    "a body over the limit": (bytes(64 * MIB + 1), PROTOBUF, 413),
}  # fmt: skip


@pytest.mark.parametrize("case", HTTP_TABLE)
def test_http(collector: Collector, case: str) -> None:
    body, headers, status = HTTP_TABLE[case]
    answer = collector.process.client.post("/v1/traces", content=body, headers=headers)
    assert answer.status_code == status
    asked = headers["Content-Type"].partition(";")[0]
    expected = asked if asked in ("application/json", "application/x-protobuf") else "application/json"
    assert answer.headers["content-type"] == expected
    if expected == "application/json":
        assert answer.json() == {} if status == 200 else answer.json()["message"]
    elif status == 200:
        assert not ExportTraceServiceResponse.FromString(answer.content).HasField("partial_success")
    else:
        assert Status.FromString(answer.content).message


def test_what_is_no_otlp_is_not_here(collector: Collector) -> None:
    for path in ("/api/public/media", "/v2/traces/1/spans/2/images", "/v1development/profiles", "/v1/traces/"):
        assert collector.process.client.post(path, content=b"{}", headers=JSON).status_code == 404, path


def test_partial_success_names_what_was_left_out(collector: Collector) -> None:
    body = json_body([json_span(31), json_span(32, traceId="0" * 32)])
    partial = collector.process.client.post("/v1/traces", content=body, headers=JSON).json()["partialSuccess"]
    assert (partial["rejectedSpans"], "trace_id" in partial["errorMessage"]) == ("1", True)


@pytest.mark.parametrize("compression", [grpc.Compression.NoCompression, grpc.Compression.Gzip], ids=["plain", "gzip"])
def test_grpc_takes_every_signal(collector: Collector, compression: grpc.Compression) -> None:
    for signal, body in (
        ("trace", chat_body(1)),
        ("logs", logs_request(2).SerializeToString()),
        ("metrics", metrics_request().SerializeToString()),
        ("trace", b""),
    ):
        assert collector.export(body, signal, compression=compression) == b""


def test_grpc_refuses_with_the_codes_that_are_not_retried(collector: Collector) -> None:
    assert collector.refusal(b"\xff\xff")[0] == grpc.StatusCode.INVALID_ARGUMENT
    assert collector.refusal(bytes(65 * MIB))[0] == grpc.StatusCode.RESOURCE_EXHAUSTED
    code, reason = collector.refusal(bytes(300 * MIB), compression=grpc.Compression.Gzip)
    assert (code, "once inflated" in reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, True)


def resident_mb(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096 // MIB


def test_bombs_do_not_grow_the_process(collector: Collector) -> None:
    bomb = gzip.compress(bytes(600 * MIB))
    pid = collector.process.child.pid
    post = collector.process.client.post
    headers = {**PROTOBUF, "Content-Encoding": "gzip"}
    assert post("/v1/traces", content=bomb, headers=headers).status_code == 413
    before = resident_mb(pid)
    for _ in range(5):
        assert post("/v1/traces", content=bomb, headers=headers).status_code == 413
    assert resident_mb(pid) < before + 100


def test_opentelemetrys_own_exporters_and_a_resend_count_each_span_once(collector: Collector) -> None:
    recorded = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(recorded))
    tracer = provider.get_tracer("exporters")
    for number in range(3):
        tracer.start_span("chat gpt-x", attributes={"gen_ai.operation.name": "chat", "gen_ai.provider.name": "x",
                                                    "gen_ai.request.model": "gpt-x", "number": number}).end()  # fmt: skip
    spans = recorded.get_finished_spans()
    url = f"http://127.0.0.1:{collector.process.port}/v1/traces"
    exporters = [
        HttpExporter(url),
        HttpExporter(url, compression=Compression.Gzip),
        GrpcExporter(collector.grpc_address, insecure=True),
        GrpcExporter(collector.grpc_address, insecure=True, compression=grpc.Compression.Gzip),
    ]
    for exporter in exporters:
        assert exporter.export(spans) == SpanExportResult.SUCCESS
        exporter.shutdown()
    collector.process.wait_calls(3, model="gpt-x")


def test_grpc_needs_the_key_where_there_is_one(tmp_path_factory: pytest.TempPathFactory) -> None:
    port = free_port()
    folder = tmp_path_factory.mktemp("keyed")
    with running_collector(folder, "--grpc-port", str(port), env={"SUFFICE_KEY": "k"}) as process:
        keyed = Collector(process, port)
        assert keyed.refusal(chat_body(1))[0] == grpc.StatusCode.UNAUTHENTICATED
        assert keyed.export(chat_body(1), metadata=(("authorization", "Bearer k"),)) == b""
        keyed.channel.close()
