from __future__ import annotations

import httpx2
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from suffice_dashboard.serve import TOLD, TellRoot


async def _page(request: Request) -> Response:
    return HTMLResponse(
        f"<html><head><title>x</title></head><body>{sorted(request.headers)}</body></html>", headers={"etag": "1"}
    )


async def _data(request: Request) -> Response:
    return JSONResponse({"encoding": request.headers.get("accept-encoding")})


def _client() -> httpx2.AsyncClient:
    app = Starlette(routes=[Route("/tasks", _page), Route("/data", _data)], middleware=[Middleware(TellRoot)])
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://test")


async def test_a_page_is_told_where_its_server_is() -> None:
    async with _client() as client:
        answer = await client.get("/tasks", headers={"Accept": "text/html", "If-None-Match": "1"})
    assert answer.content.startswith(b"<html><head>" + TOLD + b"<title>")
    assert int(answer.headers["content-length"]) == len(answer.content)
    assert "etag" not in answer.headers
    assert b"if-none-match" not in answer.content


async def test_everything_else_passes_untouched() -> None:
    async with _client() as client:
        answer = await client.get("/data", headers={"Accept-Encoding": "gzip"})
    assert answer.json() == {"encoding": "gzip"}
