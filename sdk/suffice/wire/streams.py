"""A streamed answer as events, however it is framed: server-sent events, JSON lines, a JSON array, AWS frames.

What is framed how is seen from the content type or, since proxies and recordings lose it, from the first
bytes. A stream that is cut gives the events that came whole.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from suffice.wire.aws_event_stream import CONTENT_TYPE as AWS_EVENTS
from suffice.wire.aws_event_stream import parse_frames, starts_with_frame
from suffice.wire.lenient import as_object, as_text, parse_json
from suffice.wire.sse import Event, looks_like_events, parse_events

_LINE_TYPES = ("ndjson", "jsonl", "stream+json", "json-seq")
_TWO_DOCUMENTS = re.compile(rb"\}[ \t]*\r?\n\s*\{")  # no JSON has that: a line break inside a text is escaped
_ARRAY = re.compile(rb"\s*\[\s*(\{|\]|$)")


def stream_events(body: bytes, content_type: str) -> Iterable[Event] | None:
    """The events of a streamed body in order, or None for a body that is one document."""
    if AWS_EVENTS in content_type or starts_with_frame(body):
        return aws_events(body)
    if looks_like_events(body, content_type):
        return parse_events(body)
    if any(each in content_type for each in _LINE_TYPES) or _TWO_DOCUMENTS.search(body):
        return line_events(body)
    return array_events(body) if _ARRAY.match(body) else None


def line_events(body: bytes) -> Iterator[Event]:
    """JSON, one a line. Pretty-printed documents one after the other are read too."""
    text = body.decode("utf-8", "replace")
    if _is_line_of_json(text.lstrip("\ufeff \t\r\n").partition("\n")[0]):
        return (Event("", line.strip()) for line in text.split("\n") if line.strip())
    return _documents(text)


def array_events(body: bytes) -> Iterator[Event]:
    """The elements of a JSON array, as far as they came: Gemini streams so without ``alt=sse``."""
    return _documents(body.decode("utf-8", "replace").lstrip("\ufeff \t\r\n")[1:])


def aws_events(body: bytes) -> Iterator[Event]:
    """AWS frames by their event type; an exception becomes an ``error`` event in the shape others send."""
    for frame in parse_frames(body):
        text = frame.payload.decode("utf-8", "replace")
        kind = frame.headers.get(":exception-type") or frame.headers.get(":error-code")
        if kind:
            message = as_text(as_object(parse_json(text)).get("message")) or frame.headers.get(":error-message") or text
            yield Event("error", json.dumps({"error": {"type": kind, "message": message}}))
        else:
            yield Event(frame.headers.get(":event-type", ""), text)


def last_object(events: Iterable[Event]) -> tuple[dict[str, Any], bool]:
    """``join_stream`` of the formats that do not stream: the last object that came."""
    body: dict[str, Any] = {}
    for event in events:
        body = as_object(parse_json(event.data)) or body
    return body, bool(body)


def _is_line_of_json(line: str) -> bool:
    return parse_json(line) is not None


def _documents(text: str) -> Iterator[Event]:
    decoder, at = json.JSONDecoder(), 0
    while True:
        while at < len(text) and text[at] in " \t\r\n,":
            at += 1
        try:
            _, end = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            return
        yield Event("", text[at:end])
        at = end
