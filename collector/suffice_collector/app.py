"""The collector's HTTP side: OTLP in, named reads, commands and results out and in.

Routes and status codes only: bodies are read here and handed on. Nothing that touches the store runs on the
event loop, so a slow read never delays an acknowledgement.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import orjson
import pyarrow as pa
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from suffice.errors import SufficeError
from suffice_collector.bodies import (
    JSON,
    MAX_BODY_BYTES,
    PROTOBUF,
    BodyTooLargeError,
    export_error,
    export_response,
    media_type,
)
from suffice_collector.guard import Guard
from suffice_collector.ingest import BusyError, Ingest, now_entry
from suffice_collector.journal import JournalUnavailableError
from suffice_collector.otlp import MalformedBodyError
from suffice_collector.responses import ARROW, arrow_stream, error, json_answer, json_rows
from suffice_store.changes import COMMANDS
from suffice_store.reads import READS
from suffice_store.store import Store
from suffice_store.tables import metadata

log = logging.getLogger("suffice.collector")

RETRY_AFTER_S = "1"
MAX_COMMAND_BYTES = 1024 * 1024
MAX_RESULT_BYTES = 256 * 1024 * 1024  # an analysis hands over its assignments in one piece
READ_THREADS = 4
_NOT_FOR_RESULTS = {"ingest_state", "dead_letters"}  # the collector's own book-keeping


@dataclass(slots=True)
class Collector:
    """What the routes work with."""

    store: Store
    ingest: Ingest
    analyze_now: Callable[[str], dict[str, Any]] | None = None  # None: no analysis runs beside this collector
    dashboard_url: str | None = None
    max_body_bytes: int = MAX_BODY_BYTES
    reading: ThreadPoolExecutor | None = None


def make_app(collector: Collector, *, key: str | None = None) -> Starlette:
    """The ASGI app. ``key`` guards everything but /healthz; without one, only this machine's names are answered."""
    collector.reading = collector.reading or ThreadPoolExecutor(READ_THREADS, thread_name_prefix="suffice-read")
    app = Starlette(
        routes=[
            Route("/v1/traces", post_traces, methods=["POST"]),
            Route("/healthz", get_health),
            Route("/api/v1/read/{name}", get_read),
            Route("/api/v1/commands/{name}", post_command, methods=["POST"]),
            Route("/api/v1/results/{table}", post_results, methods=["POST"]),
        ],
        middleware=[Middleware(Guard, key=key)],
        exception_handlers={
            HTTPException: _http_error,
            SufficeError: _refused,
            ClientDisconnect: _gone,
            Exception: _failed,
        },
    )
    app.state.collector = collector
    return app


async def post_traces(request: Request) -> Response:
    """OTLP/HTTP. 200 means that every accepted span is on disk."""
    collector = _collector(request)
    content_type = media_type(request.headers.get("content-type"))
    encoding = request.headers.get("content-encoding", "identity").strip().lower() or "identity"
    if content_type not in (JSON, PROTOBUF):
        return export_error(content_type, 415, f"send {PROTOBUF} or {JSON}, not '{content_type[:100]}'")
    if encoding not in ("identity", "gzip"):
        return export_error(content_type, 415, f"send the body as it is or gzip, not '{encoding[:100]}'")
    try:
        body = await _read_reserved(request, collector)
        entry = now_entry(body, json=content_type == JSON, gzip=encoding == "gzip")
        accepted = await collector.ingest.accept(entry)
    except BodyTooLargeError as reason:
        return export_error(content_type, 413, str(reason))
    except MalformedBodyError as reason:
        return export_error(content_type, 400, str(reason))
    except (BusyError, JournalUnavailableError) as reason:
        return export_error(content_type, 503, str(reason), {"Retry-After": RETRY_AFTER_S})
    except ClientDisconnect:
        raise
    except Exception:  # a bug of ours; senders drop what is answered with 500, so they are asked to keep it
        log.exception("a request could not be taken")
        return export_error(content_type, 503, "the collector failed; see its log", {"Retry-After": RETRY_AFTER_S})
    return export_response(content_type, accepted.rejected, accepted.reason)


async def get_health(request: Request) -> Response:
    """Who answers here, and whether it stores what it is sent."""
    collector = _collector(request)
    status = collector.ingest.status()
    answer = {
        "service": "suffice",
        "version": version("suffice"),
        "status": status,
        "project": "default",
        "dashboard_url": collector.dashboard_url,
    }
    response = json_answer(answer)
    response.status_code = 200 if status == "ok" else 503
    return response


