"""Spoiled copies of real exchanges, by a seed: what a broken proxy, a cut connection or an enemy might send."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from suffice.capture import Capture
from suffice.config import Settings
from suffice.finishing import encode_call, finish_capture
from suffice.wire.exchange import Exchange

ODD: tuple[Any, ...] = (
    None,
    True,
    -1,
    0,
    1e308,
    "",
    "\ud800",
    "x" * 300,
    [],
    {},
    [[]],
    [None],
    {"a": None},
    float("nan"),
)


def mutated(exchanges: Sequence[Exchange], count: int, seed: int) -> Iterator[Exchange]:
    """``count`` spoiled exchanges: bytes flipped, cut, doubled, swapped with another's; JSON values of another type."""
    rng = random.Random(seed)
    for _ in range(count):
        exchange = rng.choice(exchanges)
        request = _spoiled(exchange.request_body, rng, exchanges, "request_body")
        response = _spoiled(exchange.response_body, rng, exchanges, "response_body")
        which = rng.randrange(3)
        yield replace(
            exchange,
            request_body=request if which != 1 else exchange.request_body,
            response_body=response if which != 0 else exchange.response_body,
            status=rng.choice((exchange.status, 200, 500, None)),
        )


def make_span(exchange: Exchange, settings: Settings) -> bytes | None:
    """What the recorder's thread makes of an exchange: the span's bytes, or None if it is no call."""
    capture = Capture(lambda _: None, exchange.method, exchange.url)
    capture.request_body = exchange.request_body
    if exchange.status is not None:
        headers = [
            (name.encode(), value.encode("latin-1", "replace")) for name, value in exchange.response_headers.items()
        ]
        capture.answered(exchange.status, headers)
        capture.whole(exchange.response_body)
    capture.end()
    finished = finish_capture(capture, settings, lambda: None)
    return None if finished is None else encode_call(finished, capture)[0].data


def _spoiled(body: bytes, rng: random.Random, others: Sequence[Exchange], side: str) -> bytes:
    for _ in range(rng.randint(1, 3)):
        body = rng.choice(_WAYS)(body, rng) if rng.random() < 0.9 else getattr(rng.choice(others), side)
    return body


def _flip(body: bytes, rng: random.Random) -> bytes:
    changed = bytearray(body)
    for _ in range(rng.randint(1, 8)):
        if changed:
            changed[rng.randrange(len(changed))] = rng.randrange(256)
    return bytes(changed)


def _cut(body: bytes, rng: random.Random) -> bytes:
    return body[: rng.randint(0, len(body))]


def _lose(body: bytes, rng: random.Random) -> bytes:
    start = rng.randint(0, len(body))
    return body[:start] + body[start + rng.randint(0, 200) :]


def _double(body: bytes, rng: random.Random) -> bytes:
    start = rng.randint(0, len(body))
    piece = body[start : start + rng.randint(0, 400)]
    return body[:start] + piece + body[start:]


def _retype(body: bytes, rng: random.Random) -> bytes:
    """One value somewhere in the JSON becomes one of another type; in a stream, in one of its lines."""
    lines = body.split(b"\n")
    at = rng.randrange(len(lines))
    head, brace, rest = lines[at].partition(b"{")
    try:
        value = json.loads(brace + rest)
    except ValueError:
        try:
            value, head, lines, at = json.loads(body), b"", [body], 0
        except ValueError:
            return body
    holders: list[Any] = []
    _collect(value, holders)
    if not holders:
        return body
    holder = rng.choice(holders)
    key = rng.choice(list(holder) if isinstance(holder, dict) else range(len(holder)))
    if rng.random() < 0.2 and isinstance(holder, dict):
        del holder[key]
    else:
        holder[key] = rng.choice(ODD)
    lines[at] = head + json.dumps(value).encode("utf-8", "surrogatepass")
    return b"\n".join(lines)


def _collect(value: Any, holders: list[Any]) -> None:
    if isinstance(value, dict | list) and value:
        holders.append(value)
        for each in value.values() if isinstance(value, dict) else value:
            _collect(each, holders)


_WAYS: tuple[Callable[[bytes, random.Random], bytes], ...] = (_flip, _cut, _lose, _double, _retype, _retype, _retype)
