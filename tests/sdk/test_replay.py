"""Real exchanges, replayed through the patched httpx2: the app gets every byte, the recorder gets every call."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from sdk.local_servers import Sink

import suffice

NO_CALLS = ("replicate",)  # the only format in the recordings that we do not read


def exchanges(shared_data: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(shared_data / "wire" / "exchanges.jsonl.gz", "rt", encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def as_bytes(body: Any) -> bytes:
    if body is None:
        return b""
    return body.encode("utf-8", "surrogatepass") if isinstance(body, str) else json.dumps(body).encode()


def answered(exchange: dict[str, Any]) -> bytes:
    body = exchange["response_body"]
    return base64.b64decode(body) if exchange["response_b64"] else as_bytes(body)


class Pieces(httpx2.SyncByteStream):
    def __init__(self, body: bytes) -> None:
        self.body = body

    def __iter__(self) -> Iterator[bytes]:
        for start in range(0, len(self.body), 700):
            yield self.body[start : start + 700]


@pytest.mark.shared
def test_every_exchange_reaches_the_app_unchanged_and_is_recorded(shared_data: Path, sink: Sink, record: Any) -> None:
    record()
    current: dict[str, Any] = {}

    def answer(request: httpx2.Request) -> httpx2.Response:
        assert request.read() == as_bytes(current["request_body"])
        kept = {"content-type": current["response_headers"].get("content-type", "application/json")}
        return httpx2.Response(current["status"], headers=kept, stream=Pieces(answered(current)))

    sent = calls = 0
    with httpx2.Client(transport=httpx2.MockTransport(answer)) as client:
        for exchange in exchanges(shared_data):
            current = exchange
            body = as_bytes(exchange["request_body"])
            headers = {"content-type": "application/json"}
            if exchange["stream"]:
                with client.stream(
                    exchange["method"].upper(), exchange["url"], content=body, headers=headers
                ) as response:
                    got = b"".join(response.iter_raw())
            else:
                got = client.request(exchange["method"].upper(), exchange["url"], content=body, headers=headers).content
            assert got == answered(exchange)
            sent += 1
            calls += exchange["format"] not in NO_CALLS
            if sent % 200 == 0:
                suffice.flush()
    delivered, dropped, pending = suffice.flush(60)
    assert (dropped, pending) == (0, 0)
    assert sent == 1320
    assert calls - 1 <= delivered <= calls  # one request was recorded without its last brace
    assert len(sink.calls) == delivered
    assert len({call["span_id"] for call in sink.calls}) == delivered
