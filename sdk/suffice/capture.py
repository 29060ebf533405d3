"""Capture: one exchange while it runs, as the app's own thread collects it.

Only what must be taken in time is taken here: the parts' references, the clock, the ids. Decoding,
parsing and building the span happen later, in the recorder's thread. It ends exactly once, whoever
comes first: the end of the stream, an error, ``close()``, or the garbage collector.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextvars import ContextVar
from typing import TYPE_CHECKING

from suffice.attempts import end_attempt
from suffice.wire.exchange import Ending

if TYPE_CHECKING:
    from opentelemetry.trace import Span, SpanContext

    from suffice.attempts import Attempt
    from suffice.call_site import Site
    from suffice.context import Place

capturing: ContextVar[bool] = ContextVar("suffice_capturing", default=False)  # inside a captured request
RawHeaders = list[tuple[bytes, bytes]]
MAX_BODY_BYTES = 16 * 1024 * 1024  # of one answer; what comes after is counted as missing, not kept


class Capture:
    """The raw parts of one exchange. Holds bytes and strings of the app's, never one of its objects."""

    __slots__ = (
        "_ends",
        "_submit",
        "attempt",
        "chunks",
        "encoded",
        "ended_ns",
        "ending",
        "error_message",
        "error_type",
        "first_chunk_ns",
        "method",
        "parent",
        "place",
        "request_body",
        "request_headers",
        "response_headers",
        "site",
        "size",
        "span",
        "started_ns",
        "status",
        "streamed",
        "truncated",
        "url",
    )

    def __init__(self, submit: Callable[[Capture], None], method: str, url: str) -> None:
        self._submit = submit
        self._ends = [True]  # popped by the one who ends it: list.pop is atomic
        self.method = method
        self.url = url
        self.request_headers: RawHeaders = []
        self.request_body = b""
        self.status: int | None = None
        self.response_headers: RawHeaders = []
        self.chunks: list[bytes] = []
        self.size = 0
        self.truncated = False
        self.streamed = False
        self.encoded = False  # the chunks still have their content-encoding on
        self.ending: Ending = "end"
        self.error_type: str | None = None
        self.error_message: str | None = None
        self.first_chunk_ns: int | None = None
        self.ended_ns = 0
        self.attempt: Attempt | None = None
        self.site: Site | None = None
        self.place: Place | None = None
        self.parent: SpanContext | None = None  # what the span stands under
        self.span: Span | None = None  # there already only where it must be the current one
        self.started_ns = time.time_ns()

    def answered(self, status: int, headers: RawHeaders) -> None:
        self.status = status
        self.response_headers = headers

    def chunk(self, data: bytes) -> None:
        """One piece of the answer's body; ``encoded`` says whether its content-encoding is still on."""
        if self.first_chunk_ns is None:
            self.first_chunk_ns = time.time_ns()
        self.piece(data)

    def piece(self, data: bytes) -> None:
        """A chunk of an answer that is read as a whole: when it came says nothing of the first token."""
        self.size += len(data)
        if self.size <= MAX_BODY_BYTES:
            self.chunks.append(data)
        else:
            self.truncated = True

    def whole(self, body: bytes) -> None:
        """The answer's whole body (content-encoding undone)."""
        if len(body) <= MAX_BODY_BYTES:
            self.chunks = [body]
        else:
            self.truncated = True

    def end(self, ending: Ending = "end") -> None:
        try:
            self._ends.pop()
        except IndexError:
            return
        self.ended_ns = time.time_ns()
        self.ending = ending
        end_attempt(self)
        self._submit(self)

    def fail(self, error: BaseException) -> None:
        """End with an exception of the app's client. Only its type and text are kept: the object pins frames."""
        try:
            self.error_type = type(error).__name__
            self.error_message = str(error)[:500]
        except Exception:  # an exception whose text can't be made
            self.error_message = None
        # CancelledError, trio's Cancelled, KeyboardInterrupt, GeneratorExit: told to stop, not broken
        self.end("error" if isinstance(error, Exception) else "cancelled")

    def held_bytes(self) -> int:
        return len(self.request_body) + sum(map(len, self.chunks)) + 2048
