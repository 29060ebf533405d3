"""OTLP's protobuf, written directly: a span as bytes, a batch as the bytes of an export request.

opentelemetry-sdk's way (a Span that checks every attribute, a ReadableSpan, a protobuf object of each
attribute) takes 250 µs for a call of 30 attributes; this takes 20, and copies a long text once instead of
four times: it stays a piece of its own until it is sent. The same bytes as theirs: tests/sdk/test_otlp.py reads them back with the generated classes.
Field numbers: opentelemetry-proto, trace.proto, common.proto, resource.proto.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from suffice.messages_json import Pieces

KIND_INTERNAL, KIND_CLIENT = 1, 3
STATUS_UNSET, STATUS_ERROR = 0, 2
_HAS_IS_REMOTE, _IS_REMOTE = 0x100, 0x200  # SpanFlags

_ONE_BYTE = [bytes((n,)) for n in range(128)]
_TIMES = struct.Struct("<BQBQ")
_FLAGS = struct.Struct("<HI")
_DOUBLE = struct.Struct("<Bd")
_names: dict[str, bytes] = {}  # a key's bytes as they stand in a KeyValue; attribute names are few
_NAMES_LIMIT = 1000
LONG_BYTES = 16 * 1024  # a piece from here on is sent by itself: cheaper than to copy it into one with its neighbours
Bytes = list[bytes]  # in pieces, to be sent one after the other


class Scope(NamedTuple):
    """The instrumentation scope a span was made by."""

    name: str
    version: str = ""


class Span(NamedTuple):
    """One span as OTLP sees it. Ids are 16 and 8 bytes, times Unix nanoseconds."""

    name: str
    trace_id: bytes
    span_id: bytes
    parent_id: bytes | None
    kind: int
    started_ns: int
    ended_ns: int
    attributes: Mapping[str, Any]
    status: int = STATUS_UNSET
    status_text: str = ""
    parent_is_remote: bool = False
    trace_state: str = ""


def encode_span(span: Span) -> Bytes:
    """The bytes of a ``Span`` message, without the tag and length it gets in a batch."""
    pieces = [
        b"\x0a\x10" + span.trace_id + b"\x12\x08" + span.span_id,
        _text(b"\x1a", span.trace_state) if span.trace_state else b"",
        b"\x22\x08" + span.parent_id if span.parent_id else b"",
        _text(b"\x2a", span.name),
        b"\x30" + _ONE_BYTE[span.kind],
        _TIMES.pack(0x39, span.started_ns, 0x41, span.ended_ns),
    ]
    for name, value in span.attributes.items():
        _add_attribute(pieces, b"\x4a", name, value)
    status = _text(b"\x12", span.status_text) if span.status_text else b""
    if span.status:
        status += b"\x18" + _ONE_BYTE[span.status]
    pieces.append(_message(b"\x7a", status))
    flags = _HAS_IS_REMOTE | (_IS_REMOTE if span.parent_is_remote else 0)
    pieces.append(_FLAGS.pack(0x0185, flags))  # the tag of field 16, fixed32: two bytes
    return with_long_apart(pieces)


def encode_resource(attributes: Mapping[str, Any]) -> bytes:
    """The ``resource`` field of a ``ResourceSpans``, tag and length with it."""
    pieces: list[bytes] = []
    for name, value in attributes.items():
        _add_attribute(pieces, b"\x0a", name, value)
    return _message(b"\x0a", b"".join(pieces))


def encode_batch(resource: bytes, spans: Iterable[tuple[Scope, Bytes]]) -> Bytes:
    """An export request with the encoded spans."""
    by_scope: dict[Scope, list[Bytes]] = {}
    for scope, encoded in spans:
        by_scope.setdefault(scope, []).append(encoded)
    pieces = [resource]
    for scope, group in by_scope.items():
        named = _text(b"\x0a", scope.name) + (_text(b"\x12", scope.version) if scope.version else b"")
        inner = [_message(b"\x0a", named)]
        for encoded in group:
            inner += (b"\x12" + _varint(sum(map(len, encoded))), *encoded)
        pieces.append(b"\x12" + _varint(sum(map(len, inner))))
        pieces += inner
    return with_long_apart([b"\x0a" + _varint(sum(map(len, pieces))), *pieces])


def with_long_apart(pieces: Bytes) -> Bytes:
    """What stands between long pieces put together."""
    if max(map(len, pieces)) < LONG_BYTES:
        return [b"".join(pieces)]
    apart, short = Bytes(), Bytes()
    for piece in pieces:
        if len(piece) < LONG_BYTES:
            short.append(piece)
            continue
        if short:
            apart.append(b"".join(short))
            short.clear()
        apart.append(piece)
    if short:
        apart.append(b"".join(short))
    return apart


def _add_attribute(pieces: Bytes, tag: bytes, name: str, value: Any) -> None:
    key = _names.get(name) or _key(name)
    if isinstance(value, str | Pieces):
        data = [_utf8(value)] if isinstance(value, str) else [_utf8(each) for each in value]
        length = sum(map(len, data))
        if length + len(key) < 124:  # every length below takes one byte: most attributes
            pieces += (tag + bytes((len(key) + length + 4,)) + key + bytes((0x12, length + 2, 0x0A, length)), *data)
            return
        size = _varint(length)
        inner = 1 + len(size) + length
        head = b"\x12" + _varint(inner) + b"\x0a" + size
        pieces.append(tag + _varint(len(key) + len(head) + length) + key + head)
        pieces += data
        return
    encoded = _any_value(value)
    if encoded is not None:
        pieces.append(_message(tag, key + _message(b"\x12", encoded)))


def _any_value(value: Any) -> bytes | None:
    """The bytes of an ``AnyValue``; None for what a span attribute can't hold."""
    if isinstance(value, str):
        return _text(b"\x0a", value)
    if isinstance(value, bool):
        return b"\x10\x01" if value else b"\x10\x00"
    if isinstance(value, int):
        return b"\x18" + _varint(value & 0xFFFFFFFFFFFFFFFF) if -(2**63) <= value < 2**63 else None
    if isinstance(value, float):
        return _DOUBLE.pack(0x21, value)
    if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray):
        items = [encoded for each in value if (encoded := _any_value(each)) is not None]
        return _message(b"\x2a", b"".join(_message(b"\x0a", each) for each in items))
    return None


def _key(name: str) -> bytes:
    encoded = _text(b"\x0a", name)
    if len(_names) < _NAMES_LIMIT:
        _names[name] = encoded
    return encoded


def _text(tag: bytes, value: str) -> bytes:
    return _message(tag, _utf8(value))


def _message(tag: bytes, encoded: bytes) -> bytes:
    return tag + _varint(len(encoded)) + encoded


def _utf8(value: str) -> bytes:
    try:
        return value.encode()
    except UnicodeEncodeError:  # half a surrogate pair
        return value.encode("utf-8", "replace")


def _varint(value: int) -> bytes:
    if value < 128:
        return _ONE_BYTE[value]
    if value < 16384:
        return bytes((value & 127 | 128, value >> 7))
    low = []
    while value >= 128:
        low.append(value & 127 | 128)
        value >>= 7
    return bytes((*low, value))
