"""The answer of urllib3, teed: what ``requests``, botocore and urllib3's own users read from.

A response that is still to be read gets a subclass of its own class: the object stays the same one,
``isinstance`` holds, and no reference cycle is made (its connection would then wait for the garbage
collector). Every way of reading goes through ``read``, ``read1`` or ``read_chunked``.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import wrapt

from suffice.capture import Capture


def tee(raw: Any, capture: Capture) -> Any:
    """``raw``, reading from which now feeds the capture. Another object only if its class can't be changed."""
    capture.streamed = True
    try:
        raw.__class__ = _teed(type(raw))
    except TypeError:  # a class with slots, or one of C's: an adapter of the app's own
        return _TeeProxy(raw, capture)
    raw._suffice_capture = capture
    return raw


_teed_classes: dict[type[Any], type[Any]] = {}


def _teed(cls: type[Any]) -> type[Any]:
    known = _teed_classes.get(cls)
    if known is None:
        names = {"__module__": cls.__module__, "__qualname__": cls.__qualname__}
        known = _teed_classes[cls] = type(cls.__name__, (_Tee, cls), names)
    return known


class _Tee:
    """Mixed in before the response's class."""

    __slots__ = ()
    _suffice_capture: Capture

    def read(self: Any, amt: Any = None, *args: Any, **kwargs: Any) -> Any:
        try:
            data = super().read(amt, *args, **kwargs)  # type: ignore[misc]
        except BaseException as error:
            self._suffice_capture.fail(error)
            raise
        whole = amt is None or amt < 0
        _take(self, data, _decodes(self, args, kwargs), whole)
        if whole or (not data and amt) or self.isclosed():
            self._suffice_capture.end()
        return data

    def read1(self: Any, amt: Any = None, *args: Any, **kwargs: Any) -> Any:
        try:
            data = super().read1(amt, *args, **kwargs)  # type: ignore[misc]
        except BaseException as error:
            self._suffice_capture.fail(error)
            raise
        _take(self, data, _decodes(self, args, kwargs), False)
        if not data and amt != 0:
            self._suffice_capture.end()
        return data

    def read_chunked(self: Any, amt: Any = None, decode_content: Any = None) -> Iterator[bytes]:
        try:
            for chunk in super().read_chunked(amt, decode_content):  # type: ignore[misc]
                _take(self, chunk, bool(decode_content), False)  # None is no here, unlike in read
                yield chunk
        except GeneratorExit:  # the reader stops early; close() follows
            raise
        except BaseException as error:
            self._suffice_capture.fail(error)
            raise
        self._suffice_capture.end()

    def close(self: Any) -> None:
        try:
            super().close()  # type: ignore[misc]
        finally:
            self._suffice_capture.end("closed_early")

    def __del__(self: Any) -> None:
        with contextlib.suppress(Exception):  # while the interpreter goes down anything may be gone
            self._suffice_capture.end("abandoned")
        finalise = getattr(super(), "__del__", None)
        if finalise is not None:
            finalise()


def _decodes(response: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    given = args[0] if args else kwargs.get("decode_content")
    return bool(response.decode_content if given is None else given)


def _take(response: Any, data: Any, decoded: bool, whole: bool) -> None:
    if not data:
        return
    capture = response._suffice_capture
    capture.encoded = not decoded
    if whole and not capture.chunks:
        capture.piece(data)
    else:
        capture.chunk(data)


class _TeeProxy(wrapt.ObjectProxy):  # type: ignore[type-arg]
    """In place of a raw answer that is no urllib3 response: requests asks it for ``read`` alone."""

    def __init__(self, raw: Any, capture: Capture) -> None:
        super().__init__(raw)
        self._self_capture = capture
        capture.encoded = True

    def read(self, *args: Any, **kwargs: Any) -> Any:
        capture = self._self_capture
        try:
            data = self.__wrapped__.read(*args, **kwargs)
        except BaseException as error:
            capture.fail(error)
            raise
        if data:
            capture.chunk(data)
        if not data or not args:
            capture.end()
        return data

    def close(self) -> None:
        try:
            self.__wrapped__.close()
        finally:
            self._self_capture.end("closed_early")

    def __del__(self) -> None:
        with contextlib.suppress(Exception):
            self._self_capture.end("abandoned")
