"""For whoever runs it: metrics, health in detail, the audit log, deletion, backup, dead letters, the API's description."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from suffice_collector.bodies import JSON, BodyTooLargeError, media_type
from suffice_collector.collector import Collector
from suffice_collector.identity import Identity, RefusedError
from suffice_collector.letters import retry_letters
from suffice_collector.metrics import CONTENT_TYPE
from suffice_collector.observing import gauges, key_usage, look
from suffice_collector.openapi import describe
from suffice_collector.responses import error, json_answer
from suffice_collector.routes.shared import collector_of, identity_of, in_thread, note, parameters_of, read_limited
from suffice_store.file_store import DatabaseStore
from suffice_store.reads.registry import LIMIT
from suffice_store.rewriting import write_copy
from suffice_store.selection import Selection

MAX_BYTES = 64 * 1024
PIECE = 1024 * 1024
_FIELDS = {"delete": ("project", "user", "run", "before_ns"), "vacuum": (), "retry_letters": ("project",)}


def routes() -> list[Route]:
    return [
        Route("/metrics", get_metrics),
        Route("/api/v1/openapi.json", get_openapi),
        Route("/api/v1/health", get_health),
        Route("/api/v1/audit", get_audit),
        Route("/api/v1/maintenance", get_maintenance),
        Route("/api/v1/maintenance/{action}", post_maintenance, methods=["POST"]),
        Route("/api/v1/backup", get_backup),
    ]


async def get_metrics(request: Request) -> Response:
    """Prometheus text. The figures are of all projects, so a key of one gets none."""
    _of_all(identity_of(request))
    collector = collector_of(request)
    text = await in_thread(collector, lambda: collector.metrics.render(gauges(collector)))
    return Response(text, headers={"Content-Type": CONTENT_TYPE})


async def get_openapi(request: Request) -> Response:
    return json_answer(describe())


async def get_health(request: Request) -> Response:
    """How the collector is; a key of one project is told whether it works, and its own use."""
    collector, identity = collector_of(request), identity_of(request)
    told = {"keys": key_usage(collector, identity), "you": identity.told()}
    if identity.project is not None:
        return json_answer({"status": collector.ingest.status(), **told})
    found = await in_thread(collector, look, collector)
    return json_answer({**found, **told, "maintenance": _maintenance(collector).state()})


async def get_audit(request: Request) -> Response:
    """The newest lines of the audit log, newest first."""
    collector, identity, given = collector_of(request), identity_of(request), parameters_of(request)
    limit = LIMIT.parse(given.get("limit"))
    project = identity.project_for(given.get("project")) if identity.project or given.get("project") else None
    lines = await in_thread(collector, lambda: collector.audit.lines(project=project, newest=limit))
    return json_answer({"lines": lines})


async def get_maintenance(request: Request) -> Response:
    """What runs on the file, or ran last."""
    identity = identity_of(request)
    state = _maintenance(collector_of(request)).state()
    if identity.project is not None:  # whose rows went is the business of whoever removed them
        state.pop("removed", None)
    return json_answer(state)


async def post_maintenance(request: Request) -> Response:
    """Begin a deletion or a vacuum (its state is at GET), or try dead letters again."""
    collector, identity, action = collector_of(request), identity_of(request), request.path_params["action"]
    if action not in _FIELDS:
        return error(404, f"there is no '{action[:100]}' to do; there are {', '.join(_FIELDS)}")
    given = await _arguments(request, _FIELDS[action])
    if isinstance(given, Response):
        return given
    if action == "delete":
        if identity.project is not None:
            given["project"] = identity.project_for(given.get("project"))
        selection = Selection(**given)
        who = (identity.actor, identity.role or "", identity.reason)
        return json_answer(await in_thread(collector, lambda: _maintenance(collector).delete(selection, *who)))
    if action == "vacuum":
        _of_all(identity)
        who = (identity.actor, identity.role or "", identity.reason)
        return json_answer(await in_thread(collector, lambda: _maintenance(collector).vacuum(*who)))
    project = identity.project_for(given.get("project")) if identity.project or given.get("project") else None
    await note(request, "retry dead letters", project or "", {})
    return json_answer(await in_thread(collector, retry_letters, collector, project))


async def get_backup(request: Request) -> Response:
    """The whole database as one file, as it stands now."""
    collector = collector_of(request)
    _of_all(identity_of(request))
    if not isinstance(collector.store, DatabaseStore):
        return error(400, "only the process that holds the file can do that")
    await note(request, "backup", "", {})
    folder = tempfile.TemporaryDirectory(prefix=".backup-", dir=Path(collector.store.path).parent)
    path = Path(folder.name) / "copy.duckdb"
    try:
        await in_thread(collector, write_copy, collector.store, str(path))
    except BaseException:
        folder.cleanup()
        raise
    headers = {"Content-Length": str(path.stat().st_size)}
    return StreamingResponse(_pieces(path, folder), media_type="application/octet-stream", headers=headers)


def _pieces(path: Path, folder: tempfile.TemporaryDirectory[str]) -> Iterator[bytes]:
    with folder, path.open("rb") as file:
        while piece := file.read(PIECE):
            yield piece


async def _arguments(request: Request, names: tuple[str, ...]) -> dict[str, Any] | Response:
    if media_type(request.headers.get("content-type")) != JSON:
        return error(415, f"send the arguments as {JSON}")
    try:
        given = orjson.loads(await read_limited(request, MAX_BYTES) or b"{}")
    except BodyTooLargeError as reason:
        return error(413, str(reason))
    except orjson.JSONDecodeError as reason:
        return error(400, f"the arguments are not JSON: {reason}")
    if not isinstance(given, dict):
        return error(400, "the arguments must be a JSON object")
    if unknown := sorted(set(given) - set(names)):
        return error(400, f"there is no argument '{unknown[0][:100]}' here; there are {', '.join(names) or 'none'}")
    if not isinstance(given.get("project") or "", str):
        return error(400, "'project' must be a text")
    return given


def _of_all(identity: Identity) -> None:
    if identity.project is not None:
        raise RefusedError(403, "this is about all projects, and the key is for one")


def _maintenance(collector: Collector) -> Any:
    assert collector.maintenance is not None
    return collector.maintenance
