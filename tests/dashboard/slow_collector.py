"""A collector that never answers some searches, before a real one that answers all the rest."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import httpx2
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

NEVER = "never"  # a search for it gets no hits
UNCOUNTED = "invoice"  # a search for it gets hits, and no count
LATE = "Nordwind"  # a search for it gets both, each after LATE_S
LATE_S = 2.0


class SlowCollector:
    """What is held back, by read and text; and who has hung up."""

    def __init__(self, server: str) -> None:
        self.waits: list[tuple[str, str]] = []
        self.gone: list[tuple[str, str]] = []
        self.server = server

    async def answer(self, request: Request) -> Response:
        read, text = request.url.path.rsplit("/", 1)[-1], request.query_params.get("search", "")
        if text == NEVER or (read, text) == ("search_count", UNCOUNTED):
            self.waits.append((read, text))
            while (await request.receive())["type"] != "http.disconnect":
                pass
            self.gone.append((read, text))
            return Response(status_code=499)
        if text == LATE:
            await asyncio.sleep(LATE_S)
        sent = {name: value for name, value in request.headers.items() if name in ("accept", "content-type")}
        query = f"?{request.url.query}" if request.url.query else ""
        async with httpx2.AsyncClient(base_url=self.server, timeout=60) as behind:
            found = await behind.request(
                request.method, request.url.path + query, content=await request.body(), headers=sent
            )
        return Response(found.content, found.status_code, media_type=found.headers["content-type"])


@contextmanager
def slow_collector(server: str) -> Iterator[tuple[str, SlowCollector]]:
    """Its address, and itself."""
    slow = SlowCollector(server)
    app = Starlette(routes=[Route("/{path:path}", slow.answer, methods=["GET", "POST"])])
    running = uvicorn.Server(uvicorn.Config(app, lifespan="off", log_config=None))
    with socket.create_server(("127.0.0.1", 0)) as sock:
        thread = threading.Thread(target=running.run, args=([sock],))
        thread.start()
        try:
            yield f"http://127.0.0.1:{sock.getsockname()[1]}", slow
        finally:
            running.should_exit = True
            thread.join()
