"""The same text as ``json`` writes, in steps."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from suffice.messages_json import LONG, Pieces, encode_messages

texts = st.text(max_size=40) | st.sampled_from(
    ["x" * (LONG + 1), 'a "quoted" \\ text\r\n\t' * 400, "\x00" * (LONG + 1), "grüß\u2028" * LONG, "\x7f" + "é" * LONG]
)
parts = st.fixed_dictionaries({"type": texts, "content": texts | st.none() | st.lists(texts)}) | st.dictionaries(
    texts, texts | st.integers() | st.booleans() | st.none(), max_size=3
)
messages = st.lists(
    st.fixed_dictionaries(
        {"role": texts, "parts": st.lists(parts | st.none() | texts, max_size=3)}, optional={"finish_reason": texts}
    ),
    max_size=3,
) | st.just([{}])


@settings(max_examples=100, deadline=None)
@given(messages)
def test_it_is_what_json_writes(value: list[dict[str, Any]]) -> None:
    written = json.dumps(value, ensure_ascii=False, separators=(",", ":")) if value else None
    encoded = encode_messages(value, lambda: None)
    assert (str(encoded) if isinstance(encoded, Pieces) else encoded) == written


def test_long_texts_are_not_copied_into_one() -> None:
    long = "x" * (LONG + 1)
    messages = [{"role": "user", "parts": [{"type": "text", "content": text}]} for text in ("short", long)]
    encoded = encode_messages(messages, lambda: None)
    assert isinstance(encoded, Pieces)
    assert [piece is long for piece in encoded] == [False, True, False]
    assert isinstance(encode_messages(messages[:1], lambda: None), str)


def test_it_breathes_between_messages_and_around_long_texts() -> None:
    breaths: list[None] = []
    long = {"type": "text", "content": "x" * (LONG + 1)}
    encode_messages([{"role": "user", "parts": [long, long]}] * 3, lambda: breaths.append(None))
    assert len(breaths) == 3 * (1 + 2 * 2)
