"""AWS frames: written and read back, cut, damaged."""

from __future__ import annotations

import json
import struct
from zlib import crc32

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suffice.wire.aws_event_stream import Frame, frame_bytes, parse_frames, starts_with_frame
from suffice.wire.sse import Event
from suffice.wire.streams import aws_events, stream_events

HEADERS = {":event-type": "chunk", ":message-type": "event"}
# Smithy's own example of a frame without headers and payload
EMPTY = bytes.fromhex("000000100000000005c248eb7d98c8ff")


def test_the_standards_example() -> None:
    assert list(parse_frames(EMPTY)) == [Frame({}, b"", intact=True)]
    assert frame_bytes({}, b"") == EMPTY


names = st.text(st.characters(codec="utf-8"), min_size=1, max_size=20)


@given(st.lists(st.tuples(st.dictionaries(names, names, max_size=3), st.binary(max_size=50)), max_size=4))
def test_what_was_written_is_read(frames: list[tuple[dict[str, str], bytes]]) -> None:
    body = b"".join(frame_bytes(headers, payload) for headers, payload in frames)
    assert list(parse_frames(body)) == [Frame(headers, payload, intact=True) for headers, payload in frames]


@pytest.mark.parametrize("end", range(len(EMPTY)))
def test_a_frame_that_is_cut_is_left_out(end: int) -> None:
    first = frame_bytes(HEADERS, b"{}")
    assert [frame.payload for frame in parse_frames(first + EMPTY[:end])] == [b"{}"]


def test_a_damaged_payload_is_given_as_it_came() -> None:
    body = bytearray(frame_bytes(HEADERS, b'{"a": 1}') + EMPTY)
    body[-len(EMPTY) - 6] ^= 1
    first, second = parse_frames(bytes(body))
    assert (first.headers, first.intact, second.intact) == (HEADERS, False, True)


def test_reading_stops_where_the_lengths_can_not_be_trusted() -> None:
    damaged = bytearray(EMPTY)
    damaged[3] ^= 1
    assert list(parse_frames(EMPTY + bytes(damaged) + EMPTY)) == [Frame({}, b"", intact=True)]
    assert not starts_with_frame(bytes(damaged))


def test_headers_of_every_type_are_passed_over() -> None:
    values = [(0, b""), (1, b""), (2, b"a"), (3, b"ab"), (4, b"abcd"), (5, b"a" * 8), (8, b"a" * 8), (9, b"a" * 16)]
    block = b"".join(bytes([1]) + b"n" + bytes([kind]) + value for kind, value in values)
    block += b"\x01b\x06" + struct.pack(">H", 3) + b"raw" + b"\x01s\x07" + struct.pack(">H", 2) + b"ok"
    prelude = struct.pack(">II", 16 + len(block), len(block))
    frame = prelude + struct.pack(">I", crc32(prelude)) + block
    assert list(parse_frames(frame + struct.pack(">I", crc32(frame)))) == [Frame({"s": "ok"}, b"", intact=True)]


@given(st.binary(max_size=60))
def test_any_bytes_are_frames_or_none(body: bytes) -> None:
    list(parse_frames(body))
    list(parse_frames(EMPTY + body))
    list(parse_frames(frame_bytes(HEADERS, body)[:-7] + body))


def test_an_exception_is_an_error_event() -> None:
    headers = {":message-type": "exception", ":exception-type": "throttlingException"}
    body = frame_bytes(headers, b'{"message": "slower"}') + frame_bytes(HEADERS, b"{}")
    failed, event = aws_events(body)
    assert json.loads(failed.data) == {"error": {"type": "throttlingException", "message": "slower"}}
    assert (failed.event, event) == ("error", Event("chunk", "{}"))
    assert list(stream_events(body, "") or ()) == [failed, event]  # known without a content type
