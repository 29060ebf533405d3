"""Bodies that hold more than memory and time allow are refused before they are decoded; large honest ones are not."""

from __future__ import annotations

import gzip
import json
import time
from pathlib import Path

import pytest
from collector.otlp_samples import chat_body, json_body, json_span
from collector.processes import running_collector
from collector.signal_samples import logs_request
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from suffice_collector.bodies import BodyTooLargeError
from suffice_collector.otlp_limits import MOST_ITEMS, MOST_VALUES, check_values

MIB = 1024 * 1024


def field(number: int, body: bytes) -> bytes:
    size, length = len(body), b""
    while size > 127:
        length, size = length + bytes([size & 127 | 128]), size >> 7
    return bytes([number << 3 | 2]) + length + bytes([size]) + body


def spans(inside: bytes) -> bytes:
    return field(1, field(2, inside))


MANY = 10 * MIB
TOO_MUCH = {
    "empty spans": spans(field(2, b"") * MANY),
    "as many empty spans as a small body holds": spans(field(2, b"") * (MOST_ITEMS + 1)),
    "empty resources": field(1, b"") * MANY,
    "empty scopes": field(1, field(2, b"") * MANY),
    "empty attributes": spans(field(2, field(9, b"") * MANY)),
    "short attributes": spans(field(2, field(9, field(1, b"k") + field(2, field(1, b"v"))) * 4 * MIB)),
    "a list of nothing": spans(field(2, field(9, field(2, field(5, field(1, b"") * MANY))))),
    "empty events": spans(field(2, field(11, b"") * MANY)),
}
TOO_MUCH_JSON = {
    "empty spans": b'{"resourceSpans":[{"scopeSpans":[{"spans":[' + b"{}," * MANY + b"{}]}]}]}",
    "a list of nothing": b'{"resourceSpans":[' + b"[]," * MANY + b"[]]}",
    "as many empty spans as a small body holds": b'{"resourceSpans":[' + b"{}," * (MOST_ITEMS + 1) + b"{}]}",
}


@pytest.mark.parametrize("case", TOO_MUCH)
def test_too_much_is_refused_at_once(case: str) -> None:
    begun = time.thread_time()
    with pytest.raises(
        BodyTooLargeError, match=r"holds more than (4,000,000 values|100,000 items); send smaller batches"
    ):
        check_values(TOO_MUCH[case], json=False)
    assert time.thread_time() - begun < 2


@pytest.mark.parametrize("case", TOO_MUCH_JSON)
def test_too_much_json_too(case: str) -> None:
    with pytest.raises(BodyTooLargeError, match="send smaller batches"):
        check_values(TOO_MUCH_JSON[case], json=True)


def large_request(count: int) -> bytes:
    """``count`` spans of 26 short attributes, without content: the densest that real apps send."""
    one = ExportTraceServiceRequest.FromString(chat_body(1))
    span = one.resource_spans[0].scope_spans[0].spans[0]
    del span.attributes[:]
    for number in range(26):
        span.attributes.add(key=f"gen_ai.usage.some_{number}").value.int_value = 0
    one.resource_spans[0].scope_spans[0].spans.extend([span] * (count - 1))
    return one.SerializeToString()


def test_what_real_senders_send_passes() -> None:
    check_values(large_request(25_000), json=False)
    check_values(logs_request(5_000).SerializeToString(), json=False)
    check_values(json_body([json_span(n) for n in range(20_000)]), json=True)
    text = json.dumps([{"a": [1, 2], "b\n": "J, Z, j"}] * 100_000).encode()  # JSON and code within a message
    check_values(spans(field(2, field(9, field(1, b"gen_ai.input.messages") + field(2, field(1, text))))), json=False)


def test_the_limits_are_above_a_large_batch() -> None:
    assert MOST_ITEMS > 8_192 * 10
    assert MOST_VALUES > 8_192 * 26 * 4


@pytest.mark.parametrize("body", [b"", b"\x0a", b"\x0a\xff", b"\xff" * (2 * MOST_ITEMS + 10), b"\x0a\x12" * MOST_ITEMS])
def test_what_is_malformed_is_left_to_the_decoder(body: bytes) -> None:
    check_values(body, json=False)


@pytest.mark.slow
def test_a_server_refuses_them_and_stays_small(tmp_path: Path) -> None:
    """100 kB of gzip each; of three times as much the first took minutes to decode, another 1.2 GB."""
    with running_collector(tmp_path, "--grpc-port", "0") as process:
        headers = {"Content-Type": "application/x-protobuf", "Content-Encoding": "gzip"}
        for case in ("empty spans", "empty attributes", "empty events"):
            answer = process.client.post("/v1/traces", content=gzip.compress(TOO_MUCH[case], 1), headers=headers)
            assert answer.status_code == 413, case
        process.post(chat_body(2))
        process.wait_calls(2)
        status = Path(f"/proc/{process.child.pid}/status").read_text()
    most_kb = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))
    assert most_kb < 700_000
