"""Who may speak to the collector: the key where one is set, else only callers that mean this machine.

A keyless collector on loopback is still reachable from any web page by DNS rebinding; the page's requests then
carry its own name in ``Host``, and are refused. Cross-site posts need a content type that browsers ask about first
(JSON, protobuf, Arrow), and no CORS answer ever allows it.
"""

from __future__ import annotations

import hmac
import ipaddress

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from suffice.errors import UsageError
from suffice_collector.bodies import export_error, media_type
from suffice_collector.responses import error

OPEN_PATH = "/healthz"  # for load balancers and the SDK's first look; tells no data
_LOOPBACK_NAMES = ("localhost", "127.0.0.1", "::1")


class Guard:
    """ASGI middleware: 401 without the key, 403 for a foreign Host on a keyless collector."""

    def __init__(self, app: ASGIApp, key: str | None) -> None:
        self._app = app
        self._key = None if key is None else key.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            refusal = self._refusal(scope["path"], Headers(scope=scope))
            if refusal is not None:
                status, reason = refusal
                headers = {"WWW-Authenticate": "Bearer"} if status == 401 else {}
                content_type = media_type(Headers(scope=scope).get("content-type"))
                answer = (
                    export_error(content_type, status, reason, headers)
                    if scope["path"].startswith("/v1/")
                    else error(status, reason, headers)
                )
                await answer(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _refusal(self, path: str, headers: Headers) -> tuple[int, str] | None:
        if self._key is None:
            host = headers.get("host", "")
            if not is_loopback(_without_port(host)):
                return 403, f"the Host '{host[:100]}' is not this machine; set SUFFICE_KEY to allow other names"
            return None
        if path == OPEN_PATH:
            return None
        scheme, _, given = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and hmac.compare_digest(given.strip().encode(), self._key):
            return None
        return 401, "this collector needs its key: send 'Authorization: Bearer KEY' (SUFFICE_KEY)"


def is_loopback(host: str) -> bool:
    """Whether a host name or address can only mean this machine."""
    if host.lower() in _LOOPBACK_NAMES:
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def check_bind(host: str, key: str | None) -> None:
    """Raises UsageError (exit code 2) for a bind that others can reach without a key."""
    if key is None and not is_loopback(host):
        raise UsageError(
            f"--host {host} can be reached from other machines and no key is set: "
            "export SUFFICE_KEY=$(openssl rand -hex 32), or leave --host at 127.0.0.1"
        )


def _without_port(host: str) -> str:
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.rpartition(":")[0] if host.count(":") == 1 else host
