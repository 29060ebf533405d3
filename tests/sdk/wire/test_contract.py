"""The contract of a wire format, run over all of them. A new format needs its goldens and nothing here."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sdk.wire import goldens

from suffice.wire.call import Call
from suffice.wire.canonical import canonical_message, message_hash
from suffice.wire.exchange import Exchange
from suffice.wire.lenient import as_object, parse_json
from suffice.wire.registry import FORMATS, WireFormat, parse_exchange, path_of, recognise
from suffice.wire.sse import parse_events

every_format = pytest.mark.parametrize("wire_format", FORMATS, ids=lambda each: each.NAME)
every_golden = pytest.mark.parametrize("path", goldens.PATHS, ids=lambda each: f"{each.parent.name}/{each.stem}")

NEEDED = {
    "plain",
    "stream",
    "cut",
    "tools",
    "tools_stream",
    "error",
    "error_in_stream",
    "connection_lost",
    "media",
    "not_a_call",
}


@every_format
def test_has_the_cases_every_format_must_show(wire_format: WireFormat) -> None:
    shown = {each.stem for each in goldens.PATHS if each.parent.name == wire_format.NAME}
    assert sorted(NEEDED - shown) == []


def test_every_golden_belongs_to_a_format() -> None:
    assert {each.parent.name for each in goldens.PATHS} == {each.NAME for each in FORMATS}


@every_golden
def test_gives_exactly_the_call_of_the_golden_file(path: Path) -> None:
    case = goldens.load(path)
    assert goldens.told(parse_exchange(goldens.exchange_of(case))) == case["call"]


@every_golden
def test_is_recognised_by_its_own_format_alone(path: Path) -> None:
    case = goldens.load(path)
    assert recognise("POST", case["url"])
    matching = [each.NAME for each in FORMATS if each.matches(path_of(case["url"]), case["request"])]
    assert matching == [path.parent.name]


@every_format
def test_matches_by_path_and_body_never_by_host(wire_format: WireFormat) -> None:
    case = goldens.golden(f"{wire_format.NAME}/plain")
    moved = "http://10.0.0.7:9999/some/prefix" + wire_format.PATH_ENDINGS[0]
    assert wire_format.matches(path_of(moved), case["request"])
    assert not wire_format.matches(path_of(moved), {"query": "no messages"})
    assert not wire_format.matches("https://api.openai.com/v1/files", case["request"])


@every_format
def test_a_stream_tells_the_same_call_as_the_plain_answer(wire_format: WireFormat) -> None:
    plain = parse_exchange(goldens.exchange_of(goldens.golden(f"{wire_format.NAME}/plain")))
    streamed = parse_exchange(goldens.exchange_of(goldens.golden(f"{wire_format.NAME}/stream")))
    assert plain is not None
    assert streamed is not None
    assert plain.usage is not None
    assert streamed.usage is not None
    assert replace(streamed, stream=False, usage=replace(streamed.usage, raw=plain.usage.raw)) == plain


@pytest.mark.parametrize("case", ["stream", "tools_stream"])
@every_format
def test_a_stream_cut_anywhere_is_partial_until_its_content_ends(wire_format: WireFormat, case: str) -> None:
    exchange = goldens.exchange_of(goldens.golden(f"{wire_format.NAME}/{case}"))
    whole = parse_exchange(exchange)
    assert whole is not None
    seen = []
    for end in range(len(exchange.response_body)):
        cut = parse_exchange(replace(exchange, response_body=exchange.response_body[:end], ending="closed_early"))
        assert cut is not None
        assert _text(whole).startswith(_text(cut))
        assert not cut.output_messages or (cut.usage is not None and cut.usage.output_tokens is not None)
        seen.append(cut.completeness)
    states = [state for state, before in zip(seen, [None, *seen], strict=False) if state != before]
    assert states in (["partial", "complete"], ["partial"])  # never back, never an error


@every_format
def test_completeness_comes_from_the_content_not_from_how_the_connection_ended(wire_format: WireFormat) -> None:
    exchange = goldens.exchange_of(goldens.golden(f"{wire_format.NAME}/stream"))
    closed = parse_exchange(replace(exchange, ending="closed_early"))
    failed_after = parse_exchange(replace(exchange, ending="error", error_type="ReadError"))
    assert closed is not None
    assert failed_after is not None
    assert (closed.completeness, failed_after.completeness, failed_after.error_type) == ("complete", "complete", None)


@every_golden
def test_what_is_written_reads_back_as_the_same_request(path: Path) -> None:
    """Blobs too: they are written as their description, which another server would refuse, but nothing is lost."""
    wire_format = next(each for each in FORMATS if path.parent.name == each.NAME)
    call = wire_format.parse_request(goldens.load(path)["request"])
    body = wire_format.write_request(call)
    assert wire_format.parse_request(json.loads(json.dumps(body))) == call


texts = st.text(max_size=20)
arguments = st.dictionaries(texts, st.integers() | texts, max_size=2) | texts.filter(bool)
answer_parts = st.lists(
    st.builds(lambda text: {"type": "text", "content": text}, texts.filter(bool))
    | st.builds(
        lambda i, a: {"type": "tool_call", "id": i, "name": "f", "arguments": a}, texts.filter(bool), arguments
    ),
    min_size=1,
    max_size=3,
)
messages = st.lists(
    st.builds(lambda t: {"role": "user", "parts": [{"type": "text", "content": t}]}, texts.filter(bool))
    | st.builds(lambda p: {"role": "assistant", "parts": p}, answer_parts),
    max_size=4,
)


@every_format
@given(messages=messages, system=texts, temperature=st.floats(0, 2))
@settings(max_examples=50)
def test_any_call_survives_writing_in_its_canonical_form(
    wire_format: WireFormat, messages: list[Any], system: str, temperature: float
) -> None:
    instructions = [{"type": "text", "content": system}] if system else []
    call = Call("", "chat", "", "m", None, instructions, messages, parameters={"temperature": temperature})
    read = wire_format.parse_request(wire_format.write_request(call))
    assert [_ordered(each) for each in read.request_messages()] == [_ordered(each) for each in call.request_messages()]
    assert (read.request_model, read.parameters) == ("m", {"temperature": temperature})


@every_golden
@given(data=st.data())
@settings(max_examples=25)
def test_never_raises_on_mutated_bytes(path: Path, data: st.DataObject) -> None:
    exchange = goldens.exchange_of(goldens.load(path))
    request = _mutated(data, exchange.request_body)
    response = _mutated(data, exchange.response_body)
    content_type = data.draw(st.sampled_from(["application/json", "text/event-stream", "", "x"]))
    status = data.draw(st.sampled_from([200, 500, None]))
    mutated = replace(
        exchange,
        request_body=request,
        response_body=response,
        response_headers={"content-type": content_type},
        status=status,
    )
    call = parse_exchange(mutated)
    if call is not None:
        _storable(call)


KEYS = [
    "messages",
    "role",
    "content",
    "type",
    "text",
    "parts",
    "tool_calls",
    "function",
    "name",
    "arguments",
    "id",
    "choices",
    "message",
    "delta",
    "index",
    "usage",
    "prompt_tokens",
    "prompt_tokens_details",
    "error",
    "code",
    "tools",
    "system",
    "source",
    "data",
    "input",
    "content_block",
    "stop_reason",
    "partial_json",
    "finish_reason",
]
junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
    max_leaves=12,
)


@every_format
@given(request=junk, response=junk, events=st.lists(junk, max_size=5))
@settings(max_examples=200)
def test_never_raises_on_json_of_any_shape(
    wire_format: WireFormat, request: Any, response: Any, events: list[Any]
) -> None:
    call = wire_format.parse_request(as_object(request))
    wire_format.parse_response(call, as_object(response))
    wire_format.write_request(call)
    stream = "".join(f"data: {json.dumps(each)}\n\n" for each in events).encode()
    body, _ = wire_format.join_stream(parse_events(stream))
    wire_format.parse_response(call, body)
    _storable(call)


def _storable(call: Call) -> None:
    """What the store does with a call must not fail either."""
    for message in [*call.request_messages(), *call.output_messages]:
        message_hash("default", canonical_message(message))
    json.dumps(goldens.told(call)).encode()


def _mutated(data: st.DataObject, body: bytes) -> bytes:
    """The bytes with a piece cut out, repeated or replaced."""
    if not body or data.draw(st.booleans()):
        return body
    start = data.draw(st.integers(0, len(body)))
    end = data.draw(st.integers(start, min(len(body), start + 200)))
    return body[:start] + data.draw(st.binary(max_size=6) | st.just(body[start:end] * 2)) + body[end:]


def _text(call: Call) -> str:
    return "".join(p.get("content", "") for m in call.output_messages for p in m["parts"] if p["type"] == "text")


def _ordered(message: Any) -> Any:
    """Canonical, with texts before tool calls: OpenAI's form can't say in which order they came."""
    canonical = canonical_message(message)
    texts = "".join(part["content"] for part in canonical["parts"] if part["type"] == "text")
    return canonical["role"], texts, [part for part in canonical["parts"] if part["type"] != "text"]


def test_get_and_other_paths_are_not_recognised() -> None:
    assert not recognise("GET", "https://api.openai.com/v1/chat/completions")
    assert not recognise("POST", "https://api.openai.com/v1/embeddings/x")
    assert not recognise("POST", "")
    assert recognise("POST", "https://api.openai.com/v1/chat/completions/?api-version=1#x")


def test_a_request_without_a_readable_body_is_no_call() -> None:
    exchange = Exchange("POST", "https://api.openai.com/v1/chat/completions", request_body=b"\xff\x00")
    assert parse_exchange(exchange) is None
    assert parse_exchange(replace(exchange, request_body=b"[" * 100_000)) is None
    assert parse_json(b"[" * 100_000) is None
