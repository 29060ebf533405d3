"""What the routes share. Nothing that touches the store runs on the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from starlette.requests import Request

from suffice.errors import SufficeError
from suffice_collector.bodies import BodyTooLargeError
from suffice_collector.collector import Collector
from suffice_collector.identity import Identity, RefusedError
from suffice_collector.slow import read_steadily


def collector_of(request: Request) -> Collector:
    collector: Collector = request.app.state.collector
    return collector


def identity_of(request: Request) -> Identity:
    """Who asks; the guard has found out."""
    identity: Identity = request.state.identity
    return identity


async def note(
    request: Request, action: str, project: str, details: Mapping[str, Any], identity: Identity | None = None
) -> None:
    """A line in the audit log, on disk before whatever it is about. Raises RefusedError where it can't be written."""
    collector, who = collector_of(request), identity or identity_of(request)
    try:
        await in_thread(
            collector,
            lambda: collector.audit.note(
                who.actor, who.role or "", action, project=project, reason=who.reason, details=details
            ),
        )
    except OSError as failure:
        raise RefusedError(503, f"the audit log can't be written ({failure.strerror}), so nothing was done") from None


async def in_thread(collector: Collector, work: Callable[..., Any], *arguments: Any) -> Any:
    return await asyncio.get_running_loop().run_in_executor(collector.reading, work, *arguments)


async def read_limited(request: Request, limit: int) -> bytes:
    """The body. Raises BodyTooLargeError, SlowBodyError."""
    refuse_announced(request, limit)
    pieces: list[bytes] = []
    size = 0

    def take(piece: bytes) -> None:
        nonlocal size
        size += len(piece)
        if size > limit:
            raise too_large(limit)
        pieces.append(piece)

    await read_steadily(request, take)
    return b"".join(pieces)


def refuse_announced(request: Request, limit: int) -> None:
    """A Content-Length over the limit is refused before the body is taken."""
    announced = request.headers.get("content-length", "")
    if announced.isdigit() and int(announced) > limit:
        raise too_large(limit)


def too_large(limit: int) -> BodyTooLargeError:
    return BodyTooLargeError(f"the body is over {limit} bytes; send smaller batches")


def parameters_of(request: Request) -> dict[str, str]:
    """The query's parameters, each once. Raises SufficeError."""
    parameters: dict[str, str] = {}
    for key, value in request.query_params.multi_items():
        if key in parameters:
            raise SufficeError(f"parameter '{key[:100]}' is given twice")
        parameters[key] = value
    return parameters
