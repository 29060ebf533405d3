"""Spans with their attributes left as bytes, each distinct attribute decoded once.

Of a span's 26 attributes 20 are the same from call to call (model, provider, server). Declared as bytes, an
attribute costs one look into a dictionary instead of a message, a value and their fields: 7 µs a span, against 20.
The other fields keep OpenTelemetry's numbers; unknown ones are skipped, as protobuf wants it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from google.protobuf.descriptor_pb2 import DescriptorProto, FieldDescriptorProto, FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass
from opentelemetry.proto.common.v1.common_pb2 import KeyValue

from suffice_collector.otlp_values import attribute_value

_LONGEST_KEPT = 192  # bytes: longer ones are texts of their own
_MOST_KEPT = 20_000  # distinct attributes; then ids and counts, which never come again, are thrown out with the rest

_BYTES, _STRING, _MESSAGE = (
    FieldDescriptorProto.TYPE_BYTES,
    FieldDescriptorProto.TYPE_STRING,
    FieldDescriptorProto.TYPE_MESSAGE,
)
_INT32, _FIXED64 = FieldDescriptorProto.TYPE_INT32, FieldDescriptorProto.TYPE_FIXED64
_PACKAGE = "suffice.lite"
_ONE, _MANY = FieldDescriptorProto.LABEL_OPTIONAL, FieldDescriptorProto.LABEL_REPEATED

# message -> (field, number, type or name of a message, label)
_SCHEMA: dict[str, list[tuple[str, int, int | str, Any]]] = {
    "Request": [("resource_spans", 1, "ResourceSpans", _MANY)],
    "ResourceSpans": [("resource", 1, "Attributed", _ONE), ("scope_spans", 2, "ScopeSpans", _MANY)],
    "Attributed": [("attributes", 1, _BYTES, _MANY)],
    "ScopeSpans": [("scope", 1, "Scope", _ONE), ("spans", 2, "Span", _MANY)],
    "Scope": [("name", 1, _STRING, _ONE), ("version", 2, _STRING, _ONE)],
    "Span": [
        ("trace_id", 1, _BYTES, _ONE),
        ("span_id", 2, _BYTES, _ONE),
        ("parent_span_id", 4, _BYTES, _ONE),
        ("name", 5, _STRING, _ONE),
        ("kind", 6, _INT32, _ONE),
        ("start_time_unix_nano", 7, _FIXED64, _ONE),
        ("end_time_unix_nano", 8, _FIXED64, _ONE),
        ("attributes", 9, _BYTES, _MANY),
        ("events", 11, "Event", _MANY),
        ("status", 15, _BYTES, _ONE),
    ],
    "Event": [("time_unix_nano", 1, _FIXED64, _ONE), ("name", 2, _STRING, _ONE), ("attributes", 3, _BYTES, _MANY)],
    "Status": [("message", 2, _STRING, _ONE), ("code", 3, _INT32, _ONE)],
}


def _messages() -> tuple[Any, Any, Any]:
    """The classes of a request, a status and what has attributes."""
    file = FileDescriptorProto(name="suffice_lite.proto", package=_PACKAGE, syntax="proto3")
    for name, fields in _SCHEMA.items():
        message: DescriptorProto = file.message_type.add(name=name)
        for field, number, kind, label in fields:
            if isinstance(kind, str):
                message.field.add(
                    name=field, number=number, type=_MESSAGE, type_name=f".{_PACKAGE}.{kind}", label=label
                )
            else:
                message.field.add(name=field, number=number, type=kind, label=label)
    pool = DescriptorPool()
    pool.Add(file)
    request, status, attributed = (
        GetMessageClass(pool.FindMessageTypeByName(f"{_PACKAGE}.{each}"))
        for each in ("Request", "Status", "Attributed")
    )
    return request, status, attributed


LiteRequest, _Status, _Attributed = _messages()


class _Decoded(dict[bytes, tuple[str, Any]]):
    """A KeyValue's bytes -> its key and value. Lists and objects are not kept: whoever gets one may change it."""

    def __missing__(self, raw: bytes) -> tuple[str, Any]:
        pair = KeyValue.FromString(raw)
        value = pair.value.string_value or attribute_value(pair.value)
        found = (pair.key, value)
        if len(raw) <= _LONGEST_KEPT and not isinstance(value, list | dict):
            if len(self) >= _MOST_KEPT:
                self.clear()
            self[raw] = found
        return found


_decoded = _Decoded()
_decode = _decoded.__getitem__


class _Statuses(dict[bytes, tuple[int, str]]):
    """A status's bytes -> its code and message; one with a message is decoded each time."""

    def __missing__(self, raw: bytes) -> tuple[int, str]:
        status = _Status.FromString(raw)
        found = (status.code, status.message)
        if not status.message and len(self) < _MOST_KEPT:
            self[raw] = found
        return found


lite_status = _Statuses().__getitem__  # raises DecodeError


def lite_attributes(raw: Iterable[bytes]) -> dict[str, Any]:
    """The attributes by key. Raises DecodeError, MalformedBodyError."""
    return dict(map(_decode, raw))


def lite_resource(raw: bytes) -> dict[str, Any]:
    """The attributes of a resource's bytes. Raises DecodeError, MalformedBodyError."""
    return lite_attributes(_Attributed.FromString(raw).attributes)
