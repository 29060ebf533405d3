"""Who may speak to the collector, for what, and how much: asked once, before any route.

A keyless collector on loopback is still reachable from any web page by DNS rebinding; the page's requests then
carry its own name in ``Host``, and are refused. Cross-site posts need a content type that browsers ask about first
(JSON, protobuf, Arrow), and no CORS answer ever allows it.

Scopes go by path, and a path that nobody thought of needs scope admin. Projects and roles are checked by the routes, which
know what is asked for: ``identity_of(request)`` is who asks.
"""

from __future__ import annotations

import ipaddress
import time
from dataclasses import dataclass

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from suffice.errors import UsageError
from suffice_collector.bodies import BodyTooLargeError, export_error, media_type
from suffice_collector.identity import Identity, Keyring, RefusedError
from suffice_collector.limits import Limits
from suffice_collector.metrics import RECEIVED_BYTES, REFUSED, REQUEST_SECONDS, REQUESTS, Metrics
from suffice_collector.responses import error

OPEN_PATHS = ("/healthz", "/readyz")  # for load balancers and the SDK's first look; tell no data
_SCOPES = (  # the first that fits; None = any key
    ("/v1/", "ingest"),
    ("/api/v1/read/", "read"),
    ("/api/v1/health", "read"),
    ("/api/v1/openapi.json", None),
    ("/api/v1/commands/", None),  # each command says what it needs
    ("/metrics", "read"),
)
_ROUTES = (
    "/v1/traces",
    "/v1/logs",
    "/v1/metrics",
    "/api/v1/read/",
    "/api/v1/commands/",
    "/api/v1/results/",
    "/api/v1/",
)
_LOOPBACK_NAMES = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer instead of the route's."""

    status: int
    reason: str
    cause: str  # for the count: host, key, scope, rate, size
    headers: dict[str, str]


class Guard:
    """ASGI middleware: 401 without a key, 403 for a foreign Host or another's business, 429 over a key's limits."""

    def __init__(self, app: ASGIApp, keyring: Keyring, limits: Limits, metrics: Metrics) -> None:
        self._app = app
        self._keyring, self._limits, self._metrics = keyring, limits, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.monotonic()
        path, headers = scope["path"], Headers(scope=scope)
        identity, refusal = self._admit(path, headers)
        route, who = route_of(path), identity.key.key_id if identity and identity.key else "none"

        async def counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._metrics.add(REQUESTS, route=route, status=str(message["status"]), key=who)
                self._metrics.add(REQUEST_SECONDS, time.monotonic() - began, route=route)
            await send(message)

        if refusal is not None:
            self._metrics.add(REFUSED, reason=refusal.cause)
            await _answer(refusal, path, headers)(scope, receive, counted)
            return
        scope.setdefault("state", {})["identity"] = identity
        await self._app(scope, self._metered(receive, identity, who), counted)

    def _admit(self, path: str, headers: Headers) -> tuple[Identity | None, Refusal | None]:
        if not self._keyring.needed and not is_loopback(_without_port(host := headers.get("host", ""))):
            reason = f"the Host '{host[:100]}' is not this machine; set SUFFICE_KEY to allow other names"
            return None, Refusal(403, reason, "host", {})
        if path in OPEN_PATHS:
            return None, None
        try:
            identity = self._keyring.identify(headers)
        except RefusedError as refused:
            challenge = {"WWW-Authenticate": "Bearer"} if refused.status == 401 else {}
            return None, Refusal(refused.status, str(refused), "key", challenge)
        needed = next((scope for start, scope in _SCOPES if path.startswith(start)), "admin")
        if needed is not None and not identity.may(needed):
            return identity, Refusal(403, f"this key may not do that: it needs scope {needed}", "scope", {})
        if identity.key is not None:
            limit, announced = identity.key.max_body_bytes, headers.get("content-length", "")
            if limit is not None and announced.isdigit() and int(announced) > limit:
                return identity, Refusal(413, _too_large(limit), "size", {})
            if wait := self._limits.begin(identity.key):
                reason = f"this key has used up its limit; send again in {wait} s"
                return identity, Refusal(429, reason, "rate", {"Retry-After": str(wait)})
        return identity, None

    def _metered(self, receive: Receive, identity: Identity | None, who: str) -> Receive:
        """Counts the body as it comes; more than the key may send at once is not taken."""
        key = identity.key if identity else None
        size = 0

        async def metered() -> Message:
            nonlocal size
            message = await receive()
            if received := len(message.get("body", b"")):
                self._metrics.add(RECEIVED_BYTES, received, key=who)
                if key is not None:
                    self._limits.received(key, received)
                    size += received
                    if key.max_body_bytes is not None and size > key.max_body_bytes:
                        raise BodyTooLargeError(_too_large(key.max_body_bytes))
            return message

        return metered


def _answer(refusal: Refusal, path: str, headers: Headers) -> ASGIApp:
    if path.startswith("/v1/"):
        content_type = media_type(headers.get("content-type"))
        return export_error(content_type, refusal.status, refusal.reason, refusal.headers)
    return error(refusal.status, refusal.reason, refusal.headers)


def _too_large(limit: int) -> str:
    return f"this key may send {limit} bytes at once; send smaller batches"


def route_of(path: str) -> str:
    """The path as a label: of a fixed set, whatever was asked for."""
    return next((route for route in (*OPEN_PATHS, "/metrics", *_ROUTES) if path.startswith(route)), "other")


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
