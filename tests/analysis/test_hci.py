"""Whether a call talks to a human, and the rule that said so."""

from __future__ import annotations

import pytest

from suffice_analysis.hci import Hci, call_hci, calls_hci, persona_of


@pytest.mark.parametrize(
    ("operation", "form", "action", "last", "step", "persona", "word"),
    [
        ("embeddings", "", None, "user", 0, None, "no"),
        ("chat", "json_object", "answer:json", "user", 0, "help the user", "no"),
        ("chat", "", "tool:search", "user", 0, "help the user", "no"),
        ("chat", "", "react:finish", "user", 3, None, "no"),
        ("chat", "", "answer:sql", "user", 0, "help the user", "no"),
        ("chat", "", "answer:label", "user", 0, None, "no"),
        ("chat", "", "answer:label", "user", 0, "help the user", "yes"),
        ("chat", "", "answer:long_text", "tool:search", 4, "help the user", "yes"),
        ("chat", "", "answer:short_text", "user", 2, None, "yes"),
        ("chat", "", "answer:short_text", "tool:search", 2, None, "unknown"),
        ("chat", "", "answer:long_text", "user", 0, None, "unknown"),
        ("chat", "", None, "user", 0, "help the user", "unknown"),
        ("chat", "", "answer:empty", "user", 0, None, "unknown"),
    ],
)
def test_rules(
    operation: str, form: str, action: str | None, last: str, step: int, persona: str | None, word: str
) -> None:
    found = call_hci(operation, form, action, last, step, persona)
    assert found.word == word
    assert found.rule


def test_many_calls_at_once() -> None:
    columns = {
        "operation": ["chat", "chat"],
        "response_format": ['{"type": "json_object"}', None],
        "action": ["answer:json", "answer:long_text"],
        "last": ["user", "user"],
        "step": [0, 0],
    }
    assert calls_hci(columns, [None, "a friendly"]) == [
        Hci("no", "the caller asks for a fixed format"),
        Hci("yes", 'text to a person ("a friendly")'),
    ]


def test_the_persona_is_quoted_from_the_instructions() -> None:
    assert persona_of("You are the friendly\nclerk of a shop.") == "friendly"
    assert persona_of("Extract the total as a number.") is None
