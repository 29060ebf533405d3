"""httpx and httpx2: one seam, ``Client.send`` and ``AsyncClient.send``, in two libraries of one shape.

``send`` stands above transports, mocks and connection pools, so one wrapper sees every request however it
travels. The answer's stream is replaced by a tee that hands on the same chunks and forwards every
attribute it doesn't know (httpx2 reads ``stream.elapsed`` back). A request inside a captured one (a
transport built on another client) is not captured again.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

from suffice.announce import log_once
from suffice.capture import Capture, RawHeaders, capturing
from suffice.http_spans import around_call, unobserved, watched
from suffice.transports.seams import Unpatch, begin, wrap

MODULES = ("httpx", "httpx2")


def patch(module: Any) -> Unpatch:
    """Wrap both clients of the library."""
    sync_tee: type[Any] = type("TeeStream", (_TeeStream, module.SyncByteStream), {})
    async_tee: type[Any] = type("AsyncTeeStream", (_AsyncTeeStream, module.AsyncByteStream), {})
    unpatch_sync = wrap(module.Client, "send", lambda original: _sync_send(original, sync_tee, module.__name__))
    unpatch_async = wrap(module.AsyncClient, "send", lambda original: _async_send(original, async_tee, module.__name__))

    def unpatch() -> None:
        unpatch_sync()
        unpatch_async()

    return unpatch


def _sync_send(original: Callable[..., Any], tee: type[Any], library: str) -> Callable[..., Any]:
    def send(self: Any, request: Any, *args: Any, **kwargs: Any) -> Any:
        capture = _begin(request)
        if capture is None:
            if library not in watched:
                return original(self, request, *args, **kwargs)
            with unobserved():
                return original(self, request, *args, **kwargs)
        token = capturing.set(True)
        try:
            with around_call(capture):
                response = original(self, request, *args, **kwargs)
        except BaseException as error:
            capture.fail(error)
            raise
        finally:
            capturing.reset(token)
        _take_answer(capture, response, tee)
        return response

    return send


def _async_send(original: Callable[..., Any], tee: type[Any], library: str) -> Callable[..., Any]:
    async def send(self: Any, request: Any, *args: Any, **kwargs: Any) -> Any:
        capture = _begin(request)
        if capture is None:
            if library not in watched:
                return await original(self, request, *args, **kwargs)
            with unobserved():
                return await original(self, request, *args, **kwargs)
        token = capturing.set(True)
        try:
            with around_call(capture):
                response = await original(self, request, *args, **kwargs)
        except BaseException as error:
            capture.fail(error)
            raise
        finally:
            capturing.reset(token)
        _take_answer(capture, response, tee)
        return response

    return send


def _begin(request: Any) -> Capture | None:
    try:
        method = request.method
        if method != "POST":  # no call; httpx writes methods in capitals
            return None
        target = request.url.raw_path.decode("ascii")  # a quarter of what str(url) takes
    except Exception:
        log_once("reading an httpx request")
        return None

    def read() -> tuple[str, RawHeaders, bytes]:
        return str(request.url), request.headers.raw, _request_body(request)

    return begin("httpx", method, target, read)


def _request_body(request: Any) -> bytes:
    try:
        body: bytes = request.content
    except Exception:  # RequestNotRead: the app streams the body up; no LLM client does so for a call
        return b""
    return body


def _take_answer(capture: Capture, response: Any, tee: type[Any]) -> None:
    """Read the answer off, or tee it if it is still to come."""
    try:
        if response.status_code == 101:  # a WebSocket: what follows is no answer
            return
        capture.answered(response.status_code, response.headers.raw)
        try:
            body = response.content  # read already: a plain call, or a mock's ready-made answer
        except Exception:  # ResponseNotRead
            capture.streamed = capture.encoded = True
            response.stream = tee(response.stream, capture)
        else:
            capture.whole(body)
            capture.end()
    except Exception:
        log_once("reading an httpx response")


class _Tee:
    """What both tees share: forwarding, and the ends that aren't the end of the stream."""

    def __init__(self, inner: Any, capture: Capture) -> None:
        self._inner = inner
        self._capture = capture

    def __getattr__(self, name: str) -> Any:
        if name in ("_inner", "_capture"):  # not set yet: __init__ was never run
            raise AttributeError(name)
        return getattr(self._inner, name)

    def __del__(self) -> None:
        with contextlib.suppress(Exception):  # while the interpreter goes down anything may be gone
            self._capture.end("abandoned")


class _TeeStream(_Tee):
    def __iter__(self) -> Iterator[bytes]:
        capture = self._capture
        try:
            for chunk in self._inner:
                capture.chunk(chunk)
                yield chunk
        except GeneratorExit:  # the reader stops early; close() follows
            raise
        except BaseException as error:
            capture.fail(error)
            raise
        capture.end()

    def close(self) -> None:
        try:
            self._inner.close()
        finally:
            self._capture.end("closed_early")


class _AsyncTeeStream(_Tee):
    def __aiter__(self) -> AsyncIterator[bytes]:
        return _AsyncTeeIterator(self._inner.__aiter__(), self._capture)

    async def aclose(self) -> None:
        try:
            await self._inner.aclose()
        finally:
            self._capture.end("closed_early")


class _AsyncTeeIterator:
    """An object, not an async generator: nothing more that an event loop would have to finalise."""

    __slots__ = ("_capture", "_inner")

    def __init__(self, inner: AsyncIterator[bytes], capture: Capture) -> None:
        self._inner = inner
        self._capture = capture

    def __aiter__(self) -> _AsyncTeeIterator:
        return self

    async def __anext__(self) -> bytes:
        try:
            chunk = await self._inner.__anext__()
        except StopAsyncIteration:
            self._capture.end()
            raise
        except BaseException as error:
            self._capture.fail(error)
            raise
        self._capture.chunk(chunk)
        return chunk
