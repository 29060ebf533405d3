"""The named reads: JSON for people, Arrow for tables."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pyarrow as pa
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from suffice_collector.bodies import JSON
from suffice_collector.identity import Identity
from suffice_collector.metrics import TEXT_READS
from suffice_collector.responses import ARROW, arrow_stream, error, json_rows
from suffice_collector.roles import EXPORTS, check_read, has_text, shown
from suffice_collector.routes.shared import collector_of, identity_of, in_thread, note, parameters_of
from suffice_store.cancelling import Cancel, CancelledError
from suffice_store.reads import READS

AGAIN_S = 0.1


def routes() -> list[Route]:
    return [Route("/api/v1/read/{name}", get_read)]


async def get_read(request: Request) -> Response:
    """A named read: JSON, or an Arrow stream for ``Accept: application/vnd.apache.arrow.stream``."""
    collector = collector_of(request)
    name = request.path_params["name"]
    if name not in READS:
        return error(404, f"there is no read '{name[:100]}'; there are {', '.join(READS)}")
    identity, columns = identity_of(request), READS[name].columns
    parameters = parameters_of(request)
    project = parameters["project"] = identity.project_for(parameters.get("project"))
    check_read(identity, name, parameters, columns)
    READS[name].bind(parameters)  # a bad parameter is refused before anything is noted
    if has_text(columns) or parameters.get("search"):
        collector.metrics.add(TEXT_READS, role=identity.role or "")
        await note(request, "export" if name in EXPORTS else "read", project, _noted(name, parameters))
    cancel = Cancel()
    try:
        if ARROW in request.headers.get("accept", ""):
            batches = _shown(collector.store.read_batches(name, **parameters), identity, name)
            first = await _while_awaited(request, cancel, lambda: next(batches, None))
            if first is None:
                return error(500, f"read '{name}' gave no columns")
            return StreamingResponse(arrow_stream(first.schema, _chain(first, batches)), media_type=ARROW)
        rows = await _while_awaited(
            request, cancel, lambda: json_rows(shown(collector.store.read(name, **parameters), identity, name))
        )
    except CancelledError as cancelled:
        return error(499, str(cancelled))  # nobody is there to see it but the log
    return Response(rows, media_type=JSON)


async def _while_awaited(request: Request, cancel: Cancel, work: Callable[[], Any]) -> Any:
    """What ``work`` gives, from a reading thread; it is cancelled when the client hangs up."""

    def cancellable() -> Any:
        with cancel.reading():
            return work()

    reading = asyncio.ensure_future(in_thread(collector_of(request), cancellable))
    hanging_up = asyncio.ensure_future(_hung_up(request))
    try:
        await asyncio.wait((reading, hanging_up), return_when=asyncio.FIRST_COMPLETED)
        while not reading.done():  # what it begins meanwhile is to end, too
            cancel.cancel()
            await asyncio.wait((reading,), timeout=AGAIN_S)
        return await reading
    finally:
        hanging_up.cancel()


async def _hung_up(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _shown(batches: Iterator[pa.RecordBatch], identity: Identity, name: str) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        rows = shown(pa.Table.from_batches([batch]), identity, name).combine_chunks()
        yield from rows.to_batches() or [pa.RecordBatch.from_pylist([], schema=rows.schema)]


def _noted(name: str, parameters: dict[str, str]) -> dict[str, Any]:
    """What was read; of a search its length, since what was searched for may be what somebody deletes later."""
    told: dict[str, Any] = {key: value for key, value in parameters.items() if key not in ("project", "search")}
    if search := parameters.get("search"):
        told["search_chars"] = len(search)
    return {"read": name, **told}


def _chain(first: pa.RecordBatch, rest: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    yield first
    yield from rest
