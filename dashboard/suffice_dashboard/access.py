"""The key, asked once a browser when the dashboard listens beyond loopback: before any page, asset or socket.

A right key is answered with a cookie that proves it without holding it: an expiry and its HMAC under the key. So the
server keeps no sessions, a restart logs nobody out, and a new SUFFICE_KEY logs everybody out.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import time
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from starlette.requests import HTTPConnection, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from suffice_dashboard.settings import Settings, same_key

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

COOKIE = "suffice_dashboard"
COOKIE_SECONDS = 30 * 86_400
WRONG_KEY_SECONDS = 0.5  # a pause after a wrong key, so that guessing is slow
OPEN_PATHS = ("/_stcore/health",)  # what a health check asks; tells nothing
MAX_FORM_BYTES = 4096

_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>suffice</title>
<meta name="viewport" content="width=device-width,initial-scale=1"><style>
:root{{color-scheme:light dark}} body{{font:16px/1.5 system-ui,sans-serif;display:grid;place-items:center;min-height:90vh;
background:light-dark(#f5f7fa,#0e141b);color:light-dark(#16202b,#e6ebf1)}} main{{width:min(26rem,90vw)}}
h1{{font-size:1.5rem;margin:0 0 .3rem}} p{{margin:0 0 1rem}} .bad{{color:light-dark(#b3261e,#ff9a90)}}
input,button{{font:inherit;padding:.6rem .8rem;border-radius:10px;border:1px solid light-dark(#c9d2dd,#3a4653);width:100%;
box-sizing:border-box;margin-bottom:.7rem}} button{{background:#2858d8;color:#fff;border:0;font-weight:600;cursor:pointer}}
</style><main><h1>suffice</h1><p>This dashboard is open to a network. Its key is the value of SUFFICE_KEY on the machine
that runs it.</p>{problem}<form method="post"><input type="password" name="key" aria-label="Key" placeholder="Key" autofocus
autocomplete="current-password"><button>Open</button></form></main></html>"""


class AskKey:
    """Lets through who has given the key, and asks everybody else. Without ``ask_key``, lets everybody through."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self.settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request or socket."""
        if (
            not self.settings.ask_key
            or scope["type"] == "lifespan"
            or scope["path"] in OPEN_PATHS
            or (self.settings.key and cookie_holds(HTTPConnection(scope).cookies.get(COOKIE, ""), self.settings.key))
        ):
            await self.app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 4401})
        else:
            answer = await self._ask(Request(scope, receive))
            await answer(scope, receive, send)

    async def _ask(self, request: Request) -> Response:
        if self.settings.key is None:  # told to ask, but for nothing: stay shut
            return _asked("SUFFICE_KEY is not set where this dashboard was started. Set it and start again.", 503)
        if request.method != "POST":
            return _asked("", 401)
        if int(request.headers.get("content-length") or MAX_FORM_BYTES + 1) > MAX_FORM_BYTES:
            return _asked("That is not a key.", 413)
        given = parse_qs((await request.body()).decode("utf-8", "replace")).get("key", [""])[0]
        if not same_key(given, self.settings.key):
            await asyncio.sleep(WRONG_KEY_SECONDS)
            return _asked("That is not the key.", 401)
        here = request.url.path.replace("//", "/") + (f"?{request.url.query}" if request.url.query else "")
        answer = RedirectResponse(here, 303)
        answer.set_cookie(
            COOKIE, make_cookie(self.settings.key, time.time()), max_age=COOKIE_SECONDS, httponly=True, samesite="strict",
            secure=request.url.scheme == "https",
        )  # fmt: skip
        return answer


def make_cookie(key: str, now: float) -> str:
    """``EXPIRY.HMAC``: proves that the key was given, until the expiry (Unix seconds)."""
    expiry = str(int(now) + COOKIE_SECONDS)
    return f"{expiry}.{_sign(expiry, key)}"


def cookie_holds(cookie: str, key: str, now: float | None = None) -> bool:
    """Whether that cookie was made under this key and has not run out."""
    expiry, _, signature = cookie.partition(".")
    if not same_key(signature, _sign(expiry, key)) or not expiry.isascii() or not expiry.isdigit():
        return False
    return int(expiry) > (time.time() if now is None else now)


def _sign(expiry: str, key: str) -> str:
    return hmac.new(key.encode(), f"suffice dashboard until {expiry}".encode(), hashlib.sha256).hexdigest()


def _asked(problem: str, status: int) -> Response:
    shown = f'<p class="bad" role="alert">{problem}</p>' if problem else ""
    return HTMLResponse(_PAGE.format(problem=shown), status, headers={"Cache-Control": "no-store"})
