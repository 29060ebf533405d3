"""The real recordings, one exchange a line, as our parser takes them."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from suffice.wire.call import Call
from suffice.wire.exchange import Exchange
from suffice.wire.registry import parse_exchange


def recorded_exchanges(shared_data: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(shared_data / "wire" / "exchanges.jsonl.gz", "rt", encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def recordings(shared_data: Path) -> Iterator[tuple[dict[str, Any], Call | None]]:
    for recorded in recorded_exchanges(shared_data):
        yield recorded, parse_exchange(exchange_of(recorded))


def exchange_of(recorded: dict[str, Any]) -> Exchange:
    return Exchange(
        method=recorded["method"],
        url=recorded["url"],
        request_headers=recorded["request_headers"],
        request_body=request_bytes(recorded),
        status=recorded["status"],
        response_headers={k: str(v) for k, v in (recorded["response_headers"] or {}).items()},
        response_body=response_bytes(recorded),
        streamed=recorded["stream"],
    )


def request_bytes(recorded: dict[str, Any]) -> bytes:
    body = recorded["request_body"]
    if body is None:
        return b""
    return body.encode("utf-8", "surrogatepass") if isinstance(body, str) else json.dumps(body).encode()


def response_bytes(recorded: dict[str, Any]) -> bytes:
    body: str = recorded["response_body"] or ""
    return base64.b64decode(body) if recorded["response_b64"] else body.encode("utf-8", "surrogatepass")
