"""How the contract suite speaks through each HTTP library. The next transport adds its driver here."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import Any, Protocol

BODY = {"model": "m", "messages": [{"role": "user", "content": "Grüß Gott"}]}
PATH = "/v1/chat/completions"


class Driver(Protocol):
    """Each method sends one request in a client of its own and gives what the app would see."""

    library: str

    async def post(self, url: str, body: dict[str, Any]) -> bytes:
        """The answer's bytes, read as a whole."""
        ...

    async def stream(self, url: str, body: dict[str, Any], stop_after: int | None = None) -> bytes:
        """The answer's bytes, streamed; leave off after some chunks, closing the answer."""
        ...

    async def abandon(self, url: str, body: dict[str, Any]) -> None:
        """Open a stream, read nothing, forget it."""
        ...


class SyncHttpx:
    """httpx.Client or httpx2.Client."""

    def __init__(self, library: str) -> None:
        self.library = library
        self.module = import_module(library)

    async def post(self, url: str, body: dict[str, Any]) -> bytes:
        with self.module.Client(timeout=5) as client:
            return client.post(url, json=body).content  # type: ignore[no-any-return]

    async def stream(self, url: str, body: dict[str, Any], stop_after: int | None = None) -> bytes:
        got = b""
        with self.module.Client(timeout=5) as client, client.stream("POST", url, json=body) as response:
            for number, chunk in enumerate(response.iter_bytes()):
                got += chunk
                if number + 1 == stop_after:
                    break
        return got

    async def abandon(self, url: str, body: dict[str, Any]) -> None:
        client = self.module.Client(timeout=5)
        client.send(client.build_request("POST", url, json=body), stream=True)
        client.close()


class AsyncHttpx:
    """httpx.AsyncClient or httpx2.AsyncClient."""

    def __init__(self, library: str) -> None:
        self.library = library
        self.module = import_module(library)

    async def post(self, url: str, body: dict[str, Any]) -> bytes:
        async with self.module.AsyncClient(timeout=5) as client:
            return (await client.post(url, json=body)).content  # type: ignore[no-any-return]

    async def stream(self, url: str, body: dict[str, Any], stop_after: int | None = None) -> bytes:
        got = b""
        async with self.module.AsyncClient(timeout=5) as client, client.stream("POST", url, json=body) as response:
            number = 0
            async for chunk in response.aiter_bytes():
                got += chunk
                number += 1
                if number == stop_after:
                    break
        return got

    async def abandon(self, url: str, body: dict[str, Any]) -> None:
        client = self.module.AsyncClient(timeout=5)
        await client.send(client.build_request("POST", url, json=body), stream=True)
        await client.aclose()


DRIVERS: dict[str, Any] = {  # of the libraries installed here; test_old_clients.py runs the suite with httpx
    f"{library} {kind}": (library, make)
    for library in ("httpx", "httpx2")
    for kind, make in (("sync", SyncHttpx), ("async", AsyncHttpx))
    if find_spec(library)
}


def driver(name: str) -> Driver:
    library, make = DRIVERS[name]
    return make(library)  # type: ignore[no-any-return]
