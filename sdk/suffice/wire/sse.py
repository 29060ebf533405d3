"""Server-sent events: https://html.spec.whatwg.org/multipage/server-sent-events.html, section 9.2.6.

One departure: an event without its blank line at the end is given too, because clients close
the stream on ``[DONE]`` and a recording may end there.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple


class Event(NamedTuple):
    event: str  # "" = message
    data: str


def looks_like_events(body: bytes, content_type: str) -> bool:
    """By content type, else by the first field: proxies drop the type, and some vendors send another."""
    return "event-stream" in content_type or body.lstrip()[:6].startswith((b"data:", b"event:", b":", b"id:"))


def parse_events(body: bytes) -> Iterator[Event]:
    """The events in order, comments and fields we have no use for left out."""
    text = body.decode("utf-8", "replace").removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    name, data = "", list[str]()
    for line in text.split("\n"):
        if not line:
            if data:
                yield Event(name, "\n".join(data))
            name, data = "", []
            continue
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "data":
            data.append(value)
        elif field == "event":
            name = value
    if data:
        yield Event(name, "\n".join(data))
