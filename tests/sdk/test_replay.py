"""Real exchanges, replayed through the patched httpx2: the app gets every byte, the recorder gets every call."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from sdk.local_servers import Sink
from sdk.wire.recorded import recorded_exchanges, request_bytes, response_bytes

import suffice

NO_CALLS = ("replicate",)  # the only format in the recordings that we do not read


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
        assert request.read() == request_bytes(current)
        kept = {"content-type": current["response_headers"].get("content-type", "application/json")}
        return httpx2.Response(current["status"], headers=kept, stream=Pieces(response_bytes(current)))

    sent = calls = 0
    with httpx2.Client(transport=httpx2.MockTransport(answer)) as client:
        for exchange in recorded_exchanges(shared_data):
            current = exchange
            body = request_bytes(exchange)
            headers = {"content-type": "application/json"}
            if exchange["stream"]:
                with client.stream(
                    exchange["method"].upper(), exchange["url"], content=body, headers=headers
                ) as response:
                    got = b"".join(response.iter_raw())
            else:
                got = client.request(exchange["method"].upper(), exchange["url"], content=body, headers=headers).content
            assert got == response_bytes(exchange)
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
