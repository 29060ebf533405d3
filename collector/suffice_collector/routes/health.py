"""Who answers here, and whether it stores what it is sent."""

from __future__ import annotations

from importlib.metadata import version

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from suffice_collector.observing import readiness
from suffice_collector.responses import json_answer
from suffice_collector.routes.shared import collector_of


def routes() -> list[Route]:
    return [Route("/healthz", get_health), Route("/readyz", get_ready)]


async def get_ready(request: Request) -> Response:
    """200 while telemetry is taken, else 503 with why: what a load balancer asks before it sends anything."""
    why = readiness(collector_of(request))
    response = json_answer({"ready": not why, "reason": why})
    response.status_code = 503 if why else 200
    return response


async def get_health(request: Request) -> Response:
    """200 while what is sent gets stored, else 503; open to everybody, so it tells no data."""
    collector = collector_of(request)
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
