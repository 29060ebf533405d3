"""How the contract suite speaks through each HTTP library. The next transport adds its driver here."""

from __future__ import annotations

import json
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Protocol

BODY = {"model": "m", "messages": [{"role": "user", "content": "Grüß Gott"}]}
STREAMED = BODY | {"stream": True, "stream_options": {"include_usage": True}}
PATH = "/v1/chat/completions"
JSON = {"content-type": "application/json"}


class Driver(Protocol):
    """Each method sends one request in a client of its own and gives what the app would see."""

    library: str
    seam: tuple[str, str]  # class and method that the transport wraps
    cut: str  # what the answer's reader raises beneath the app's exception when a stream breaks off

    async def post(self, url: str, body: dict[str, Any], timeout: float = 5) -> bytes:
        """The answer's bytes, read as a whole."""
        ...

    async def stream(self, url: str, body: dict[str, Any], stop_after: int | None = None, timeout: float = 5) -> bytes:
        """The answer's bytes, streamed; leave off after some chunks, closing the answer."""
        ...

    async def open(self, url: str, body: dict[str, Any]) -> Any:
        """The answer of a stream that nobody has read yet, and its client."""
        ...


class SyncHttpx:
    """httpx.Client or httpx2.Client."""

    seam = ("Client", "send")
    cut = "RemoteProtocolError"

    def __init__(self, library: str) -> None:
        self.library = library
        self.module = import_module(library)

    async def post(self, url: str, body: dict[str, Any], timeout: float = 5) -> bytes:
        with self.module.Client(timeout=timeout, follow_redirects=True) as client:
            return client.post(url, json=body).content  # type: ignore[no-any-return]

    async def stream(self, url: str, body: dict[str, Any], stop_after: int | None = None, timeout: float = 5) -> bytes:
        got = b""
        with self.module.Client(timeout=timeout) as client, client.stream("POST", url, json=body) as response:
            for number, chunk in enumerate(response.iter_bytes()):
                got += chunk
                if number + 1 == stop_after:
                    break
        return got

    async def open(self, url: str, body: dict[str, Any]) -> Any:
        client = self.module.Client(timeout=5)
        return client.send(client.build_request("POST", url, json=body), stream=True), client


class AsyncHttpx:
    """httpx.AsyncClient or httpx2.AsyncClient."""

    seam = ("AsyncClient", "send")
    cut = "RemoteProtocolError"

    def __init__(self, library: str) -> None:
        self.library = library
        self.module = import_module(library)

    async def post(self, url: str, body: dict[str, Any], timeout: float = 5) -> bytes:
        async with self.module.AsyncClient(timeout=timeout, follow_redirects=True) as client:
            return (await client.post(url, json=body)).content  # type: ignore[no-any-return]

    async def stream(self, url: str, body: dict[str, Any], stop_after: int | None = None, timeout: float = 5) -> bytes:
        got = b""
        async with (
            self.module.AsyncClient(timeout=timeout) as client,
            client.stream("POST", url, json=body) as response,
        ):
            number = 0
            async for chunk in response.aiter_bytes():
                got += chunk
                number += 1
                if number == stop_after:
                    break
        return got

    async def open(self, url: str, body: dict[str, Any]) -> Any:
        client = self.module.AsyncClient(timeout=5)
        return await client.send(client.build_request("POST", url, json=body), stream=True), client


class Requests:
    """requests.Session."""

    seam = ("Session", "send")
    cut = "ProtocolError"  # urllib3's; requests wraps it

    def __init__(self, library: str) -> None:
        self.library = library
        self.module = import_module(library)

    async def post(self, url: str, body: dict[str, Any], timeout: float = 5) -> bytes:
        with self.module.Session() as session:
            return session.post(url, json=body, timeout=timeout).content  # type: ignore[no-any-return]

    async def stream(self, url: str, body: dict[str, Any], stop_after: int | None = None, timeout: float = 5) -> bytes:
        got = b""
        with (
            self.module.Session() as session,
            session.post(url, json=body, stream=True, timeout=timeout) as response,
        ):
            for number, chunk in enumerate(response.iter_content(None)):
                got += chunk
                if number + 1 == stop_after:
                    break
        return got

    async def open(self, url: str, body: dict[str, Any]) -> Any:
        session = self.module.Session()
        return session.post(url, json=body, stream=True, timeout=5), session


class Urllib3:
    """urllib3.PoolManager; botocore uses the pools beneath it."""

    seam = ("PoolManager", "urlopen")
    cut = "ProtocolError"

    def __init__(self, library: str) -> None:
        self.library = library
        self.module = import_module(library)

    async def post(self, url: str, body: dict[str, Any], timeout: float = 5) -> bytes:
        with self.module.PoolManager(retries=self.module.Retry(3, connect=0, read=0)) as pool:
            given = {"body": json.dumps(body), "headers": JSON, "timeout": timeout}
            return pool.request("POST", url, **given).data  # type: ignore[no-any-return]

    async def stream(self, url: str, body: dict[str, Any], stop_after: int | None = None, timeout: float = 5) -> bytes:
        got = b""
        given = {"body": json.dumps(body), "headers": JSON, "timeout": timeout, "preload_content": False}
        with self.module.PoolManager(retries=False) as pool:
            response = pool.request("POST", url, **given)
            try:
                for number, chunk in enumerate(response.stream()):
                    got += chunk
                    if number + 1 == stop_after:
                        break
            finally:
                response.close()
        return got

    async def open(self, url: str, body: dict[str, Any]) -> Any:
        pool = self.module.PoolManager(retries=False)
        given = {"body": json.dumps(body), "headers": JSON, "timeout": 5, "preload_content": False}
        return pool.request("POST", url, **given), pool


class Aiohttp:
    """aiohttp.ClientSession; aiobotocore and google-genai's async client use it."""

    seam = ("ClientSession", "_request")
    cut = "ClientPayloadError"

    def __init__(self, library: str) -> None:
        self.library = library
        self.module = import_module(library)

    def _session(self, timeout: float) -> Any:
        return self.module.ClientSession(timeout=self.module.ClientTimeout(timeout))

    async def post(self, url: str, body: dict[str, Any], timeout: float = 5) -> bytes:
        async with self._session(timeout) as session, session.post(url, json=body) as response:
            return await response.read()  # type: ignore[no-any-return]

    async def stream(self, url: str, body: dict[str, Any], stop_after: int | None = None, timeout: float = 5) -> bytes:
        got = b""
        async with self._session(timeout) as session, session.post(url, json=body) as response:
            number = 0
            async for chunk in response.content.iter_any():
                got += chunk
                number += 1
                if number == stop_after:
                    break
        return got

    async def open(self, url: str, body: dict[str, Any]) -> Any:
        session = self._session(5)
        return await session.post(url, json=body), session


DRIVERS: dict[str, Any] = {  # of the libraries installed here; the matrix's environments run the suite with theirs
    name: (library, make)
    for name, library, make in (
        ("httpx sync", "httpx", SyncHttpx),
        ("httpx async", "httpx", AsyncHttpx),
        ("httpx2 sync", "httpx2", SyncHttpx),
        ("httpx2 async", "httpx2", AsyncHttpx),
        ("requests sync", "requests", Requests),
        ("urllib3 sync", "urllib3", Urllib3),
        ("aiohttp async", "aiohttp", Aiohttp),
    )
    if find_spec(library)
}


def driver(name: str) -> Driver:
    library, make = DRIVERS[name]
    return make(library)  # type: ignore[no-any-return]
