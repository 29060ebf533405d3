"""The named reads: JSON for people, Arrow for tables."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from suffice_collector.bodies import JSON
from suffice_collector.responses import ARROW, arrow_stream, error, json_rows
from suffice_collector.routes.shared import collector_of, in_thread, parameters_of
from suffice_store.reads import READS


def routes() -> list[Route]:
    return [Route("/api/v1/read/{name}", get_read)]


async def get_read(request: Request) -> Response:
    """A named read: JSON, or an Arrow stream for ``Accept: application/vnd.apache.arrow.stream``."""
    collector = collector_of(request)
    name = request.path_params["name"]
    if name not in READS:
        return error(404, f"there is no read '{name[:100]}'; there are {', '.join(READS)}")
    parameters = parameters_of(request)
    if ARROW in request.headers.get("accept", ""):
        batches = collector.store.read_batches(name, **parameters)  # checks the parameters at once, reads later
        first = await in_thread(collector, next, batches, None)
        if first is None:
            return error(500, f"read '{name}' gave no columns")
        return StreamingResponse(arrow_stream(first.schema, _chain(first, batches)), media_type=ARROW)
    rows = await in_thread(collector, lambda: json_rows(collector.store.read(name, **parameters)))
    return Response(rows, media_type=JSON)


def _chain(first: pa.RecordBatch, rest: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    yield first
    yield from rest
