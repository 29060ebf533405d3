from __future__ import annotations

import json
from typing import Any

import pytest
from dashboard.fleet import HOSTILE
from hypothesis import given
from hypothesis import strategies as st

from suffice_dashboard import conversation as c


def row(direction: str, role: str, *parts: dict[str, Any]) -> dict[str, Any]:
    return {"direction": direction, "role": role, "content": json.dumps({"role": role, "parts": list(parts)})}


def test_a_conversation_reads_as_bubbles() -> None:
    html = c.render_conversation([
        row("request", "user", {"type": "text", "content": "Lisbon?"}),
        row("answer", "assistant", {"type": "tool_call", "id": "c1", "name": "search", "arguments": {"city": "Lisbon", "day": 3}}),
    ])  # fmt: skip
    assert html == (
        '<div class="sf-chat"><div class="sf-msg user"><div class="who">User</div><div class="sf-text">Lisbon?</div></div>'
        '<div class="sf-msg assistant answer"><div class="who">Model · the answer</div><div class="sf-tool">'
        '<div class="t">⚙ calls search</div><div class="sf-args"><div class="k">city</div><div class="v">Lisbon</div>'
        '<div class="k">day</div><div class="v">3</div></div></div></div></div>'
    )


@pytest.mark.parametrize(
    "part",
    [
        {"type": "text", "content": HOSTILE},
        {"type": "tool_call", "name": HOSTILE, "arguments": {HOSTILE: HOSTILE}},
        {"type": "tool_call", "name": "x", "arguments": HOSTILE},
        {"type": "tool_call_response", "response": {"rows": [HOSTILE]}},
        {"type": "uri", "uri": f"javascript:alert(1){HOSTILE}"},
        {"type": "blob", "modality": HOSTILE, "mime_type": HOSTILE, "size": 3},
        {"type": HOSTILE, "anything": HOSTILE},
    ],
)
def test_hostile_content_is_shown_and_never_run(part: dict[str, Any]) -> None:
    html = c.render_message({"role": HOSTILE, "parts": [part]})
    assert "<script" not in html
    assert "<img" not in html
    assert "href" not in html


def test_long_text_folds_and_enormous_text_is_cut() -> None:
    html = c.render_part({"type": "text", "content": "a" * 100_000})
    assert "<details" in html
    assert "[40,000 more characters are stored, not shown]" in html
    assert len(html) < 62_000


def test_json_text_is_indented() -> None:
    assert c.render_part({"type": "text", "content": '{"a":1}'}) == (
        '<div class="sf-code">{\n  &quot;a&quot;: 1\n}</div>'
    )


def test_template_marks_its_variable_parts() -> None:
    assert c.render_template("Hi …, <b>") == (
        '<div class="sf-template" tabindex="0">Hi <mark title="differs from call to call">…</mark>, &lt;b&gt;</div>'
    )


@given(st.text(max_size=60))
def test_anything_stored_parses_to_a_message(content: str) -> None:
    message = c.parse_message(content)
    assert set(message) == {"role", "parts"}
    assert c.render_message(message).startswith('<div class="sf-msg ')


def test_an_empty_message_says_so() -> None:
    assert "(empty)" in c.render_message({"role": "assistant", "parts": []})
