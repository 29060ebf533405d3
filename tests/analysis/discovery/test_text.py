"""Text to grams."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from suffice.privacy.shingles import WORD, hashed_grams, words_of
from suffice_analysis.discovery.text import HEAD_WORDS, TAIL_WORDS, GramReader, message_parts, plain_text
from suffice_analysis.discovery.types import MessageText


def user(text: str) -> MessageText:
    return MessageText("user", json.dumps({"role": "user", "parts": [{"type": "text", "content": text}]}))


def grams(text: str) -> list[int]:
    return GramReader().grams(user(text)).tolist()


@pytest.mark.parametrize(
    ("content", "parts"),
    [
        ('{"role":"user","parts":[{"type":"text","content":"a"}]}', [{"type": "text", "content": "a"}]),
        ('[{"type":"text","content":"a"}]', [{"type": "text", "content": "a"}]),
        ('"a"', [{"type": "text", "content": "a"}]),
        ("not json", [{"type": "text", "content": "not json"}]),
        ("null", []),
        ("7", []),
        ('[1, {"type": "text"}]', [{"type": "text"}]),
    ],
)
def test_parts_of_a_stored_message(content: str, parts: list[object]) -> None:
    assert message_parts(content) == parts


def test_what_stands_in_a_message() -> None:
    parts = [
        {"type": "text", "content": "Look:"},
        {"type": "blob", "modality": "image", "size": 3},
        {"type": "tool_call", "name": "search", "arguments": {}},
        {"type": "tool_call_response", "response": {"found": 1}},
        {"type": "file", "file_id": "f"},
    ]
    assert (
        plain_text(MessageText("user", json.dumps(parts))) == 'Look:\n[image]\n[tool call search]\n{"found": 1}\n[file]'
    )


def test_one_gram_for_each_word_and_three_marks() -> None:
    assert len(grams("one two three four five")) == 5 + 3
    assert len(grams("")) == 3


def test_case_and_numbers_make_no_difference_but_words_do() -> None:
    assert grams("Order 17 of THE day") == grams("order 4711 of the day")
    assert grams("order 17 of the day") != grams("order 17 of the week")


def test_the_role_stands_in_the_first_and_no_other_grams() -> None:
    as_user = GramReader().grams(user("a b c d e f g"))
    as_system = GramReader().grams(MessageText("system", user("a b c d e f g").content))
    assert (as_user != as_system).tolist() == [True] * 3 + [False] * 7


def test_each_cjk_character_is_a_word() -> None:
    assert len(grams("请回答问题")) == 5 + 3


def test_a_huge_message_is_read_at_both_ends() -> None:
    huge = " ".join(f"w{chr(97 + n % 26)}{chr(97 + n // 26 % 26)}{chr(97 + n // 676)}" for n in range(9000))
    read = grams(huge)
    assert len(read) == HEAD_WORDS + TAIL_WORDS + 3
    assert read[:100] == grams(" ".join(huge.split()[:100]))[:100]


@given(st.text(st.characters(max_codepoint=127), max_size=200))
def test_words_of_ascii_are_those_of_any_text(text: str) -> None:
    """ASCII has a pattern of its own, for speed; a recogniser may not depend on which was used."""
    assert words_of(text) == WORD.findall(text.casefold())


@given(st.text(max_size=200))
def test_the_same_text_gives_the_same_grams_in_every_reader(text: str) -> None:
    reader = GramReader()
    first = reader.grams(user(text))
    assert np.array_equal(first, reader.grams(user(text)))
    assert np.array_equal(first, GramReader().grams(user(text)))


def test_many_messages_are_read_like_one_after_the_other() -> None:
    keyed = {
        "type": "hashed",
        "of": "text",
        "chars": 20,
        "grams": hashed_grams("what a client said", "user", b"k" * 16),
    }
    image = json.dumps([{"type": "blob", "modality": "image"}, {"type": "text", "content": "What is this?"}])
    messages = [
        user("one two three four five"),
        MessageText("system", '"You sort letters."'),
        MessageText("user", json.dumps([keyed])),
        user(""),
        MessageText("user", image),
        MessageText("tool", "[]"),
        user("one two three four five"),
    ]
    together = GramReader().grams_of(messages)
    assert [each.tolist() for each in together] == [GramReader().grams(each).tolist() for each in messages]
    assert together[0].tolist() == together[-1].tolist()
    assert GramReader().grams_of([]) == []
