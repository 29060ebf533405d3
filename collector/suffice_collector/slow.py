"""Senders that are slow on purpose, or hang: they hold a connection and what they sent so far, so that they get only so long.

uvicorn times neither. A body may take 30 s and a second more for each 10 kB of it: a gigabyte an hour passes, a byte every ten
seconds does not.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEADERS_S = 30.0
BODY_S = 30.0
LEAST_BYTES_A_SECOND = 10_000


class SlowBodyError(Exception):
    """Answered with 408, and the connection is closed."""


async def read_steadily(request: Request, take: Callable[[bytes], None]) -> None:
    """Each piece of the body to ``take``. Raises SlowBodyError, and what ``take`` raises."""
    begun, received = asyncio.get_running_loop().time(), 0
    try:
        async with asyncio.timeout_at(begun + BODY_S) as limit:
            async for piece in request.stream():
                take(piece)
                received += len(piece)
                limit.reschedule(begun + BODY_S + received / LEAST_BYTES_A_SECOND)
    except TimeoutError:
        taken_s = asyncio.get_running_loop().time() - begun
        raise SlowBodyError(f"only {received} bytes of the body came in {taken_s:.0f} s; send it faster") from None


class PromptProtocol(HttpToolsProtocol):
    """HTTP for uvicorn, with a limit on how long a request's headers may take, the first one's from the connection on."""

    _limit: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._begin()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        if self._limit is None:
            self._begin()

    def on_headers_complete(self) -> None:
        self._end()
        super().on_headers_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        self._end()
        super().connection_lost(exc)

    def _begin(self) -> None:
        self._limit = self.loop.call_later(HEADERS_S, self.transport.close)

    def _end(self) -> None:
        if self._limit is not None:
            self._limit.cancel()
            self._limit = None


CLOSE: dict[str, Any] = {"Connection": "close"}
