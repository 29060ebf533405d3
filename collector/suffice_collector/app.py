"""The collector's HTTP side: its routes, who may use them, and what an error looks like.

Routes and status codes only: bodies are read by the routes and handed on. Nothing that touches the store runs on the
event loop, so a slow read never delays an acknowledgement.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from suffice.errors import SufficeError
from suffice_collector.collector import Collector as Collector
from suffice_collector.guard import Guard
from suffice_collector.identity import Keyring, RefusedError
from suffice_collector.maintenance import Maintenance
from suffice_collector.responses import error
from suffice_collector.routes import administration, commands, health, otlp, reads
from suffice_collector.slow import CLOSE, SlowBodyError
from suffice_store.audit import audit_log

READ_THREADS = 4


def make_app(collector: Collector, *, key: str | None = None) -> Starlette:
    """The ASGI app. ``key`` is the admin of everything. Without it and without stored keys, only this machine is answered."""
    collector.audit = audit_log(getattr(collector.store, "path", ":memory:"))
    collector.keyring = Keyring(collector.store, key, inner_key=collector.inner_key)
    collector.maintenance = Maintenance(collector, collector.audit)
    collector.reading = collector.reading or ThreadPoolExecutor(READ_THREADS, thread_name_prefix="suffice-read")
    app = Starlette(
        routes=[*otlp.routes(), *health.routes(), *reads.routes(), *commands.routes(), *administration.routes()],
        middleware=[Middleware(Guard, keyring=collector.keyring, limits=collector.limits, metrics=collector.metrics)],
        exception_handlers={
            HTTPException: _http_error,
            RefusedError: _not_allowed,
            SufficeError: _refused,
            SlowBodyError: _slow,
            ClientDisconnect: _gone,
            Exception: _failed,
        },
    )
    app.router.redirect_slashes = False  # a redirect is no answer that OTLP knows
    app.state.collector = collector
    return app


async def _http_error(request: Request, failure: Exception) -> Response:
    assert isinstance(failure, HTTPException)
    reasons = {404: f"there is nothing at {request.url.path[:200]}", 405: f"{request.method} is not for this path"}
    headers = dict(failure.headers or {})
    return error(failure.status_code, reasons.get(failure.status_code, failure.detail), headers)


async def _not_allowed(request: Request, failure: Exception) -> Response:
    assert isinstance(failure, RefusedError)
    return error(failure.status, str(failure))


async def _refused(request: Request, failure: Exception) -> Response:
    return error(400, str(failure))


async def _slow(request: Request, failure: Exception) -> Response:
    return error(408, str(failure), CLOSE)


async def _gone(request: Request, failure: Exception) -> Response:
    return Response(status_code=499)


async def _failed(request: Request, failure: Exception) -> Response:
    return error(500, f"{request.url.path[:200]} failed ({type(failure).__name__}); the collector's log has the reason")
