"""What the transports share: putting a wrapper on a seam and taking it off, and beginning a capture."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from typing import Any

from suffice import context
from suffice.announce import log_once
from suffice.capture import Capture, RawHeaders, capturing

Unpatch = Callable[[], None]


def wrap(owner: Any, name: str, make: Callable[[Callable[..., Any]], Callable[..., Any]]) -> Unpatch:
    """Replace a method of a class by ``make(method)``. Raises AttributeError where there is none.

    The wrapper takes the method's name and signature and nothing else: other tools leave marks in a function's
    ``__dict__`` and, finding theirs on ours, would take ours off in place of their own.
    """
    original = getattr(owner, name)
    wrapper = functools.wraps(original, updated=())(make(original))
    setattr(owner, name, wrapper)

    def unwrap() -> None:
        if owner.__dict__.get(name) is wrapper:  # else somebody wrapped us: stay, silent
            setattr(owner, name, original)

    return unwrap


def begin(library: str, method: str, url: str, read: Callable[[], tuple[str, RawHeaders, bytes]]) -> Capture | None:
    """Start capturing, if somebody records and the request may be a call. Else nothing more of it is looked at.

    ``read`` gives the whole URL, the headers and the body.
    """
    recorder = context.recorder
    if recorder is None or capturing.get():
        return None
    try:
        if not recorder.wants(method, url):
            return None
        whole_url, headers, body = read()
        return recorder.begin(method, whole_url, headers, body)
    except Exception:
        log_once(f"reading a request of {library}")
        return None


def as_bytes(body: Any) -> bytes:
    """A request's body, where it is there as a whole. What is sent in pieces (an upload) is no call's."""
    if isinstance(body, bytes):
        return body
    if isinstance(body, str):
        return body.encode("utf-8", "replace")
    if isinstance(body, bytearray | memoryview):
        return bytes(body)
    return b""


def as_raw_headers(headers: Iterable[tuple[Any, Any]]) -> RawHeaders:
    """Names and values as bytes, whichever the library has."""
    return [(_header_bytes(name), _header_bytes(value)) for name, value in headers]


def _header_bytes(value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode("latin-1", "replace")
