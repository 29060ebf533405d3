"""Attempts: which HTTP tries are tries of one call.

Clients retry below the app's line of code. Some number their tries in a header (Stainless: openai,
anthropic, groq, together), most don't. So a try is joined to the one before it in the same context (thread
or asyncio task) if that one failed in a way that is worth a retry and asked the same of the same address;
a header that says so is enough by itself. Each try stays a span of its own; the later one names the
earlier, and the store counts only the last.
"""

from __future__ import annotations

import time
import zlib
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from suffice.capture import Capture, RawHeaders

MOST_TRIES = 16  # named by the last one
LONGEST_WAIT_NS = 300 * 10**9  # a server's Retry-After is seldom longer, and clients wait for less
_RETRY_COUNT = b"x-stainless-retry-count"
_WORTH_A_RETRY = frozenset({408, 409, 425, 429})


class SpanIds:
    """Of a try: ``text`` is "trace_id:span_id" once its span is made."""

    __slots__ = ("text",)

    def __init__(self) -> None:
        self.text: str | None = None


class Attempt:
    """One try: what the next one is compared with. Bytes are kept as their sum only."""

    __slots__ = ("body_sum", "earlier", "ended_ns", "failed", "number", "size", "span_ids", "url")

    def __init__(self, url: str, size: int, number: int, earlier: tuple[SpanIds, ...] = ()) -> None:
        self.url = url
        self.size = size
        self.number = number  # from 1
        self.earlier = earlier  # of the tries before it
        self.failed = False
        self.body_sum = 0
        self.ended_ns = 0
        self.span_ids = SpanIds()

    def retry_of(self) -> list[str]:
        """The tries before it. They ended before it began, so their spans are made when this one's is."""
        return [each.text for each in self.earlier if each.text is not None]


_last: ContextVar[Attempt | None] = ContextVar("suffice_last_attempt", default=None)


def begin_attempt(capture: Capture) -> None:
    """Number the try that starts now, and join it to the one before where it repeats it."""
    url, body = capture.url, capture.request_body
    numbered = _number_in(capture.request_headers)
    last = _last.get()
    if last is not None and (_said_to_follow(last, url, numbered) or _repeats(last, url, body)):
        earlier = (*last.earlier, last.span_ids)[-MOST_TRIES:]
        capture.attempt = Attempt(url, len(body), last.number + 1, earlier)
    else:
        capture.attempt = Attempt(url, len(body), numbered)
    _last.set(capture.attempt)


def end_attempt(capture: Capture) -> None:
    """Note whether another try may follow. In the app's thread: only a failed body is summed (1 ms per MB)."""
    attempt, status = capture.attempt, capture.status
    if attempt is None:
        return
    attempt.ended_ns = capture.ended_ns
    broken = capture.ending == "error"
    attempt.failed = broken or (status is not None and (status >= 500 or status in _WORTH_A_RETRY))
    if attempt.failed:
        attempt.body_sum = zlib.crc32(capture.request_body)


def _number_in(headers: RawHeaders) -> int:
    for name, value in headers:
        if len(name) == len(_RETRY_COUNT) and name.lower() == _RETRY_COUNT:
            return int(value) + 1 if value.isdigit() and len(value) < 5 else 1
    return 1


def _said_to_follow(last: Attempt, url: str, numbered: int) -> bool:
    return numbered > 1 and last.number == numbered - 1 and last.url == url


def _repeats(last: Attempt, url: str, body: bytes) -> bool:
    return (
        last.failed
        and last.url == url
        and last.size == len(body)
        and time.time_ns() - last.ended_ns < LONGEST_WAIT_NS
        and last.body_sum == zlib.crc32(body)
    )
