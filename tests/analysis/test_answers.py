"""The form of an answer and what the model did in it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suffice_analysis.answers import action, answer_form, closed_fields, text_form

FORMS = {"json", "label", "number", "tool_call", "code", "sql", "short_text", "long_text"}


def said(text: str) -> list[dict[str, object]]:
    return [{"role": "assistant", "parts": [{"type": "text", "content": text}]}]


def called(name: str | None) -> list[dict[str, object]]:
    return [{"role": "assistant", "parts": [{"type": "tool_call", "name": name, "arguments": {}}]}]


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ('{"total": 12.5, "date": "2026-01-02"}', "json"),
        ("[1, 2]", "json"),
        ('```json\n{"a": 1}\n```', "json"),
        ('```\n{"a": 1}\n```', "json"),
        ("{not json}", "label"),
        ("billing", "label"),
        ("Very positive", "label"),
        ("Yes.", "short_text"),
        ("42", "number"),
        ("-3.5 %", "number"),
        ("$1,200.00", "number"),
        ("SELECT name FROM pets WHERE kind = 'cat'", "sql"),
        ("```sql\nSELECT 1\n```", "sql"),
        ("```\nSHOW TABLES\n```", "sql"),
        ("DESC pets;", "sql"),
        ("Select the second one, it is better.", "short_text"),
        ("```python\nprint(1)\n```", "code"),
        ("def add(a, b):\n    return a + b", "code"),
        ("import os\nprint(os.name)", "code"),
        ("The order was shipped on Monday and should arrive soon.", "short_text"),
        ("word " * 80, "long_text"),
        ("", "short_text"),
        ("答案是这样的，我们认为它是正确的。", "short_text"),
    ],
)
def test_form_of_a_text(text: str, form: str) -> None:
    assert text_form(text) == form


def test_a_short_fence_in_a_long_answer_is_no_code() -> None:
    assert text_form("An explanation. " * 40 + "```python\nx\n```") == "long_text"


def test_a_tool_call_wins_over_the_text_beside_it() -> None:
    message = {"role": "assistant", "parts": [{"type": "text", "content": "{}"}, *called("look_up")[0]["parts"]]}  # type: ignore[misc]
    assert answer_form([message]) == "tool_call"
    assert action([message]) == "tool:look_up"


def test_only_the_first_choice_counts() -> None:
    assert answer_form([*said("42"), *said("a b c d e f g")]) == "number"


@pytest.mark.parametrize(
    ("messages", "expected"),
    [
        ([], "answer:empty"),
        ([{"role": "assistant", "parts": []}], "answer:empty"),
        (called(None), "tool:unnamed"),
        (said('{"a": 1}'), "answer:json"),
        (said("Thought: I should look.\nAction: search[glass]"), "react:search"),
        (said("Action: Finish[A]"), "react:finish"),
        (said("Thought: x\nAction: Look Up\nAction Input: y"), "react:look_up"),
        (said("Action 2: search[a]"), "react:search"),
        (said("Take action: it helps everyone who waits for it today."), "answer:short_text"),
        ([{"role": "assistant", "parts": [{"type": "refusal", "content": "I can't help with that."}]}], "refusal"),
    ],
)
def test_action(messages: list[dict[str, object]], expected: str) -> None:
    assert action(messages) == expected


def test_no_answer_is_short_text() -> None:
    assert answer_form([]) == "short_text"


@given(st.text(max_size=300))
def test_every_text_has_a_form(text: str) -> None:
    assert text_form(text) in FORMS
    assert action(said(text)).split(":")[0] in {"answer", "react"}


def test_closed_fields_are_what_small_objects_choose() -> None:
    queues = ["A", "B", "C"]
    texts = [json.dumps({"queue": queues[i % 3], "reason": f"because {i}", "escalate": i % 2 == 0}) for i in range(60)]
    assert closed_fields(texts) == ("escalate", "queue")
    assert closed_fields([f"```json\n{text}\n```" for text in texts]) == ("escalate", "queue")
    records = [json.dumps({"name": "x", "city": "y", "street": "z", "queue": "A"}) for _ in range(60)]
    assert closed_fields(records) == ()  # a record: too many fields
    assert closed_fields(["A", "[1]", "{", ""] * 20 + texts) == ()
    mostly_open = [json.dumps({"vendor": f"v{i}", "total": i, "category": "A"}) for i in range(60)]
    assert closed_fields(mostly_open) == ()
    assert closed_fields([]) == ()
