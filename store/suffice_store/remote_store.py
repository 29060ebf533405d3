"""RemoteStore: the same Store, behind a running collector. Tables travel as Arrow IPC, the rest as JSON."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, suppress
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import httpx2
import pyarrow as pa

from suffice.errors import SufficeError
from suffice_store.cancelling import cancellable, interruptible
from suffice_store.store import AppendResult

ARROW = "application/vnd.apache.arrow.stream"
TIMEOUT_S = 120.0  # a read over millions of calls; connecting is given CONNECT_S
CONNECT_S = 5.0
LOOPBACK = ("127.0.0.1", "localhost", "::1")


class RemoteStore:
    """A Store that speaks to the collector at ``server``."""

    def __init__(self, server: str, *, key: str | None = None, headers: Mapping[str, str] | None = None) -> None:
        """``server`` is an address like ``http://127.0.0.1:4318``; ``headers`` go with every request. Nothing is sent before the first use."""
        address = urlsplit(server)
        if address.scheme not in ("http", "https") or not address.hostname:
            raise SufficeError(f"'{server}' is not a collector's address: it looks like http://127.0.0.1:4318")
        self.server = server.rstrip("/")
        self._options: dict[str, Any] = {
            "base_url": self.server,
            "headers": {**(headers or {}), **({"Authorization": f"Bearer {key}"} if key else {})},
            "timeout": httpx2.Timeout(TIMEOUT_S, connect=CONNECT_S),
            "trust_env": address.hostname not in LOOPBACK,  # a company's proxy knows nothing of this machine
        }
        self._client = httpx2.Client(**self._options)

    def append(self, tables: Mapping[str, pa.Table], *, journal: tuple[str, int] | None = None) -> AppendResult:
        """See ``Store.append``; here each table is a transaction of its own, and there is no journal."""
        if journal is not None:
            raise SufficeError("a journal position can be stored only by the process that holds the file")
        added: dict[str, int] = {}
        known: dict[str, int] = {}
        for name, rows in tables.items():
            answer = self._json("POST", f"/api/v1/results/{name}", content=_ipc(rows), headers={"Content-Type": ARROW})
            added[name] = int(_count(answer, "added", name))
            known[name] = int(_count(answer, "known", name))
        return AppendResult(added, known)

    def command(self, name: str, **arguments: Any) -> dict[str, Any]:
        """See ``Store.command``."""
        body = json.dumps(arguments, default=str).encode()
        headers = {"Content-Type": "application/json"}
        return self._json("POST", f"/api/v1/commands/{name}", content=body, headers=headers)

    def read(self, name: str, **parameters: Any) -> pa.Table:
        """See ``Store.read``."""
        with self._stream(name, parameters) as response:
            return pa.ipc.open_stream(response.read()).read_all()

    def read_batches(self, name: str, **parameters: Any) -> Iterator[pa.RecordBatch]:
        """See ``Store.read_batches``: batches are decoded as they arrive."""
        with self._stream(name, parameters) as response, pa.ipc.open_stream(_Body(response)) as reader:
            yield from reader

    def health(self) -> dict[str, Any]:
        """What the collector says of itself."""
        return self._json("GET", "/healthz")

    def look(self) -> dict[str, Any]:
        """How the collector is: backlog, lag, disk, letters, keys."""
        return self._json("GET", "/api/v1/health")

    def audit(self, *, project: str | None = None, newest: int = 100) -> list[dict[str, Any]]:
        """The newest lines of its audit log."""
        chosen = {"limit": str(newest), **({"project": project} if project else {})}
        lines: list[dict[str, Any]] = self._json("GET", "/api/v1/audit", params=chosen)["lines"]
        return lines

    def maintain(self, action: str, **arguments: Any) -> dict[str, Any]:
        """Begin ``delete`` or ``vacuum``, or try ``retry_letters``. Raises SufficeError when refused."""
        body = json.dumps({key: value for key, value in arguments.items() if value is not None}).encode()
        headers = {"Content-Type": "application/json"}
        return self._json("POST", f"/api/v1/maintenance/{action}", content=body, headers=headers)

    def maintenance(self) -> dict[str, Any]:
        """What runs on the file, or ran last."""
        return self._json("GET", "/api/v1/maintenance")

    def backup(self) -> Iterator[bytes]:
        """The whole database as one file, in pieces."""
        response = self._send(self._client.build_request("GET", "/api/v1/backup"), stream=True)
        try:
            yield from response.iter_bytes()
        except httpx2.HTTPError as error:
            raise SufficeError(f"the connection to {self.server} broke: {error}") from None
        finally:
            response.close()

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _stream(self, name: str, parameters: Mapping[str, Any]) -> _Stream:
        chosen = {key: _text(value) for key, value in parameters.items() if value is not None}
        hanging = _HangUp() if cancellable() else None
        request = self._client.build_request(
            "GET", f"/api/v1/read/{name}", params=chosen, headers={"Accept": ARROW},
            extensions={} if hanging is None else {"trace": hanging.trace},
        )  # fmt: skip
        return _Stream(self, request, hanging)

    def _json(self, method: str, path: str, **options: Any) -> dict[str, Any]:
        response = self._send(self._client.build_request(method, path, **options), stream=False)
        try:
            answer = response.json()
        except ValueError:
            answer = None
        if not isinstance(answer, dict):
            raise SufficeError(f"what answers at {self.server} is not suffice's collector")
        return answer

    def _send(self, request: httpx2.Request, *, stream: bool, client: httpx2.Client | None = None) -> httpx2.Response:
        try:
            response = (client or self._client).send(request, stream=stream)
            if response.status_code >= 400:
                response.read()
        except httpx2.ConnectError:
            raise SufficeError(
                f"no collector answers at {self.server}: start one with 'suffice up', or open the file with --db"
            ) from None
        except httpx2.TimeoutException:
            raise SufficeError(f"the collector at {self.server} did not answer in time: try again") from None
        except httpx2.HTTPError as error:
            raise SufficeError(f"the connection to {self.server} broke: {error}") from None
        if response.status_code >= 400:
            raise SufficeError(_refusal(self.server, response))
        return response


