"""Undo a body's content-encoding, off the app's path. A truncated body gives what can be read of it."""

from __future__ import annotations

import zlib
from importlib import import_module
from typing import Any

MAX_DECODED_BYTES = 64 * 1024 * 1024  # a bomb decodes to no more than this


def decode_body(body: bytes, encoding: str) -> bytes:
    """The body as the app read it. Raises ValueError for an encoding nothing here can undo."""
    for name in reversed([part.strip().lower() for part in encoding.split(",") if part.strip()]):
        body = _decode(body, name)
    return body


def _decode(body: bytes, name: str) -> bytes:
    if name in ("identity", ""):
        return body
    if name in ("gzip", "x-gzip"):
        return _inflate(body, zlib.MAX_WBITS | 16)
    if name == "deflate":
        try:
            return _inflate(body, zlib.MAX_WBITS)
        except ValueError:
            return _inflate(body, -zlib.MAX_WBITS)  # raw deflate, as some servers send it
    if name == "br":
        return _brotli(body)
    if name == "zstd":
        return _zstd(body)
    raise ValueError(f"content-encoding {name!r} is not known")


def _inflate(body: bytes, window: int) -> bytes:
    decompressor = zlib.decompressobj(window)
    try:
        return decompressor.decompress(body, MAX_DECODED_BYTES)
    except zlib.error as error:
        raise ValueError(f"the body is not what content-encoding says: {error}") from error


def _brotli(body: bytes) -> bytes:
    codec = _codec("brotli", "brotlicffi")
    decompressor = codec.Decompressor()
    step = getattr(decompressor, "process", None) or decompressor.decompress
    try:
        return bytes(step(body))
    except codec.error as error:
        raise ValueError(f"the body is not what content-encoding says: {error}") from error


def _zstd(body: bytes) -> bytes:
    codec = _codec("compression.zstd", "backports.zstd", "zstandard")
    decompressor = codec.ZstdDecompressor()
    if hasattr(decompressor, "decompressobj"):  # zstandard's one-shot object can't read a truncated frame
        decompressor = decompressor.decompressobj()
    try:
        return bytes(decompressor.decompress(body))
    except codec.ZstdError as error:
        raise ValueError(f"the body is not what content-encoding says: {error}") from error


def _codec(*names: str) -> Any:
    """The first that is installed: the app's client reads the encoding only where one of these is."""
    for name in names:
        try:
            return import_module(name)
        except ImportError:
            continue
    raise ValueError(f"no codec installed: {' or '.join(names)}")
