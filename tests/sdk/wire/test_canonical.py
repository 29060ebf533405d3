"""The canonical form: what spells a message differently does not change its hash, what says something else does."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suffice.wire import anthropic_messages, openai_chat
from suffice.wire.canonical import (
    CANONICAL_VERSION,
    call_hash,
    canonical_json,
    canonical_message,
    chain_hash,
    chains,
    content_hash,
    message_hash,
)


def hashed(message: dict[str, Any]) -> str:
    return message_hash("default", canonical_message(message))


def openai(message: dict[str, Any]) -> str:
    return hashed(dict(openai_chat.parse_request({"messages": [message]}).input_messages[0]))


def anthropic(message: dict[str, Any]) -> str:
    return hashed(dict(anthropic_messages.parse_request({"messages": [message]}).input_messages[0]))


def test_the_hashes_of_version_1_are_what_is_stored() -> None:
    """If this fails, stored hashes no longer meet new ones: raise CANONICAL_VERSION."""
    assert CANONICAL_VERSION == 1
    message = {"role": "assistant", "parts": [{"type": "tool_call", "id": "a", "name": "f", "arguments": '{"x": 1}'}]}
    assert hashed(message) == "ed37648839e55484a76d89f05897126a"
    assert chain_hash(["a", "b"]) == "f5b16ca56184f3c10edaa12684289254"
    assert call_hash("default", "t", "s") == "a1337a017e599cdc6c07b4f3aa282d29"
    assert content_hash("default", [1]) == "299e026351d9f0ecb78e676c9485a6ec"


def test_spelling_does_not_matter() -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": '{"a": 1, "b": 2}'}}
    spaced = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": '{"b":2,"a":1}'}}
    one = openai({"role": "assistant", "content": None, "tool_calls": [call]})
    other = {
        "role": "assistant",
        "content": "",
        "refusal": None,
        "annotations": [],
        "audio": None,
        "tool_calls": [spaced],
    }
    assert openai(other) == one
    in_anthropic = {
        "role": "assistant",
        "content": [{"type": "tool_use", "id": "c1", "name": "f", "input": {"a": 1, "b": 2}}],
    }
    assert anthropic(in_anthropic) == one


def test_text_as_string_as_parts_and_with_cache_marks_is_one() -> None:
    one = openai({"role": "user", "content": "Hello world"})
    parts = [
        {"type": "text", "text": "Hello "},
        {"type": "text", "text": "world", "cache_control": {"type": "ephemeral"}},
    ]
    assert openai({"role": "user", "content": parts}) == one
    assert anthropic({"role": "user", "content": parts}) == one
    assert openai({"role": "user", "content": parts, "name": "Ann"}) == one


def test_developer_is_system_and_reasoning_is_left_out() -> None:
    assert openai({"role": "developer", "content": "x"}) == openai({"role": "system", "content": "x"})
    with_thought = {"role": "assistant", "content": "x", "reasoning_content": "hm"}
    assert openai(with_thought) == openai({"role": "assistant", "content": "x"})


def test_no_arguments_are_empty_arguments() -> None:
    def call(arguments: Any) -> str:
        return hashed({"role": "assistant", "parts": [{"type": "tool_call", "name": "f", "arguments": arguments}]})

    assert call("") == call("{}") == call({}) == call(None)
    assert call("not JSON") != call("{}")


@pytest.mark.parametrize(
    "other",
    [
        {"role": "user", "content": "x "},
        {"role": "assistant", "content": "x"},
        {
            "role": "user",
            "content": [{"type": "text", "text": "x"}, {"type": "image_url", "image_url": {"url": "https://e"}}],
        },
        {"role": "tool", "tool_call_id": "1", "content": "x"},
    ],
)
def test_what_says_something_else_has_another_hash(other: dict[str, Any]) -> None:
    assert openai(other) != openai({"role": "user", "content": "x"})


def test_projects_do_not_share_hashes() -> None:
    assert message_hash("a", {"role": "user", "parts": []}) != message_hash("b", {"role": "user", "parts": []})


def test_lone_surrogates_are_hashed_not_refused() -> None:
    assert canonical_json("\ud800") == b'"\xed\xa0\x80"'


hashes = st.lists(st.text("0123456789abcdef", min_size=4, max_size=4))


@given(hashes, hashes)
def test_a_chain_is_made_link_by_link(first: list[str], second: list[str]) -> None:
    assert chain_hash([*first, *second]) == chain_hash(second, chain_hash(first))


@given(
    st.lists(st.tuples(st.sampled_from(["system", "user", "tool"]), st.text(max_size=3)), min_size=1),
    st.text(max_size=3),
)
def test_the_next_call_points_at_this_one(request: list[tuple[str, str]], answer: str) -> None:
    roles, texts = [role for role, _ in request], [text for _, text in request]
    before, after = chains(texts, roles, answer)
    assert before is None
    next_before, next_after = chains([*texts, answer, "go on"], [*roles, "assistant", "user"], "done")
    assert next_before == after
    third_before, _ = chains([*texts, answer, "go on", "done"], [*roles, "assistant", "user", "assistant"], None)
    assert third_before == next_after


def test_without_history_or_answer_there_is_no_chain() -> None:
    assert chains([], [], None) == (None, None)
    assert chains(["a"], ["user"], None) == (None, None)
    assert chains(["a"], ["user"], "b") == (None, chain_hash(["a", "b"]))
    assert chains(["a", "b"], ["user", "assistant"], None) == (chain_hash(["a", "b"]), None)


@pytest.mark.shared
def test_tau_bench_calls_find_the_call_before_them(shared_data: Path) -> None:
    """2,150 calls carry history; all of them find the call before, by hashes alone."""
    befores, afters = [], set()
    with gzip.open(shared_data / "calls" / "tau_bench.jsonl.gz", "rt", encoding="utf-8") as lines:
        for line in lines:
            logged = json.loads(line)
            call = openai_chat.parse_request(logged["request"])
            openai_chat.parse_response(call, logged["response"])
            canonical = [canonical_message(each) for each in call.request_messages()]
            answer = hashed(dict(call.output_messages[0]))
            before, after = chains(
                [message_hash("default", each) for each in canonical], [each["role"] for each in canonical], answer
            )
            befores.append(before)
            afters.add(after)
    with_history = [before for before in befores if before]
    assert len(with_history) == 2150
    assert sum(before in afters for before in with_history) >= 0.99 * len(with_history)
