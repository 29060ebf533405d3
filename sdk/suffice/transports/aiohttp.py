"""aiohttp: ``ClientSession._request``, the one coroutine behind every verb, and the answer's ``content``.

Also aiobotocore, google-genai's async client and huggingface_hub's older one go this way. Tracing
(``TraceConfig``) and middlewares, the public hooks, see headers and sent chunks but can't tee an answer.
``content`` is replaced by a proxy that passes for the ``StreamReader`` it wraps.
"""

from __future__ import annotations

import contextlib
from asyncio import CancelledError
from collections.abc import Callable
from typing import Any

import wrapt

from suffice.announce import log_once
from suffice.capture import Capture, RawHeaders, capturing
from suffice.http_spans import around_call
from suffice.transports.seams import Unpatch, as_bytes, as_raw_headers, begin, wrap

MODULES = ("aiohttp",)


def patch(module: Any) -> Unpatch:
    """Wrap the session's request, and what lets an answer go."""
    session, response = module.ClientSession, module.ClientResponse
    wrapped = [
        wrap(session, "_request", _request),
        wrap(response, "close", _letting_go),
        wrap(response, "release", _letting_go),
    ]

    def unpatch() -> None:
        for unwrap in wrapped:
            unwrap()

    return unpatch


def _request(original: Callable[..., Any]) -> Callable[..., Any]:
    async def request(self: Any, method: Any, str_or_url: Any, **kwargs: Any) -> Any:
        def read() -> tuple[str, RawHeaders, bytes]:
            return _read_request(self, str_or_url, kwargs)

        capture = begin("aiohttp", str(method).upper(), str(str_or_url), read)
        if capture is None:
            return await original(self, method, str_or_url, **kwargs)
        token = capturing.set(True)
        try:
            with around_call(capture):
                response = await original(self, method, str_or_url, **kwargs)
        except BaseException as error:
            status = getattr(error, "status", None)  # raise_for_status=True: the answer is gone, its status is not
            capture.status = status if isinstance(status, int) and status > 0 else None
            capture.fail(error)
            raise
        finally:
            capturing.reset(token)
        _take_answer(capture, response, self, kwargs)
        return response

    return request


def _letting_go(original: Callable[..., Any]) -> Callable[..., Any]:
    def let_go(self: Any) -> Any:
        try:
            return original(self)
        finally:
            content = self.content
            if type(content) is _TeeContent:
                content.let_go("closed_early")

    return let_go


def _read_request(session: Any, str_or_url: Any, kwargs: dict[str, Any]) -> tuple[str, RawHeaders, bytes]:
    with contextlib.suppress(Exception):  # private: it joins the session's base_url
        str_or_url = session._build_url(str_or_url)
    headers = [*session.headers.items(), *dict(kwargs.get("headers") or {}).items()]
    return str(str_or_url), as_raw_headers(headers), _body(session, kwargs)


def _body(session: Any, kwargs: dict[str, Any]) -> bytes:
    """The bytes that will be sent. ``json=`` is serialised once more, with the session's own function."""
    data = kwargs.get("data")
    if data is None and kwargs.get("json") is not None:
        return as_bytes(session.json_serialize(kwargs["json"]))
    return as_bytes(getattr(data, "_value", data))  # a BytesPayload holds its bytes


def _take_answer(capture: Capture, response: Any, session: Any, kwargs: dict[str, Any]) -> None:
    try:
        if response.status == 101:
            return
        capture.answered(response.status, list(response.raw_headers))
        decompress = kwargs.get("auto_decompress")
        capture.encoded = not (session.auto_decompress if decompress is None else decompress)
        body = getattr(response, "_body", None)
        if isinstance(body, bytes):  # a middleware has read it
            capture.whole(body)
            capture.end()
        else:
            capture.streamed = True
            response.content = _TeeContent(response.content, capture)
    except Exception:
        log_once("reading an aiohttp response")


class _TeeContent(wrapt.ObjectProxy):  # type: ignore[type-arg]
    """A ``StreamReader`` whose reads feed the capture. Its iterators are made anew over the teed reads."""

    def __init__(self, content: Any, capture: Capture) -> None:
        super().__init__(content)
        self._self_capture = capture
        self._self_cancelled = False

    async def read(self, n: int = -1) -> Any:
        return await self._self_reading(self.__wrapped__.read(n), whole=n < 0)

    async def readany(self) -> Any:
        return await self._self_reading(self.__wrapped__.readany())

    async def readline(self, *args: Any, **kwargs: Any) -> Any:
        return await self._self_reading(self.__wrapped__.readline(*args, **kwargs))

    async def readuntil(self, *args: Any, **kwargs: Any) -> Any:
        return await self._self_reading(self.__wrapped__.readuntil(*args, **kwargs))

    async def readexactly(self, n: int) -> Any:
        return await self._self_reading(self.__wrapped__.readexactly(n))

    async def readchunk(self) -> Any:
        return await self._self_reading(self.__wrapped__.readchunk())

    def read_nowait(self, n: int = -1) -> Any:
        data = self.__wrapped__.read_nowait(n)
        self._self_took(data, whole=False)
        return data

    def iter_chunked(self, n: int) -> Any:
        return type(self.__wrapped__).iter_chunked(self, n)

    def iter_any(self) -> Any:
        return type(self.__wrapped__).iter_any(self)

    def iter_chunks(self) -> Any:
        return type(self.__wrapped__).iter_chunks(self)

    def __aiter__(self) -> Any:
        return type(self.__wrapped__).__aiter__(self)

    async def _self_reading(self, reading: Any, whole: bool = False) -> Any:
        try:
            got = await reading
        except CancelledError:  # of this read, perhaps: a timeout around one line, then the app reads on
            self._self_cancelled = True
            raise
        except BaseException as error:
            self._self_capture.fail(error)
            raise
        self._self_took(got[0] if isinstance(got, tuple) else got, whole)
        return got

    def _self_took(self, data: bytes, whole: bool) -> None:
        capture = self._self_capture
        self._self_cancelled = False
        if data and whole:
            capture.piece(data)
        elif data:
            capture.chunk(data)
        if self.__wrapped__.at_eof():
            capture.end()

    def let_go(self, ending: Any) -> None:
        """The app closes, releases or forgets the answer."""
        if self._self_cancelled:
            self._self_capture.fail(CancelledError())
        self._self_capture.end(ending)

    def __del__(self) -> None:
        with contextlib.suppress(Exception):
            self.let_go("abandoned")
