"""The collector as the SDK sees it: who answers there, and what it says to a batch.

Plain ``http.client``, for three reasons. No instrumentation of the host's patches it, so our own traffic is
never recorded. The exporter of opentelemetry-exporter-otlp-proto-http reports a partial success as success and
hides whether a failure is worth keeping, so no true count can be made from it. And it reads the host's
``OTEL_EXPORTER_OTLP_HEADERS``, which would send another vendor's key here.

With no endpoint set by anybody, who answers on 4318 is asked on every new connection whether it is suffice,
and content goes over that same connection only.
"""

from __future__ import annotations

import gzip
import json
import selectors
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from http.client import HTTPConnection, HTTPException, HTTPSConnection  # by name: vcrpy replaces them in their module
from typing import Any
from urllib.parse import urlencode, urlsplit

from suffice.otlp import Bytes

CONNECT_TIMEOUT_S = 2.0
ANSWER_TIMEOUT_S = 10.0
LOOK_UP_S = 0.02  # while waiting for an answer
_RETRY_LATER = frozenset({408, 429, 502, 503, 504})
_PROTOBUF = "application/x-protobuf"
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


class UnreachableError(Exception):
    """Nobody answers there, or somebody else does. ``str(error)`` says which, for a person."""


class NotAllowedError(UnreachableError):
    """It wants another key."""


