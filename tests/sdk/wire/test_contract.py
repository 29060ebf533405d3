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

CHATS = tuple(each for each in FORMATS if each.CHATS)
every_chat = pytest.mark.parametrize("wire_format", CHATS, ids=lambda each: each.NAME)
every_stream = pytest.mark.parametrize(
    "wire_format", [each for each in FORMATS if each.STREAMS], ids=lambda each: each.NAME
)

NEEDED = {"plain", "error", "connection_lost", "not_a_call"}
NEEDED_OF_STREAMS = {"stream", "cut", "error_in_stream"}
NEEDED_OF_CHATS = {"tools", "tools_stream", "media"}


@every_format
def test_has_the_cases_every_format_must_show(wire_format: WireFormat) -> None:
    shown = {each.stem for each in goldens.PATHS if each.parent.name == wire_format.NAME}
    needed = NEEDED | (NEEDED_OF_STREAMS if wire_format.STREAMS else set())
    assert sorted((needed | (NEEDED_OF_CHATS if wire_format.CHATS else set())) - shown) == []


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
    call = wire_format.parse_request(case["request"], path_of(case["url"]))
    moved = "http://10.0.0.7:9999/some/prefix" + wire_format.write_path(call)
    assert wire_format.matches(path_of(moved), case["request"])
    assert not wire_format.matches(path_of(moved), {"query": "no messages"})
    assert not wire_format.matches("https://api.openai.com/v1/files", case["request"])


@every_stream
def test_a_stream_tells_the_same_call_as_the_plain_answer(wire_format: WireFormat) -> None:
    plain = parse_exchange(goldens.exchange_of(goldens.golden(f"{wire_format.NAME}/plain")))
    streamed = parse_exchange(goldens.exchange_of(goldens.golden(f"{wire_format.NAME}/stream")))
    assert plain is not None
    assert streamed is not None
    assert plain.usage is not None
    assert streamed.usage is not None
    assert replace(streamed, stream=plain.stream, usage=replace(streamed.usage, raw=plain.usage.raw)) == plain


@pytest.mark.parametrize("case", ["stream", "tools_stream"])
@every_stream
def test_a_stream_cut_anywhere_is_partial_until_its_content_ends(wire_format: WireFormat, case: str) -> None:
    if case not in {each.stem for each in goldens.PATHS if each.parent.name == wire_format.NAME}:
        pytest.skip("a format without tools")
    exchange = goldens.exchange_of(goldens.golden(f"{wire_format.NAME}/{case}"))
    whole = parse_exchange(exchange)
    assert whole is not None
    seen = []
    for end in range(0, len(exchange.response_body), 1 + len(exchange.response_body) // 2000):
        cut = parse_exchange(replace(exchange, response_body=exchange.response_body[:end], ending="closed_early"))
        assert cut is not None
        assert _text(whole).startswith(_text(cut))
        assert not cut.output_messages or (cut.usage is not None and cut.usage.output_tokens is not None)
        seen.append(cut.completeness)
    states = [state for state, before in zip(seen, [None, *seen], strict=False) if state != before]
    assert states in (["partial", "complete"], ["partial"])  # never back, never an error


@every_stream
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
    case = goldens.load(path)
    call = wire_format.parse_request(case["request"], path_of(case["url"]))
    body, written_path = json.loads(json.dumps(wire_format.write_request(call))), path_of(wire_format.write_path(call))
    assert wire_format.matches(written_path, body)
    assert wire_format.parse_request(body, written_path) == call


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


@every_chat
@given(messages=messages, system=texts, temperature=st.floats(0, 2))
@settings(max_examples=50)
def test_any_call_survives_writing_in_its_canonical_form(
    wire_format: WireFormat, messages: list[Any], system: str, temperature: float
) -> None:
    instructions = [{"type": "text", "content": system}] if system else []
    call = Call("", "chat", "", "m", None, instructions, messages, parameters={"temperature": temperature})
    read = wire_format.parse_request(wire_format.write_request(call), path_of(wire_format.write_path(call)))
    assert _turns(read) == _turns(call)
    assert (read.request_model, read.parameters) == ("m", {"temperature": temperature})


@every_format
@given(data=st.data())
@settings(max_examples=60)
def test_never_raises_on_mutated_bytes(wire_format: WireFormat, data: st.DataObject) -> None:
    path = data.draw(st.sampled_from([each for each in goldens.PATHS if each.parent.name == wire_format.NAME]))
    exchange = goldens.exchange_of(goldens.load(path))
    request = _mutated(data, exchange.request_body)
    response = _mutated(data, exchange.response_body)
    content_type = data.draw(
        st.sampled_from(
            [
                "application/json",
                "text/event-stream",
                "",
                "x",
                "application/x-ndjson",
                "application/vnd.amazon.eventstream",
            ]
        )
    )
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


def _keys(value: Any) -> set[str]:
    if isinstance(value, dict):
        return set(value).union(*(_keys(each) for each in value.values()))
    return set().union(*(_keys(each) for each in value)) if isinstance(value, list) else set()


def _keys_of(wire_format: WireFormat) -> list[str]:
    """Every key in the golden exchanges of a format: what its code may look for."""
    cases = [goldens.load(each) for each in goldens.PATHS if each.parent.name == wire_format.NAME]
    return sorted(
        set().union(*(_keys([c[part] for part in ("request", "response", "events") if part in c]) for c in cases))
    )


def _junk(wire_format: WireFormat) -> st.SearchStrategy[Any]:
    keys = st.sampled_from(_keys_of(wire_format))
    return st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4) | keys,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=4),
        max_leaves=12,
    )


JUNK = {each.NAME: _junk(each) for each in FORMATS}


@every_format
@given(data=st.data())
@settings(max_examples=80)
def test_never_raises_on_json_of_any_shape(wire_format: WireFormat, data: st.DataObject) -> None:
    junk = JUNK[wire_format.NAME]
    request, response, events = data.draw(junk), data.draw(junk), data.draw(st.lists(junk, max_size=4))
    call = wire_format.parse_request(
        as_object(request), data.draw(st.sampled_from(["", "/x", wire_format.PATH_ENDINGS[0]]))
    )
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


def _turns(call: Call) -> list[Any]:
    """The request's messages, neighbours of one role made one: some formats know turns only."""
    turns: list[Any] = []
    for message in call.request_messages():
        if turns and turns[-1]["role"] == message["role"]:
            turns[-1] = {**turns[-1], "parts": [*turns[-1]["parts"], *message["parts"]]}
        else:
            turns.append(message)
    return [_ordered(each) for each in turns]


def test_get_and_other_paths_are_not_recognised() -> None:
    assert not recognise("GET", "https://api.openai.com/v1/chat/completions")
    assert not recognise("POST", "https://api.openai.com/v1/embeddings/x")
    assert not recognise("POST", "https://api.openai.com/v1/files")
    assert not recognise("POST", "")
    assert recognise("POST", "https://api.openai.com/v1/chat/completions/?api-version=1#x")


def test_a_request_without_a_readable_body_is_no_call() -> None:
    exchange = Exchange("POST", "https://api.openai.com/v1/chat/completions", request_body=b"\xff\x00")
    assert parse_exchange(exchange) is None
    assert parse_exchange(replace(exchange, request_body=b"[" * 100_000)) is None
    assert parse_json(b"[" * 100_000) is None
