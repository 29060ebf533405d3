"""What is special about aiohttp: an answer can be read in ten ways, and a cancelled read may be tried again."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest
from sdk.local_servers import Server, Sink
from sdk.transports.drivers import BODY, JSON, PATH, STREAMED

import suffice

aiohttp = pytest.importorskip("aiohttp")


async def all_of(iterator: Any) -> bytes:
    return b"".join([each[0] if isinstance(each, tuple) else each async for each in iterator])


async def repeated(read: Callable[[], Any]) -> bytes:
    got = b""
    while data := await read():
        got += data[0] if isinstance(data, tuple) else data
        if data == (b"", False):
            break
    return got


async def until_eof(content: Any) -> bytes:
    got = b""
    while not content.at_eof():
        got += (await content.readchunk())[0]
    return got


async def nowait(content: Any) -> bytes:
    await content.wait_eof()
    return content.read_nowait()  # type: ignore[no-any-return]


WAYS: dict[str, Callable[[Any], Any]] = {
    "read": lambda response: response.read(),
    "text": lambda response: response.text(),
    "content.read": lambda response: response.content.read(),
    "content.read(9)": lambda response: repeated(lambda: response.content.read(9)),
    "readany": lambda response: repeated(response.content.readany),
    "readline": lambda response: repeated(response.content.readline),
    "readchunk": lambda response: until_eof(response.content),
    "read_nowait": lambda response: nowait(response.content),
    "lines": lambda response: all_of(response.content),
    "iter_any": lambda response: all_of(response.content.iter_any()),
    "iter_chunked": lambda response: all_of(response.content.iter_chunked(7)),
    "iter_chunks": lambda response: all_of(response.content.iter_chunks()),
}


@pytest.mark.parametrize("way", WAYS)
async def test_every_way_of_reading_gives_the_same(way: str, provider: Server, sink: Sink, record: Any) -> None:
    async def ask() -> Any:
        async with aiohttp.ClientSession() as session, session.post(provider.url + PATH, json=STREAMED) as response:
            return await WAYS[way](response)

    bare = await ask()
    record()
    assert await ask() == bare
    assert suffice.flush() == (1, 0, 0)
    given = sink.calls[0]["attributes"]
    assert (given["suffice.completeness"], given["gen_ai.usage.output_tokens"]) == ("complete", 7)


async def test_the_content_passes_for_what_it_was(provider: Server, record: Any) -> None:
    record()
    async with aiohttp.ClientSession() as session, session.post(provider.url + PATH, json=BODY) as response:
        assert isinstance(response.content, aiohttp.StreamReader)
        body = await response.read()
        assert response.content.total_bytes == len(body)


@pytest.mark.parametrize("form", ["json", "text", "bytes", "base_url"])
async def test_every_way_of_giving_the_body(form: str, provider: Server, sink: Sink, record: Any) -> None:
    record()
    text = json.dumps(BODY)
    given: dict[str, Any] = {"json": BODY} if form in ("json", "base_url") else {"headers": JSON}
    if form in ("text", "bytes"):
        given["data"] = text if form == "text" else text.encode()
    base = provider.url if form == "base_url" else None
    async with aiohttp.ClientSession(base) as session:
        url = PATH if form == "base_url" else provider.url + PATH
        async with session.post(url, **given) as response:
            await response.read()
    assert suffice.flush() == (1, 0, 0)
    (call,) = sink.calls
    assert call["attributes"]["gen_ai.request.model"] == "m"
    assert call["attributes"]["server.address"] == "127.0.0.1"


async def test_a_read_that_was_cancelled_may_be_tried_again(provider: Server, sink: Sink, record: Any) -> None:
    """httpx's stream is gone then; aiohttp's goes on, and so does what is recorded of it."""
    record()
    provider.release.clear()  # type: ignore[attr-defined]
    body = STREAMED | {"model": "stall-m"}
    async with aiohttp.ClientSession() as session, session.post(provider.url + PATH, json=body) as response:
        first = await response.content.readuntil(b"\n\n")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(response.content.readline(), 0.1)
        provider.release.set()  # type: ignore[attr-defined]
        rest = await response.content.read()
    provider.release.clear()  # type: ignore[attr-defined]
    assert first.startswith(b"data: ")
    assert rest.endswith(b"data: [DONE]\n\n")
    assert suffice.flush() == (1, 0, 0)
    assert sink.calls[0]["attributes"]["suffice.completeness"] == "complete"


async def test_raise_for_status_keeps_the_status(provider: Server, sink: Sink, record: Any) -> None:
    record()
    async with aiohttp.ClientSession(raise_for_status=True) as session:
        with pytest.raises(aiohttp.ClientResponseError):
            await session.post(provider.url + PATH, json=BODY | {"model": "refuse-m"})
    assert suffice.flush() == (1, 0, 0)
    given = sink.calls[0]["attributes"]
    assert (given["http.response.status_code"], given["suffice.completeness"]) == (400, "error")


async def test_a_websocket_is_no_call(record: Any) -> None:
    from aiohttp import web

    async def talk(request: Any) -> Any:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_str("hello")
        await socket.close()
        return socket

    record()
    app = web.Application()
    app.router.add_get(PATH, talk)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = site._server.sockets[0].getsockname()[1]  # type: ignore[union-attr]
    async with aiohttp.ClientSession() as session, session.ws_connect(f"http://127.0.0.1:{port}{PATH}") as socket:
        assert (await socket.receive()).data == "hello"
    await runner.cleanup()
    assert suffice.flush() == (0, 0, 0)
