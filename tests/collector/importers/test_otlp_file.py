"""OTLP in files: one request or many, as JSON or protobuf, are the same records as over the wire."""

from __future__ import annotations

import io
from collections import Counter
from typing import Any

import pytest
from collector.importers.examples import otlp_json, otlp_request

from suffice.wire.canonical import call_hash
from suffice_collector.importers import otlp_file
from suffice_collector.importers.contract import Context, Read, Skipped
from suffice_store.records import CallRecord

FIRST, SECOND = otlp_request(2, trace=1), otlp_request(1, trace=2)


def read(content: bytes, **context: Any) -> list[Read]:
    return list(otlp_file.read(io.BytesIO(content), Context(**context)))


def kinds(pieces: list[Read]) -> Counter[str]:
    return Counter(type(each).__name__ for each in pieces)


def prefixed(*bodies: bytes) -> bytes:
    return b"".join(len(body).to_bytes(4, "big") + body for body in bodies)


@pytest.mark.parametrize(
    ("content", "requests"),
    [
        (otlp_json(FIRST), 1),
        (otlp_json(FIRST, indent=2), 1),
        (b"\xef\xbb\xbf" + otlp_json(FIRST), 1),
        (b"\n" + otlp_json(FIRST) + b"\n", 1),
        (FIRST.SerializeToString(), 1),
        (otlp_json(FIRST) + b"\n" + otlp_json(SECOND) + b"\n", 2),
        (prefixed(FIRST.SerializeToString(), SECOND.SerializeToString()), 2),
    ],
)
def test_every_layout_gives_the_same(content: bytes, requests: int) -> None:
    assert otlp_file.recognises(content, "x")
    assert kinds(read(content)) == Counter(CallRecord=2 if requests == 1 else 3, SpanRecord=requests)


def test_a_span_is_the_call_it_would_be_over_the_wire() -> None:
    record = next(each for each in read(otlp_json(FIRST)) if isinstance(each, CallRecord))
    trace_id, span_id = f"{1:032x}", f"{1:016x}"
    assert record.call_id == call_hash("default", trace_id, span_id)
    assert (record.trace_id, record.span_id, record.run_id, record.service) == (trace_id, span_id, trace_id, "shop")
    assert (record.started_ns, record.source) == (1_790_000_000_000_000_000, "import")
    assert record.call.usage is not None
    assert (record.call.usage.input_tokens, record.call.usage.output_tokens) == (10, 3)


def test_the_commands_project_and_service() -> None:
    nameless = otlp_json(otlp_request(1, service=""))
    record = next(each for each in read(nameless, project="acme", service="till") if isinstance(each, CallRecord))
    assert (record.project, record.service) == ("acme", "till")
    named = next(each for each in read(otlp_json(FIRST), service="till") if isinstance(each, CallRecord))
    assert named.service == "shop"


def test_broken_requests_are_numbered_and_stop_nothing() -> None:
    content = otlp_json(FIRST) + b'\n{"resourceSpans": 7}\n' + otlp_json(SECOND)
    pieces = read(content)
    assert kinds(pieces) == Counter(CallRecord=3, SpanRecord=2, Skipped=1)
    assert next(each for each in pieces if isinstance(each, Skipped)).line == 2


def test_a_file_cut_short_gives_what_is_whole() -> None:
    content = prefixed(FIRST.SerializeToString(), SECOND.SerializeToString())[:-7]
    assert kinds(read(content)) == Counter(CallRecord=2, SpanRecord=1, Skipped=1)
    assert read(content)[-1] == Skipped(2, "the file is cut short")
    assert read(content[:2]) == [Skipped(0, "the body is not an OTLP ExportTraceServiceRequest in protobuf")]


@pytest.mark.parametrize(("signal", "name"), [("resourceLogs", "log records"), ("resourceMetrics", "metrics")])
def test_other_signals_are_named(signal: str, name: str) -> None:
    content = f'{{"{signal}": []}}'.encode()
    assert otlp_file.recognises(content, "x")
    assert read(content) == [Skipped(1, f"{name}: only traces are read from files yet")]


def test_spans_without_ids_are_counted() -> None:
    request = otlp_request(1)
    request.resource_spans[0].scope_spans[0].spans[0].span_id = b""
    pieces = read(request.SerializeToString())
    assert kinds(pieces) == Counter(SpanRecord=1, Skipped=1)
    assert isinstance(pieces[0], Skipped)
    assert pieces[0].reason.startswith("1 spans: span_id must be 8 bytes")


@pytest.mark.parametrize("head", [b"", b"\n", b"\n\nhello", b"{}", b"\x00\x00\x00\x05hello"])
def test_what_is_not_recognised(head: bytes) -> None:
    assert not otlp_file.recognises(head, "x")