class _Stream:
    """A response that is closed at the end, also when its reader stops early."""

    def __init__(self, store: RemoteStore, request: httpx2.Request, hanging: _HangUp | None) -> None:
        self._store, self._request, self._hanging = store, request, hanging
        self._held = ExitStack()

    def __enter__(self) -> httpx2.Response:
        with ExitStack() as held:
            client = None
            if self._hanging is not None:  # a connection of its own, which nobody else is on when it is shut
                client = held.enter_context(httpx2.Client(**self._store._options))
                held.enter_context(interruptible(self._hanging.shut))
            response = self._store._send(self._request, stream=True, client=client)
            held.callback(response.close)
            if ARROW not in response.headers.get("content-type", ""):
                raise SufficeError(f"what answers at {self._store.server} is not suffice's collector")
            self._held = held.pop_all()
            return response

    def __exit__(self, *_: object) -> None:
        self._held.close()


class _HangUp:
    """Ends a request that another thread waits in: closing a socket wakes nobody who reads from it, shutting it does."""

    def __init__(self) -> None:
        self._socket: socket.socket | None = None
        self._gone = False

    def trace(self, event: str, info: Mapping[str, Any]) -> None:
        """httpx tells what it does; of a connection that is made, its socket is kept."""
        if event in ("connection.connect_tcp.complete", "connection.start_tls.complete"):
            self._socket = info["return_value"].get_extra_info("socket")
            if self._gone:
                self.shut()

    def shut(self) -> None:
        """The server finds that the client has gone, and so does the thread that waits."""
        self._gone = True
        if self._socket is not None:
            with suppress(OSError):  # it has ended already
                self._socket.shutdown(socket.SHUT_RDWR)


class _Body:
    """A response as the file that Arrow reads from."""

    closed = False

    def __init__(self, response: httpx2.Response) -> None:
        self._chunks = response.iter_bytes()
        self._left = b""

    def read(self, size: int = -1) -> bytes:
        """Up to ``size`` bytes; fewer only at the end."""
        parts, have = [self._left], len(self._left)
        while size < 0 or have < size:
            chunk = next(self._chunks, None)
            if chunk is None:
                break
            parts.append(chunk)
            have += len(chunk)
        joined = b"".join(parts)
        cut = len(joined) if size < 0 else size
        self._left = joined[cut:]
        return joined[:cut]

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is not."""
        return False

    def close(self) -> None:
        """The response is closed by whoever opened it."""
        self.closed = True


def _ipc(rows: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, rows.schema) as writer:
        writer.write_table(rows)
    return bytes(sink.getvalue())


def _count(answer: Mapping[str, Any], kind: str, name: str) -> Any:
    value = answer.get(kind, 0)
    return value.get(name, 0) if isinstance(value, Mapping) else value


def _text(value: Any) -> str:
    return {True: "true", False: "false"}.get(value, str(value)) if isinstance(value, bool) else str(value)


def _refusal(server: str, response: httpx2.Response) -> str:
    """The server's own line, or one made from its status."""
    try:
        reason = response.json()["error"]
    except (ValueError, KeyError, TypeError):
        reason = None
    if isinstance(reason, str) and reason:
        return reason
    if response.status_code in (401, 403):
        return f"the collector at {server} wants a key: set SUFFICE_KEY"
    return f"the collector at {server} answered {response.status_code}"
