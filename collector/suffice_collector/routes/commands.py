"""Changes: commands with JSON arguments, and rows of results as Arrow."""

from __future__ import annotations

import orjson
import pyarrow as pa
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from suffice_collector.bodies import JSON, BodyTooLargeError, media_type
from suffice_collector.responses import ARROW, error, json_answer
from suffice_collector.routes.shared import collector_of, in_thread, read_limited
from suffice_store.changes import COMMANDS
from suffice_store.tables import metadata

MAX_COMMAND_BYTES = 1024 * 1024
MAX_RESULT_BYTES = 256 * 1024 * 1024  # an analysis hands over its assignments in one piece
_NOT_FOR_RESULTS = {"ingest_state", "dead_letters"}  # the collector's own book-keeping


def routes() -> list[Route]:
    return [
        Route("/api/v1/commands/{name}", post_command, methods=["POST"]),
        Route("/api/v1/results/{table}", post_results, methods=["POST"]),
    ]


async def post_command(request: Request) -> Response:
    """A change: a JSON object of arguments in, a JSON object out."""
    collector = collector_of(request)
    name = request.path_params["name"]
    if media_type(request.headers.get("content-type")) != JSON:
        return error(415, f"send the arguments as {JSON}")
    try:
        body = await read_limited(request, MAX_COMMAND_BYTES)
        arguments = orjson.loads(body or b"{}")
    except BodyTooLargeError as reason:
        return error(413, str(reason))
    except orjson.JSONDecodeError as reason:
        return error(400, f"the arguments are not JSON: {reason}")
    if not isinstance(arguments, dict):
        return error(400, "the arguments must be a JSON object")
    if name == "analyze_now":
        if collector.analyze_now is None:
            return error(409, "no analysis runs beside this collector: run 'suffice analyze --server URL'")
        return json_answer(collector.analyze_now(str(arguments.get("project") or "default")))
    if name not in COMMANDS:
        return error(404, f"there is no command '{name[:100]}'; there are {', '.join(COMMANDS)}")
    return json_answer(await in_thread(collector, lambda: collector.store.command(name, **arguments)))


async def post_results(request: Request) -> Response:
    """Rows for one table as an Arrow IPC stream; all of them or none."""
    collector = collector_of(request)
    table = request.path_params["table"]
    if table not in metadata.tables or table in _NOT_FOR_RESULTS:
        return error(404, f"there is no table '{table[:100]}' to add rows to")
    if media_type(request.headers.get("content-type")) != ARROW:
        return error(415, f"send the rows as {ARROW}")
    try:
        body = await read_limited(request, MAX_RESULT_BYTES)
    except BodyTooLargeError as reason:
        return error(413, str(reason))
    try:
        rows = await in_thread(collector, _read_arrow, body)
    except (pa.ArrowException, OSError, ValueError) as reason:
        return error(400, f"the body is not an Arrow IPC stream: {str(reason).splitlines()[0][:200]}")
    result = await in_thread(collector, lambda: collector.store.append({table: rows}))
    return json_answer({"added": dict(result.added), "known": dict(result.known)})


def _read_arrow(body: bytes) -> pa.Table:
    with pa.ipc.open_stream(body) as reader:
        table = reader.read_all()
    table.validate(full=True)  # offsets of a stream that somebody else made
    return table
