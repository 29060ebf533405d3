"""Changes: commands with JSON arguments, and rows of results as Arrow."""

from __future__ import annotations

import orjson
import pyarrow as pa
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from suffice_collector.bodies import JSON, BodyTooLargeError, media_type
from suffice_collector.identity import LOCAL, Identity, RefusedError, check_project_name
from suffice_collector.responses import ARROW, error, json_answer
from suffice_collector.routes.shared import collector_of, identity_of, in_thread, note, read_limited
from suffice_store.changes import COMMANDS
from suffice_store.tables import INTERNAL_TABLES, metadata

MAX_COMMAND_BYTES = 1024 * 1024
MAX_RESULT_BYTES = 256 * 1024 * 1024  # an analysis hands over its assignments in one piece
_NOTED = frozenset(
    {"create_key", "revoke_key", "set_member", "set_retention", "allow_host", "begin_replay"}
)  # and by whom


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
    if name not in COMMANDS:
        return error(404, f"there is no command '{name[:100]}'; there are {', '.join(COMMANDS)}")
    identity = identity_of(request)
    check_command(identity, name)
    if not isinstance(arguments.get("project") or "", str):
        return error(400, "'project' must be a text")
    project = arguments["project"] = identity.project_for(arguments.get("project"))
    if name == "analyze_now":
        if collector.analyze_now is None:
            return error(409, "no analysis runs beside this collector: run 'suffice analyze --server URL'")
        return json_answer(collector.analyze_now(project))
    if name == "decide" and identity != LOCAL and identity.actor != "SUFFICE_KEY":
        arguments["decided_by"] = identity.actor
    if name in _NOTED:
        check_project_name(project)
        arguments["recorded_by"] = identity.actor
        told = {key: value for key, value in arguments.items() if key not in ("project", "recorded_by")}
        await note(request, name, project, told)
        answer = await in_thread(collector, lambda: collector.store.command(name, **arguments))
        assert collector.keyring is not None
        await in_thread(collector, collector.keyring.reload)
        return json_answer(answer)
    return json_answer(await in_thread(collector, lambda: collector.store.command(name, **arguments)))


async def post_results(request: Request) -> Response:
    """Rows for one table as an Arrow IPC stream; all of them or none."""
    collector = collector_of(request)
    table = request.path_params["table"]
    if table not in metadata.tables or table in INTERNAL_TABLES:
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
    identity = identity_of(request)
    if identity.project is not None and not await in_thread(collector, _all_of, rows, identity.project):
        return error(403, f"this key adds rows to project '{identity.project[:100]}' only")
    result = await in_thread(collector, lambda: collector.store.append({table: rows}))
    return json_answer({"added": dict(result.added), "known": dict(result.known)})


def check_command(identity: Identity, name: str) -> None:
    """Outcomes come from apps and analysts, decisions from analysts; everything else changes what others see."""
    if name == "record_outcome" and (identity.may("ingest") or identity.sees("analyst")):
        return
    if name in ("decide", "analyze_now") and identity.sees("analyst"):
        return
    if not identity.may("admin"):
        raise RefusedError(403, f"command '{name}' needs {'role analyst or ' if name == 'decide' else ''}scope admin")


def _all_of(rows: pa.Table, project: str) -> bool:
    return "project" in rows.column_names and set(rows.column("project").to_pylist()) <= {project}


def _read_arrow(body: bytes) -> pa.Table:
    with pa.ipc.open_stream(body) as reader:
        table = reader.read_all()
    table.validate(full=True)  # offsets of a stream that somebody else made
    return table
