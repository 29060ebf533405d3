"""Event streams, cut and spelled in every way the standard allows."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suffice.wire.sse import Event, looks_like_events, parse_events


@pytest.mark.parametrize(
    ("body", "events"),
    [
        (b"", []),
        (b"\n\n\n", []),
        (b"data: a\n\ndata: b\n\n", [("", "a"), ("", "b")]),
        (b"data: a\r\n\r\ndata: b\r\r", [("", "a"), ("", "b")]),
        (b"data:a\n\n", [("", "a")]),
        (b"data:  a\n\n", [("", " a")]),
        (b"data: a\ndata: b\n\n", [("", "a\nb")]),
        (b"event: error\ndata: {}\n\n", [("error", "{}")]),
        (b"data: {}\nevent: late\n\n", [("late", "{}")]),
        (b"event: ping\n\ndata: a\n\n", [("", "a")]),
        (b": OPENROUTER PROCESSING\n\ndata: a\n\n", [("", "a")]),
        (b"id: 7\nretry: 10\ndata\n\ndata: a", [("", ""), ("", "a")]),
        (b"\xef\xbb\xbfdata: a\n\n", [("", "a")]),
        (b"data: \xff\n\n", [("", "\ufffd")]),
        (b"data: cut", [("", "cut")]),
    ],
)
def test_events(body: bytes, events: list[tuple[str, str]]) -> None:
    assert list(parse_events(body)) == [Event(*each) for each in events]


@given(st.lists(st.text(st.characters(blacklist_characters="\r\n\ufeff", blacklist_categories=("Cs",)), min_size=1)))
def test_what_was_sent_is_read(texts: list[str]) -> None:
    body = "".join(f"data: {text}\n\n" for text in texts).encode()
    assert [event.data for event in parse_events(body)] == texts


@given(st.binary())
def test_any_bytes_are_events_or_none(body: bytes) -> None:
    assert all(isinstance(event, Event) for event in parse_events(body))


def test_a_stream_is_known_by_its_type_or_its_start() -> None:
    assert looks_like_events(b"", "text/event-stream;charset=UTF-8")
    assert looks_like_events(b"\n: hello\n\n", "")
    assert looks_like_events(b"event: a\n", "application/octet-stream")
    assert not looks_like_events(b'{"data": 1}', "application/json")
