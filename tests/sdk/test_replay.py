"""Real exchanges, replayed through the patched httpx2: the app gets every byte, the recorder gets every call."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from sdk.local_servers import Sink

import suffice

FORMATS = ("openai.chat", "anthropic.messages")


def exchanges(shared_data: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(shared_data / "wire" / "exchanges.jsonl.gz", "rt", encoding="utf-8") as lines:
        for line in lines:
            exchange = json.loads(line)
            if exchange["format"] in FORMATS:
                yield exchange


def as_bytes(body: Any) -> bytes:
    if body is None:
        return b""
    return body.encode("utf-8", "surrogatepass") if isinstance(body, str) else json.dumps(body).encode()


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
        return httpx2.Response(current["status"], headers=kept, stream=Pieces(as_bytes(current["response_body"])))

    sent = 0
    with httpx2.Client(transport=httpx2.MockTransport(answer)) as client:
        for exchange in exchanges(shared_data):
            current = exchange
            body = as_bytes(exchange["request_body"])
            headers = {"content-type": "application/json"}
            if exchange["stream"]:
                with client.stream("POST", exchange["url"], content=body, headers=headers) as response:
                    got = b"".join(response.iter_raw())
            else:
                got = client.post(exchange["url"], content=body, headers=headers).content
            assert got == as_bytes(exchange["response_body"])
            sent += 1
            if sent % 200 == 0:
                suffice.flush()
    delivered, dropped, pending = suffice.flush(60)
    assert (dropped, pending) == (0, 0)
    assert sent > 500
    assert delivered >= 0.995 * sent  # the rest are no calls: text answers at a path that only looks like one
    assert len(sink.calls) == delivered
    assert len({call["span_id"] for call in sink.calls}) == delivered
