"""The ASGI app that ``streamlit run`` starts: our pages behind the key, with a few lines of script before Streamlit's own.

Streamlit's page asks for its server below every path it was opened at (``/tasks/_stcore/health`` first, then
``/_stcore/health``), so each deep link would begin with two 404s in the console. Telling it the address ends the guessing.

A page that a link leads away from is kept whole by Chromium for a Back, its connection open: its session, and the search it ran,
went on for minutes (measured). It hangs up when it is left; after a Back Streamlit connects to the same session again.

That a page adds its project to its address (``project.keep``) is no step of its own for Back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st
from starlette.middleware import Middleware

from suffice_dashboard.access import AskKey
from suffice_dashboard.launch import APP
from suffice_dashboard.preload import preloaded
from suffice_dashboard.project import NAME
from suffice_dashboard.settings import read_settings

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

NARROW = 1000  # CSS pixels below which the menu starts folded, unless the person has unfolded it
_FOLDED = (
    'try{const k="stSidebarCollapsed-",f="suffice-folded",n=innerWidth<' + str(NARROW) + ";"
    'if(n&&localStorage.getItem(k)===null){localStorage.setItem(k,"true");localStorage.setItem(f,"1")}'
    "else if(!n&&localStorage.getItem(f)){localStorage.removeItem(k);localStorage.removeItem(f)}}catch{}"
).encode()
_HANGS_UP = (
    b"{let open=[];window.WebSocket=class extends WebSocket{constructor(...a){super(...a);open.push(this)}};"
    b'addEventListener("pagehide",()=>{open.forEach(s=>s.close());open=[]})}'
)
_ONE_STEP = (
    '{const k="' + NAME + '",push=history.pushState,rest=u=>{u=new URL(u,location.href);u.searchParams.delete(k);'
    "u.searchParams.sort();return u.href};history.pushState=function(s,t,u){const same=u!=null&&"
    "!new URLSearchParams(location.search).has(k)&&rest(u)===rest(location.href);"
    "return(same?this.replaceState:push).call(this,s,t,u)}}"
).encode()
TOLD = b"".join(
    (b'<script>window.__streamlit={BACKEND_BASE_URL:location.origin+"/"};', _FOLDED, _HANGS_UP, _ONE_STEP, b"</script>")
)
_WHOLE_ONLY = (b"accept-encoding", b"if-none-match", b"if-modified-since", b"range")


class TellRoot:
    """Puts one line into the page's head. Everything but HTML passes untouched."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        accepts = dict(scope["headers"]).get(b"accept", b"") if scope["type"] == "http" else b""
        if b"text/html" not in accepts:
            await self.app(scope, receive, send)
            return
        plain = {**scope, "headers": [pair for pair in scope["headers"] if pair[0] not in _WHOLE_ONLY]}
        start: Message = {}
        body = b""

        async def collect(message: Message) -> None:
            nonlocal start, body
            if message["type"] == "http.response.start":
                start = message
                return
            body += message.get("body", b"")
            if not message.get("more_body"):
                await send(with_length(start, told := tell_root(body)))
                await send({"type": "http.response.body", "body": told})

        await self.app(plain, receive, collect)


def tell_root(html: bytes) -> bytes:
    """The page with the line at the start of its head."""
    return html.replace(b"<head>", b"<head>" + TOLD, 1)


def with_length(start: Message, body: bytes) -> Message:
    """The response's start with the length of the new body, and without the old one's tag."""
    dropped = (b"content-length", b"etag", b"last-modified")
    headers = [pair for pair in start["headers"] if pair[0].lower() not in dropped]
    return {**start, "headers": [*headers, (b"content-length", str(len(body)).encode())]}


app = st.App(APP, lifespan=preloaded, middleware=[Middleware(AskKey, settings=read_settings()), Middleware(TellRoot)])
