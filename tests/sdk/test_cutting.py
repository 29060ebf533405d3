"""A call too large for a request arrives shortened, flagged, and as valid JSON."""

from __future__ import annotations

import json
from typing import Any

import httpx2
import pytest
from sdk.local_servers import Server, Sink, decode_spans

import suffice
from suffice import semconv
from suffice.cutting import SMALLEST_BYTES, cut_span, split_batch
from suffice.otlp import Scope, Span, encode_batch, encode_resource, encode_span
from suffice.worker import MAX_CALL_BYTES


def span(attributes: dict[str, Any], number: int = 0) -> bytes:
    return b"".join(encode_span(Span("chat", b"t" * 16, bytes([number]) * 8, None, 3, 1, 2, attributes)))


def batch(*spans: bytes) -> bytes:
    return b"".join(
        encode_batch(encode_resource({"service.name": "s"}), [(Scope("suffice"), [each]) for each in spans])
    )


def read(encoded: bytes) -> dict[str, Any]:
    (decoded,) = decode_spans(batch(encoded))
    return dict(decoded["attributes"])


def message(text: str) -> str:
    return json.dumps([{"role": "user", "parts": [{"type": "text", "content": text}]}])


def test_the_longest_texts_are_shortened_and_the_rest_stays() -> None:
    given = {
        semconv.INPUT_MESSAGES: message("ä" * 100_000),
        semconv.OUTPUT_MESSAGES: message("short"),
        semconv.COMPLETENESS: "complete",
        semconv.WIRE_FORMAT: "openai.chat",
        semconv.INPUT_TOKENS: 7,
    }
    before = span(given)
    cut = cut_span(before, 50_000)
    assert len(cut) <= 50_000
    kept = read(cut)
    (only,) = json.loads(kept.pop(semconv.INPUT_MESSAGES))
    assert only["role"] == "user"
    assert only["parts"][0]["content"].startswith("ä" * 10_000)
    assert only["parts"][0]["content"].endswith("… [cut by suffice: 81016 more characters]")
    gone = kept.pop(semconv.CUT_BYTES)
    del given[semconv.INPUT_MESSAGES]
    assert kept == given | {semconv.COMPLETENESS: "partial"}
    assert gone == pytest.approx(len(before) - len(cut), abs=30)


@pytest.mark.parametrize(
    "text",
    ["[" + "x" * 90_000, "x" * 90_000, json.dumps({"a": [{"b": "y" * 40_000}] * 2}), json.dumps(["z" * 50] * 2000)],
    ids=["broken", "plain", "nested", "many short ones"],
)
def test_whatever_the_text_is_it_fits(text: str) -> None:
    cut = cut_span(span({"text": text, "n": 1}), 20_000)
    assert len(cut) <= 20_000
    assert read(cut)["n"] == 1
    assert read(cut)[semconv.CUT_BYTES] > 60_000


def test_cut_twice_the_bytes_add_up() -> None:
    before = span({"text": "x" * 90_000})
    once = cut_span(before, 40_000)
    twice = cut_span(once, 10_000)
    assert read(twice)[semconv.CUT_BYTES] == pytest.approx(len(before) - len(twice), abs=60)


def test_a_batch_splits_into_halves_then_into_less_of_one_call() -> None:
    call = {semconv.WIRE_FORMAT: "openai.chat", "text": "x" * 80_000}
    spans = [span(call, 1), span({"run": True}, 2), span(call, 3)]
    first, second = split_batch(batch(*spans))
    assert [(len(decode_spans(body)), calls) for body, calls in (first, second)] == [(1, 1), (2, 1)]
    ((less, calls),) = split_batch(first[0])
    assert calls == 1
    assert SMALLEST_BYTES < len(less) < 45_000
    ((least, _),) = split_batch(less)
    assert split_batch(least) == []
    assert decode_spans(least)[0]["resource"] == {"service.name": "s"}
    assert split_batch(batch(span({"small": 1}))) == []


BIG = "x" * 10_000_000


def ask(provider: Server, text: str) -> str:
    body = {"model": "m", "messages": [{"role": "user", "content": text}]}
    with httpx2.Client(timeout=60) as client:
        answer = client.post(f"{provider.url}/v1/chat/completions", json=body).json()
    return str(answer["choices"][0]["message"]["content"])


def test_large_payloads_do_not_kill_a_batch(provider: Server, sink: Sink, record: Any) -> None:
    """Complaint 12 (dd-agent#36411, logfire PR 1027: 500 spans dropped, silently)."""
    record()
    assert ask(provider, BIG) == f"You said: {BIG}"  # the app's own bytes are whole
    ask(provider, "small")
    assert suffice.flush(60) == (2, 0, 0)
    big, small = sorted(sink.calls, key=lambda call: call["started_ns"])
    assert semconv.CUT_BYTES not in small["attributes"]
    assert small["attributes"][semconv.COMPLETENESS] == "complete"
    attributes = big["attributes"]
    assert (attributes[semconv.COMPLETENESS], attributes[semconv.INPUT_TOKENS]) == ("partial", 41)
    assert attributes[semconv.CUT_BYTES] > 2 * len(BIG) - MAX_CALL_BYTES
    (asked,) = json.loads(attributes[semconv.INPUT_MESSAGES])
    assert asked["parts"][0]["content"].startswith("xxx")
    assert all(int(post["headers"]["content-length"]) <= 4 * 1024 * 1024 + 1024 * 1024 for post in sink.posts)


def test_a_collector_that_takes_less_gets_less_of_the_call(provider: Server, sink: Sink, record: Any) -> None:
    record()
    sink.max_bytes = 100_000
    ask(provider, "small")
    ask(provider, "x" * 300_000)
    assert suffice.flush(60) == (2, 0, 0)
    assert max(call["attributes"].get(semconv.CUT_BYTES, 0) for call in sink.calls) > 400_000


def test_what_waited_too_large_is_split_when_it_is_sent(provider: Server, sink: Sink, record: Any) -> None:
    sink.statuses = [(503, 0)] * 4
    record()
    for _ in range(4):
        ask(provider, "x" * 50_000)
    assert suffice.flush() == (0, 0, 4)
    sink.statuses, sink.max_bytes = [], 150_000
    ask(provider, "small")
    assert suffice.flush() == (5, 0, 0)
    assert len({call["span_id"] for call in sink.calls}) == 5
    assert all(semconv.CUT_BYTES not in call["attributes"] for call in sink.calls)
