"""Framings of a stream, told apart by their content type or their first bytes."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suffice.wire.sse import Event
from suffice.wire.streams import last_object, stream_events

ONE, TWO = Event("", '{"a": 1}'), Event("", '{"a": 2}')


@pytest.mark.parametrize(
    ("body", "content_type", "events"),
    [
        (b'data: {"a": 1}\n\ndata: {"a": 2}\n\n', "", [ONE, TWO]),
        (b'{"a": 1}\n{"a": 2}\n', "", [ONE, TWO]),
        (b'{"a": 1}\r\n\r\n{"a": 2}', "application/json", [ONE, TWO]),
        (b'{"a": 1}\n', "application/x-ndjson", [ONE]),
        (b'{"a": 1}\n{"a": 2', "application/stream+json", [ONE, Event("", '{"a": 2')]),
        (b'{\n"a": 1}\n{\n"a": 2}', "", [Event("", '{\n"a": 1}'), Event("", '{\n"a": 2}')]),
        (b'[{"a": 1}\n,\r\n{"a": 2}]', "", [ONE, TWO]),
        (b'[{"a": 1},{"a"', "application/json; charset=UTF-8", [ONE]),
        (b"[]", "", []),
        (b"[", "", []),
        (b'{"a": 1}', "", None),
        (b'{"a": [\n{"b": "}\\n{"},\n{}\n]}', "", None),
        (b'["text"]', "", None),
        (b"[object Object]", "text/plain", None),
        (b"", "", None),
        (b"", "application/x-ndjson", []),
    ],
)
def test_framings(body: bytes, content_type: str, events: list[Event] | None) -> None:
    found = stream_events(body, content_type)
    assert (None if found is None else list(found)) == events


@given(st.binary(max_size=60), st.sampled_from(["", "x", "application/x-ndjson", "application/vnd.amazon.eventstream"]))
def test_any_bytes_are_events_or_none(body: bytes, content_type: str) -> None:
    found = stream_events(body, content_type)
    assert found is None or all(isinstance(event, Event) for event in found)


@given(st.recursive(st.integers() | st.text(), lambda inner: st.dictionaries(st.text(), inner)))
def test_no_single_document_is_taken_for_a_stream(value: object) -> None:
    body = json.dumps({"value": value}, indent=1).encode()
    assert stream_events(body, "application/json") is None


def test_of_formats_without_streams_the_last_object_counts() -> None:
    assert last_object([ONE, TWO, Event("", "[DONE]")]) == ({"a": 2}, True)
    assert last_object([]) == ({}, False)