async def get_read(request: Request) -> Response:
    """A named read: JSON, or an Arrow stream for ``Accept: application/vnd.apache.arrow.stream``."""
    collector = _collector(request)
    name = request.path_params["name"]
    if name not in READS:
        return error(404, f"there is no read '{name[:100]}'; there are {', '.join(READS)}")
    parameters = _parameters(request)
    if ARROW in request.headers.get("accept", ""):
        batches = collector.store.read_batches(name, **parameters)  # checks the parameters at once, reads later
        first = await _in_thread(collector, next, batches, None)
        if first is None:
            return error(500, f"read '{name}' gave no columns")
        return StreamingResponse(arrow_stream(first.schema, _chain(first, batches)), media_type=ARROW)
    rows = await _in_thread(collector, lambda: json_rows(collector.store.read(name, **parameters)))
    return Response(rows, media_type=JSON)


async def post_command(request: Request) -> Response:
    """A change: a JSON object of arguments in, a JSON object out."""
    collector = _collector(request)
    name = request.path_params["name"]
    if media_type(request.headers.get("content-type")) != JSON:
        return error(415, f"send the arguments as {JSON}")
    try:
        body = await _read_limited(request, MAX_COMMAND_BYTES)
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
    return json_answer(await _in_thread(collector, lambda: collector.store.command(name, **arguments)))


async def post_results(request: Request) -> Response:
    """Rows for one table as an Arrow IPC stream; all of them or none."""
    collector = _collector(request)
    table = request.path_params["table"]
    if table not in metadata.tables or table in _NOT_FOR_RESULTS:
        return error(404, f"there is no table '{table[:100]}' to add rows to")
    if media_type(request.headers.get("content-type")) != ARROW:
        return error(415, f"send the rows as {ARROW}")
    try:
        body = await _read_limited(request, MAX_RESULT_BYTES)
    except BodyTooLargeError as reason:
        return error(413, str(reason))
    try:
        rows = await _in_thread(collector, _read_arrow, body)
    except (pa.ArrowException, OSError, ValueError) as reason:
        return error(400, f"the body is not an Arrow IPC stream: {str(reason).splitlines()[0][:200]}")
    result = await _in_thread(collector, lambda: collector.store.append({table: rows}))
    return json_answer({"added": dict(result.added), "known": dict(result.known)})


# what the routes share


def _collector(request: Request) -> Collector:
    collector: Collector = request.app.state.collector
    return collector


async def _in_thread(collector: Collector, work: Callable[..., Any], *arguments: Any) -> Any:
    return await asyncio.get_running_loop().run_in_executor(collector.reading, work, *arguments)


async def _read_reserved(request: Request, collector: Collector) -> bytes:
    """The body, its bytes counted against the backlog as they come. Raises BodyTooLargeError, BusyError."""
    _refuse_announced(request, collector.max_body_bytes)
    pieces: list[bytes] = []
    size = 0
    collector.ingest.reserve(0)  # a full backlog is said before the body is taken
    try:
        async for piece in request.stream():
            collector.ingest.reserve(len(piece))
            size += len(piece)
            pieces.append(piece)
            if size > collector.max_body_bytes:
                raise _too_large(collector.max_body_bytes)
    except BaseException:
        collector.ingest.release(size)
        raise
    return b"".join(pieces)


async def _read_limited(request: Request, limit: int) -> bytes:
    _refuse_announced(request, limit)
    pieces: list[bytes] = []
    size = 0
    async for piece in request.stream():
        size += len(piece)
        if size > limit:
            raise _too_large(limit)
        pieces.append(piece)
    return b"".join(pieces)


def _refuse_announced(request: Request, limit: int) -> None:
    announced = request.headers.get("content-length", "")
    if announced.isdigit() and int(announced) > limit:
        raise _too_large(limit)


def _too_large(limit: int) -> BodyTooLargeError:
    return BodyTooLargeError(f"the body is over {limit} bytes; send smaller batches")


def _parameters(request: Request) -> dict[str, str]:
    parameters: dict[str, str] = {}
    for key, value in request.query_params.multi_items():
        if key in parameters:
            raise SufficeError(f"parameter '{key[:100]}' is given twice")
        parameters[key] = value
    return parameters


def _chain(first: pa.RecordBatch, rest: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    yield first
    yield from rest


def _read_arrow(body: bytes) -> pa.Table:
    with pa.ipc.open_stream(body) as reader:
        table = reader.read_all()
    table.validate(full=True)  # offsets of a stream that somebody else made
    return table


async def _http_error(request: Request, failure: Exception) -> Response:
    assert isinstance(failure, HTTPException)
    reasons = {404: f"there is nothing at {request.url.path[:200]}", 405: f"{request.method} is not for this path"}
    headers = dict(failure.headers or {})
    return error(failure.status_code, reasons.get(failure.status_code, failure.detail), headers)


async def _refused(request: Request, failure: Exception) -> Response:
    return error(400, str(failure))


async def _gone(request: Request, failure: Exception) -> Response:
    return Response(status_code=499)


async def _failed(request: Request, failure: Exception) -> Response:
    return error(500, f"{request.url.path[:200]} failed ({type(failure).__name__}); the collector's log has the reason")
