from __future__ import annotations

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from suffice_dashboard import access
from suffice_dashboard.settings import Settings


async def _page(request: Request) -> Response:
    return PlainTextResponse("the page")


def client(*, key: str | None = "right", ask_key: bool = True) -> httpx2.AsyncClient:
    settings = Settings(server="http://c", project="default", key=key, ask_key=ask_key)
    routes = [Route(path, _page) for path in ("/tasks", "/_stcore/health")]
    app = Starlette(routes=routes, middleware=[Middleware(access.AskKey, settings=settings)])
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://test")


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access, "WRONG_KEY_SECONDS", 0)


async def test_the_key_is_asked_once_and_remembered() -> None:
    async with client() as browser:
        asked = await browser.get("/tasks?sort=cost")
        assert (asked.status_code, "the page" in asked.text, "SUFFICE_KEY" in asked.text) == (401, False, True)
        given = await browser.post("/tasks?sort=cost", data={"key": "right"})
        assert (given.status_code, given.headers["location"]) == (303, "/tasks?sort=cost")
        assert "right" not in given.headers["set-cookie"]
        assert "HttpOnly" in given.headers["set-cookie"]
        assert "samesite=strict" in given.headers["set-cookie"].lower()
        assert (await browser.get("/tasks")).text == "the page"


@pytest.mark.parametrize("given", ["wrong", "", "right ", "ключ"])
async def test_a_wrong_key_opens_nothing(given: str) -> None:
    async with client() as browser:
        refused = await browser.post("/tasks", data={"key": given})
        assert refused.status_code == 401
        assert "That is not the key." in refused.text
        assert "set-cookie" not in refused.headers
        assert (await browser.get("/tasks")).status_code == 401


async def test_a_huge_form_is_not_read() -> None:
    async with client() as browser:
        assert (await browser.post("/tasks", data={"key": "x" * 9000})).status_code == 413


async def test_asked_to_guard_without_a_key_it_stays_shut() -> None:
    async with client(key=None) as browser:
        shut = await browser.post("/tasks", data={"key": ""})
        assert shut.status_code == 503
        assert "SUFFICE_KEY is not set" in shut.text


async def test_on_loopback_nobody_is_asked_and_health_never() -> None:
    async with client(ask_key=False) as browser:
        assert (await browser.get("/tasks")).text == "the page"
    async with client() as browser:
        assert (await browser.get("/_stcore/health")).text == "the page"


async def test_sockets_are_guarded_too() -> None:
    sent: list[object] = []

    async def inside(scope: object, receive: object, send: object) -> None:
        raise AssertionError("let through")

    async def send(message: object) -> None:
        sent.append(message)

    guard = access.AskKey(inside, Settings("http://c", "default", "right", True))  # type: ignore[arg-type]
    await guard({"type": "websocket", "path": "/_stcore/stream", "headers": []}, None, send)  # type: ignore[arg-type]
    assert sent == [{"type": "websocket.close", "code": 4401}]


def test_a_cookie_holds_under_its_key_until_it_runs_out() -> None:
    cookie = access.make_cookie("right", 1000.0)
    assert access.cookie_holds(cookie, "right", 1001.0)
    assert not access.cookie_holds(cookie, "other", 1001.0)
    assert not access.cookie_holds(cookie, "right", 1000.0 + access.COOKIE_SECONDS)
    expiry, _, signature = cookie.partition(".")
    assert not access.cookie_holds(f"{int(expiry) + 1}.{signature}", "right", 1001.0)
    for broken in ("", ".", "x.y", "²." + access._sign("²", "right")):
        assert not access.cookie_holds(broken, "right", 1.0)
