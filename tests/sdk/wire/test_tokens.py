"""Estimates of tokens: flagged, close on ordinary text, and only where nobody stated a count."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suffice.wire.call import Call, Usage
from suffice.wire.tokens import estimate_text_tokens, estimate_usage, fill_usage

ANSWERED = Call(
    "openai.chat",
    "chat",
    "openai",
    "gpt-4o",
    input_messages=[{"role": "user", "parts": [{"type": "text", "content": "What is the capital of France?"}]}],
    output_messages=[{"role": "assistant", "parts": [{"type": "text", "content": "The capital of France is Paris."}]}],
)


@pytest.mark.parametrize(
    ("text", "tokens"),  # as OpenAI's tokenizers cut them: a word each, three digits each
    [("The quick brown fox jumps over the lazy dog.", 10), ("hello world", 2), ("1234567890", 4), ("", 0)],
)
def test_close_to_a_tokenizer(text: str, tokens: int) -> None:
    assert estimate_text_tokens(text, "gpt-4o") == pytest.approx(tokens, rel=0.35)


def test_claude_cuts_finer() -> None:
    text = 'if (x > 1) { return "y"; }'
    assert estimate_text_tokens(text, "anthropic/claude-opus-5") > estimate_text_tokens(text, "gpt-4o")


@given(st.text(), st.text())
def test_more_text_is_never_fewer_tokens(first: str, second: str) -> None:
    assert 0 <= estimate_text_tokens(first) <= estimate_text_tokens(f"{first} {second}") + 1e-9


def test_a_call_is_its_messages_and_their_frame() -> None:
    assert estimate_usage(ANSWERED) == Usage(input_tokens=14, output_tokens=8, source="estimated")


def test_tools_thoughts_and_pictures_count() -> None:
    plain = estimate_usage(ANSWERED).input_tokens or 0
    tool: Any = {"type": "function", "name": "weather", "parameters": {"type": "object"}}
    with_tool = estimate_usage(replace(ANSWERED, tool_definitions=[tool])).input_tokens or 0
    picture: Any = {"role": "user", "parts": [{"type": "uri", "modality": "image", "uri": "https://e.org"}]}
    with_picture = estimate_usage(replace(ANSWERED, input_messages=[picture])).input_tokens or 0
    with_system = estimate_usage(replace(ANSWERED, system_instructions=[{"type": "text", "content": "Be brief."}]))
    assert plain < (with_system.input_tokens or 0) < with_tool < with_picture
    thought: Any = {"role": "assistant", "parts": [{"type": "reasoning", "content": "hm " * 10}]}
    assert (estimate_usage(replace(ANSWERED, output_messages=[thought])).output_tokens or 0) > 10


def test_only_what_nobody_stated_is_filled() -> None:
    unstated, half, whole = replace(ANSWERED), replace(ANSWERED, usage=Usage(99)), replace(ANSWERED, usage=Usage(99, 3))
    assert [fill_usage(each) for each in (unstated, half, whole)] == [True, True, False]
    assert unstated.usage == Usage(14, 8, source="estimated")
    assert half.usage == Usage(99, 8, source="estimated")
    assert whole.usage == Usage(99, 3, source="reported")


def test_without_an_answer_nothing_is_estimated() -> None:
    refused = replace(ANSWERED, output_messages=[])
    assert not fill_usage(refused)
    assert refused.usage is None
    assert estimate_usage(refused).output_tokens is None


def test_a_long_text_is_estimated_from_samples_of_it() -> None:
    paragraph = 'The ticket 4711 says: the printer on floor 3 doesn\'t print (error: "PC LOAD LETTER").\n\n'
    whole = paragraph * 2000
    piecewise = sum(estimate_text_tokens(whole[at : at + 30_000]) for at in range(0, len(whole), 30_000))
    assert estimate_text_tokens(whole) == pytest.approx(piecewise, rel=0.03)
