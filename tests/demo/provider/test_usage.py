"""Tokens as billed: inclusive, the same for both formats, cached where an earlier call must have sent it."""

from __future__ import annotations

import pytest

from suffice_demo.provider.usage import Billed, bill, count_tokens
from suffice_demo.tasks.base import Answer, Ask, ToolCall, Turn


@pytest.mark.parametrize(("text", "tokens"), [("", 0), ("a", 1), ("abcd", 1), ("abcde", 2), ("x" * 400, 100)])
def test_four_characters_make_a_token(text: str, tokens: int) -> None:
    assert count_tokens(text) == tokens


def test_a_call_is_billed_for_system_turns_and_answer() -> None:
    ask = Ask("s" * 400, (Turn("user", "u" * 40),))
    assert bill(ask, Answer("a" * 20), "warm") == Billed(100 + 4 + 10, 5, 0, 100)


def test_reasoning_is_part_of_the_output() -> None:
    assert bill(Ask("", (Turn("user", "u"),)), Answer("abcd", reasoning_tokens=50), "warm").output_tokens == 51


def test_history_is_warm_the_new_turn_is_not() -> None:
    said = Turn("assistant", "a" * 40, (ToolCall("t", {}, "c"),))
    ask = Ask("s" * 400, (Turn("user", "u" * 40), said, Turn("user", results=(("c", "r" * 40),))))
    billed = bill(ask, Answer("ok"), "warm")
    assert billed.input_tokens - billed.warm_tokens == 4 + 10


def test_now_and_then_the_cache_is_cold() -> None:
    ask = Ask("s" * 400, (Turn("user", "u"),))
    cold = sum(bill(ask, Answer("ok"), str(n)).warm_tokens == 0 for n in range(2000))
    assert 40 < cold < 130
