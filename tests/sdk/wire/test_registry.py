"""From an exchange to a call: what is one, who answered, how it ended."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from suffice.wire.exchange import Exchange
from suffice.wire.registry import parse_exchange

URL = "https://api.openai.com/v1/chat/completions"
ASKED = {"model": "gpt-4.1", "messages": [{"role": "user", "content": "Hi"}]}
ANSWERED = {"model": "gpt-4.1", "choices": [{"index": 0, "message": {"content": "Hello"}, "finish_reason": "stop"}]}


def exchange(request: Any = ASKED, response: Any = ANSWERED, **fields: Any) -> Exchange:
    asked = Exchange("POST", URL, request_body=json.dumps(request).encode(), status=200)
    return replace(asked, response_body=json.dumps(response).encode(), **fields)


def summary(given: Exchange) -> tuple[str, str | None, str | None]:
    call = parse_exchange(given)
    assert call is not None
    return call.completeness, call.error_type, call.error_message


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (exchange(), ("complete", None, None)),
        (exchange(response={}), ("partial", None, None)),
        (exchange(response={}, status=503), ("error", "503", None)),
        (exchange(response={"error": "no credit"}, status=402), ("error", "402", "no credit")),
        (exchange(response={"error": {"code": 429, "message": "slow"}}, status=429), ("error", "429", "slow")),
        (exchange(response={"detail": "not here"}, status=404), ("error", "404", "not here")),
        (
            exchange(response={"choices": [{"message": {}, "error": {"code": 502, "message": "upstream"}}]}),
            ("error", "502", "upstream"),
        ),
        (exchange(response={"object": "error", "type": "bad", "message": "x"}, status=400), ("error", "bad", "x")),
        (
            exchange(response={}, status=None, error_type="ReadTimeout", error_message="s"),
            ("error", "ReadTimeout", "s"),
        ),
        (exchange(response={}, status=None, ending="cancelled"), ("partial", None, None)),
        (exchange(ending="abandoned"), ("complete", None, None)),
    ],
)
def test_how_a_call_ended(given: Exchange, expected: tuple[str, str | None, str | None]) -> None:
    assert summary(given) == expected


def test_long_error_messages_are_cut() -> None:
    failed = exchange(response={"error": {"message": "x" * 5000}}, status=400)
    assert len(summary(failed)[2] or "") == 1000


@pytest.mark.parametrize(
    "given",
    [
        replace(exchange(), method="GET"),
        replace(exchange(), url="https://api.openai.com/v1/models"),
        exchange(request={"model": "gpt-4.1", "prompt": "Hi"}),
        exchange(request=["messages"]),
        replace(exchange(), response_body=b"<html>", response_headers={"content-type": "text/html"}),
    ],
)
def test_what_is_no_call(given: Exchange) -> None:
    assert parse_exchange(given) is None


def test_an_answer_cut_inside_its_json_is_partial() -> None:
    cut = replace(exchange(), response_body=b'{"choices": [', response_headers={"content-type": "application/json"})
    assert summary(cut) == ("partial", None, None)


def test_half_characters_never_reach_the_span() -> None:
    """A smile sent in two chunks is whole; half a one is replaced: protobuf and Arrow take no lone surrogate."""
    frame = r'data: {"choices":[{"index":0,"delta":{"content":"HALF"}}]}'
    body = "\n\n".join(frame.replace("HALF", half) for half in (r"\ud83d", r"\ude00!\ud83d")).encode()
    asked = replace(exchange(), request_body=rb'{"model":"m","messages":[{"role":"user","content":"\ud83d"}]}')
    call = parse_exchange(replace(asked, response_body=body, streamed=True))
    assert call is not None
    assert call.input_messages[0]["parts"] == [{"type": "text", "content": "\ufffd"}]
    assert call.output_messages[0]["parts"] == [{"type": "text", "content": "\U0001f600!\ufffd"}]


def test_the_provider_is_seen_in_the_address() -> None:
    call = parse_exchange(replace(exchange(), url="https://api.groq.com/openai/v1/chat/completions"))
    assert call is not None
    assert (call.wire_format, call.provider, call.status_code) == ("openai.chat", "groq", 200)
