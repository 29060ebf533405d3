"""Every OpenAI chat and Anthropic exchange of the real recordings, parsed: nothing missed, usage as the vendor states it."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from suffice.wire.call import Call
from suffice.wire.exchange import Exchange
from suffice.wire.registry import parse_exchange
from suffice.wire.tokens import estimate_usage

pytestmark = pytest.mark.shared
OURS = ("openai.chat", "anthropic.messages")


def recordings(shared_data: Path) -> Iterator[tuple[dict[str, Any], Call | None]]:
    with gzip.open(shared_data / "wire" / "exchanges.jsonl.gz", "rt", encoding="utf-8") as lines:
        for line in lines:
            recorded = json.loads(line)
            yield recorded, parse_exchange(exchange_of(recorded))


def exchange_of(recorded: dict[str, Any]) -> Exchange:
    body = recorded["request_body"]
    return Exchange(
        method=recorded["method"],
        url=recorded["url"],
        request_headers=recorded["request_headers"],
        request_body=(body if isinstance(body, str) else json.dumps(body)).encode(),
        status=recorded["status"],
        response_headers={k: str(v) for k, v in (recorded["response_headers"] or {}).items()},
        response_body=(recorded["response_body"] or "").encode(),
        streamed=recorded["stream"],
    )


def test_only_our_formats_are_calls_and_all_of_them(shared_data: Path) -> None:
    wrong = [
        (recorded["format"], recorded["url"])
        for recorded, call in recordings(shared_data)
        if (call.wire_format if call else None) != (recorded["format"] if recorded["format"] in OURS else None)
    ]
    assert wrong == []


def test_99_percent_of_the_good_ones_give_model_messages_and_answer(shared_data: Path) -> None:
    good = [c for r, c in recordings(shared_data) if c and r["status"] == 200]
    whole = [c for c in good if c.request_model and c.response_model and c.input_messages and c.output_messages]
    assert len(good) > 450
    assert len(whole) >= 0.99 * len(good)


def test_usage_is_the_bodys_in_every_one_that_has_it(shared_data: Path) -> None:
    """Found by searching the raw text for the last usage object, not by our parser."""
    compared, wrong = 0, []
    for recorded, call in recordings(shared_data):
        if call is None or recorded["status"] != 200:
            continue
        stated = stated_usage(recorded)
        reported = call.usage if call.usage and call.usage.source == "reported" else None
        usage = (reported.input_tokens, reported.output_tokens) if reported else None
        if stated != usage:
            wrong.append((recorded["path"], recorded["i"], stated, usage))
        compared += stated is not None
    assert wrong == []
    assert compared > 390


def stated_usage(recorded: dict[str, Any]) -> tuple[int, int] | None:
    body = recorded["response_body"]
    pieces = [line[5:] for line in body.splitlines() if line.startswith("data:")] if recorded["stream"] else [body]
    found: dict[str, Any] = {}
    for piece in pieces:
        if piece.strip() == "[DONE]":
            continue
        value = json.loads(piece)
        if value.get("type") == "message_start":
            value = value["message"]
        found |= value.get("usage") or (value.get("x_groq") or {}).get("usage") or {}
    if not found:
        return None
    if recorded["format"] == "openai.chat":
        return found["prompt_tokens"], found["completion_tokens"]
    cached = found.get("cache_read_input_tokens", 0) + found.get("cache_creation_input_tokens", 0)
    return found["input_tokens"] + cached, found["output_tokens"]


def test_where_nothing_is_stated_both_counts_are_estimated(shared_data: Path) -> None:
    silent = [c for r, c in recordings(shared_data) if c and r["status"] == 200 and not stated_usage(r)]
    assert len(silent) == 87
    assert {c.usage.source for c in silent if c.usage} == {"estimated"}
    assert all(c.usage and c.usage.input_tokens and c.usage.output_tokens for c in silent)


def test_token_estimates_err_as_stated(shared_data: Path) -> None:
    """The figures in the docstring of ``suffice.wire.tokens``: text answers of at least 10 tokens, no reasoning."""
    pairs = []
    for _, call in recordings(shared_data):
        if not call or not call.usage or call.usage.source != "reported" or call.usage.reasoning_tokens:
            continue
        is_text = all(part["type"] == "text" for message in call.output_messages for part in message["parts"])
        if call.completeness == "complete" and is_text and (call.usage.output_tokens or 0) >= 10:
            pairs.append((call.usage.output_tokens or 0, estimate_usage(call).output_tokens or 0))
    assert len(pairs) > 150
    assert sum(abs(estimated / true - 1) for true, estimated in pairs) / len(pairs) < 0.125
    assert abs(sum(estimated for _, estimated in pairs) / sum(true for true, _ in pairs) - 1) < 0.05


def test_errors_are_named(shared_data: Path) -> None:
    failed = [c for r, c in recordings(shared_data) if c and r["status"] != 200]
    assert len(failed) == 21
    assert all(c.completeness == "error" and c.error_type and c.error_message for c in failed)