class Verdict(Enum):
    STORED = "stored"
    REFUSED = "refused"  # sending it again would be refused again
    LATER = "later"
    TOO_LARGE = "too large"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the collector said to a batch. ``rejected`` spans of a stored batch were not stored."""

    verdict: Verdict
    rejected: int = 0
    retry_after_s: float | None = None
    reason: str = ""


class Collector:
    """One keep-alive connection, used by one thread at a time."""

    def __init__(self, endpoint: str, key: str | None = None, *, must_be_suffice: bool = False) -> None:
        parts = urlsplit(endpoint)
        self.endpoint = endpoint
        self.dashboard_url: str | None = None  # as /healthz gave it
        self.meanwhile: Callable[[], bool] | None = None  # called while an answer is awaited; whether it had work
        self._secure = parts.scheme == "https"
        self._host = parts.hostname or "127.0.0.1"
        self._port = parts.port or (443 if self._secure else 80)
        self._path = parts.path.rstrip("/")
        self._key = key
        self._must_be_suffice = must_be_suffice
        self._compress = self._host not in _LOOPBACK  # over loopback gzip costs the app more than it saves
        self._connection: HTTPConnection | None = None

    def post_spans(self, body: Bytes) -> Answer:
        """Send one export request. Raises UnreachableError."""
        headers = {"Content-Type": _PROTOBUF}
        if self._compress:
            body = [gzip.compress(b"".join(body), compresslevel=1)]
            headers["Content-Encoding"] = "gzip"
        headers["Content-Length"] = str(sum(map(len, body)))
        status, response_headers, answer = self._request("POST", "/v1/traces", body, headers)
        if status == 200:
            rejected, reason = _partial_success(answer, response_headers)
            return Answer(Verdict.STORED, rejected, reason=reason)
        reason = f"{self.endpoint} answered {status}"
        if status in (401, 403):
            return Answer(Verdict.LATER, 0, 60.0, f"{reason}: is SUFFICE_KEY right?")
        if status == 404:
            return Answer(Verdict.LATER, 0, 60.0, f"{reason}: is a collector there?")
        if status == 413:
            return Answer(Verdict.TOO_LARGE, reason=reason)
        if status in _RETRY_LATER:
            return Answer(Verdict.LATER, 0, _seconds(response_headers.get("retry-after")), reason)
        return Answer(Verdict.REFUSED, reason=reason)

    def health(self) -> dict[str, Any]:
        """What ``/healthz`` says; ``{}`` where it is not JSON. Raises UnreachableError."""
        return self._exchange_health(self._connected())

    def read(self, name: str, **parameters: str) -> list[dict[str, Any]]:
        """One named read as rows. Raises UnreachableError, also for an answer that is not 200."""
        status, _, body = self._request("GET", f"/api/v1/read/{name}?{urlencode(parameters)}", None, {})
        if status in (401, 403):
            raise NotAllowedError(f"{self.endpoint} answered {status}: is SUFFICE_KEY right?")
        if status != 200:
            raise UnreachableError(f"{self.endpoint} answered {status} to read/{name}")
        try:
            table = json.loads(body)
            return [dict(zip(table["columns"], row, strict=True)) for row in table["rows"]]
        except (ValueError, KeyError, TypeError) as error:
            raise UnreachableError(f"{self.endpoint} answered something else than rows to read/{name}") from error

    def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _request(
        self, method: str, path: str, body: Bytes | None, headers: dict[str, str]
    ) -> tuple[int, dict[str, str], bytes]:
        """One exchange. A kept connection that the server has closed meanwhile is opened again, once."""
        kept = self._connection is not None
        while True:
            connection = self._connected()
            try:
                return self._exchange(connection, method, path, body, headers)
            except (OSError, HTTPException) as error:
                self.close()
                if not kept or isinstance(error, TimeoutError):
                    raise UnreachableError(f"{self.endpoint} broke off: {_text_of(error)}") from error
                kept = False

    def _exchange(
        self,
        connection: HTTPConnection,
        method: str,
        path: str,
        body: Bytes | None,
        headers: dict[str, str],
    ) -> tuple[int, dict[str, str], bytes]:
        if self._key:
            headers = {**headers, "Authorization": f"Bearer {self._key}"}
        connection.request(method, self._path + path, body, headers)
        if self.meanwhile is not None:
            self._await(connection, self.meanwhile)
        response = connection.getresponse()
        data = response.read()
        return response.status, {name.lower(): value for name, value in response.getheaders()}, data

    def _await(self, connection: HTTPConnection, meanwhile: Callable[[], bool]) -> None:
        """Until the answer begins or its time is over."""
        over_at = time.monotonic() + ANSWER_TIMEOUT_S
        with selectors.DefaultSelector() as selector:
            selector.register(connection.sock, selectors.EVENT_READ)
            had_work = False
            while not selector.select(0 if had_work else LOOK_UP_S) and time.monotonic() < over_at:
                had_work = meanwhile()

    def _connected(self) -> HTTPConnection:
        if self._connection is not None:
            return self._connection
        connection: HTTPConnection
        if self._secure:
            context = ssl.create_default_context()
            connection = HTTPSConnection(self._host, self._port, timeout=CONNECT_TIMEOUT_S, context=context)
        else:
            connection = HTTPConnection(self._host, self._port, timeout=CONNECT_TIMEOUT_S)
        connection.auto_open = 0  # a new connection may be answered by somebody else: always ask first
        try:
            connection.connect()
        except OSError as error:
            raise UnreachableError(f"nothing answers at {self.endpoint} ({_text_of(error)})") from error
        if self._must_be_suffice:
            said = self._exchange_health(connection)
            if said.get("service") != "suffice":
                connection.close()
                raise UnreachableError(f"what answers at {self.endpoint} is not suffice")
        connection.sock.settimeout(ANSWER_TIMEOUT_S)
        self._connection = connection
        return connection

    def _exchange_health(self, connection: HTTPConnection) -> dict[str, Any]:
        try:
            connection.request("GET", self._path + "/healthz")  # without the key: it may be somebody else
            response = connection.getresponse()
            body = response.read(65536)
        except (OSError, HTTPException) as error:
            self.close()
            connection.close()
            raise UnreachableError(f"what answers at {self.endpoint} is not suffice") from error
        try:
            said = json.loads(body)
        except ValueError:
            return {}
        if not isinstance(said, dict):
            return {}
        link = said.get("dashboard_url")
        self.dashboard_url = link if isinstance(link, str) else None
        return said


def _partial_success(body: bytes, headers: dict[str, str]) -> tuple[int, str]:
    """Rejected spans and why, as an OTLP answer states them; another kind of answer states none."""
    if not body or not headers.get("content-type", "").startswith(_PROTOBUF):
        return 0, ""
    from google.protobuf.message import DecodeError
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

    try:
        answer = ExportTraceServiceResponse.FromString(body)
    except DecodeError:
        return 0, ""
    return int(answer.partial_success.rejected_spans), str(answer.partial_success.error_message)


def _seconds(retry_after: str | None) -> float | None:
    try:
        return min(float(retry_after), 300.0) if retry_after else None
    except ValueError:
        return None  # a date: the back-off's own pace will do


def _text_of(error: BaseException) -> str:
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
