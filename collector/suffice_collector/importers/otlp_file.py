"""OTLP exports in files: what an exporter would have sent to the collector, read by the collector's own decoder.

Three layouts, told apart by their first bytes: JSON (one request, or one a line as OpenTelemetry's file
exporter writes it), one protobuf request, and protobuf requests each behind its length in four bytes
(the file exporter's ``format: proto``). Ids come from trace and span ids, so a file of spans that were
also received live adds nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from suffice import semconv
from suffice_collector.bodies import JSON, PROTOBUF
from suffice_collector.dialects import normalise_spans
from suffice_collector.dialects.place import DEFAULT_PROJECT
from suffice_collector.importers.contract import Context, Read, Skipped
from suffice_collector.importers.lines import BYTE_ORDER_MARK, read_lines
from suffice_collector.otlp import MalformedBodyError, TraceRequest, parse_traces
from suffice_store.records import CallRecord

NAME = "otlp"

MAX_REQUEST_BYTES = 256 * 1024 * 1024
_LENGTH_BYTES = 4
_FIELD_1 = b"\x0a"  # protobuf: field 1, length-delimited; also a line break
_SIGNALS = {b'"resourceLogs"': "log records", b'"resourceMetrics"': "metrics"}


def recognises(head: bytes, path: str) -> bool:
    """JSON that names ``resourceSpans`` (or another signal) early, or the start of a protobuf request."""
    text = head.removeprefix(BYTE_ORDER_MARK).lstrip()
    if text.startswith(b"{"):
        start = text[:1000]
        return b'"resourceSpans"' in start or any(signal in start for signal in _SIGNALS)
    return _is_protobuf(head) or _is_length_prefixed(head)


def read(stream: BinaryIO, context: Context) -> Iterator[Read]:
    """The records of every span; a request that can't be decoded is Skipped."""
    start = stream.read(_LENGTH_BYTES + 1)
    rest = _Rest(start, stream)
    if start.removeprefix(BYTE_ORDER_MARK).lstrip()[:1] in (b"{", b""):
        yield from _read_json(rest, context)
    elif _is_length_prefixed(start):
        yield from _read_length_prefixed(rest, context)
    else:
        yield from _read_body(0, rest.read(MAX_REQUEST_BYTES + 1), PROTOBUF, context)


class _Rest:
    """The stream with the bytes that were looked at put back in front."""

    def __init__(self, start: bytes, stream: BinaryIO) -> None:
        self._start, self._stream = start, stream

    def read(self, size: int) -> bytes:
        taken, self._start = self._start[:size], self._start[size:]
        return taken + self._stream.read(size - len(taken)) if len(taken) < size else taken

    def readline(self, limit: int) -> bytes:
        taken, self._start = self._start, b""
        end = taken.find(b"\n") + 1
        if end:
            self._start = taken[end:]
            return taken[:end]
        return taken + self._stream.readline(max(limit - len(taken), 0))


def _is_protobuf(head: bytes) -> bool:
    """Field 1 with a length, then field 1 or 2 of what is in it: no text starts so."""
    if not head.startswith(_FIELD_1):
        return False
    at = 1
    while at < min(len(head), 6) and head[at] & 0x80:
        at += 1
    return head[at + 1 : at + 2] in (b"\x0a", b"\x12", b"\x1a")


def _is_length_prefixed(head: bytes) -> bool:
    """A length, then field 1. A first byte that is field 1 itself would be a length of 167 MiB: it is a request."""
    length = int.from_bytes(head[:_LENGTH_BYTES], "big")
    starts_request = head[_LENGTH_BYTES : _LENGTH_BYTES + 1] == _FIELD_1 and not head.startswith(_FIELD_1)
    return starts_request and 0 < length <= MAX_REQUEST_BYTES


def _read_json(rest: _Rest, context: Context) -> Iterator[Read]:
    """A request a line; or one request over many lines, known by a first line that is short and ends nothing."""
    held: list[bytes] = []
    held_bytes = 0
    for number, line in read_lines(rest, MAX_REQUEST_BYTES):
        if line is None:
            yield Skipped(number, f"longer than {MAX_REQUEST_BYTES >> 20} MiB")
        elif held or (number == 1 and len(line) < 200 and not line.endswith(b"}")):
            held.append(line)
            held_bytes += len(line) + 1
            if held_bytes > MAX_REQUEST_BYTES:
                break
        else:
            yield from _read_body(number, line, JSON, context)
    if held:
        yield from _read_body(0, b"\n".join(held), JSON, context)


def _read_length_prefixed(rest: _Rest, context: Context) -> Iterator[Read]:
    number = 0
    while prefix := rest.read(_LENGTH_BYTES):
        number += 1
        length = int.from_bytes(prefix, "big")
        body = rest.read(length) if 0 < length <= MAX_REQUEST_BYTES else b""
        if len(prefix) < _LENGTH_BYTES or len(body) < length:
            yield Skipped(number, "the file is cut short")
            return
        yield from _read_body(number, body, PROTOBUF, context)


def _read_body(number: int, body: bytes, content_type: str, context: Context) -> Iterator[Read]:
    if len(body) > MAX_REQUEST_BYTES:
        yield Skipped(number, f"one request of more than {MAX_REQUEST_BYTES >> 20} MiB")
        return
    for signal, name in _SIGNALS.items():
        if content_type == JSON and signal in body[:1000]:
            yield Skipped(number, f"{name}: only traces are read from files yet")
            return
    try:
        request = parse_traces(body, content_type)
    except MalformedBodyError as reason:
        yield Skipped(number, str(reason))
        return
    if body and not request.groups and b'"resourceSpans"' not in body:  # JSON or protobuf of something else
        yield Skipped(number, "no OTLP export request: it has no 'resourceSpans'")
        return
    if request.rejected:
        yield Skipped(number, f"{request.rejected} spans: {request.reason}")
    yield from _records(request, context)


def _records(request: TraceRequest, context: Context) -> Iterator[Read]:
    if context.project != DEFAULT_PROJECT:  # what the command says goes before what the exporter said
        for group in request.groups:
            group.resource.attributes[semconv.PROJECT] = context.project
    for record in normalise_spans(request.groups):
        if isinstance(record, CallRecord):
            record.source = "import"
            record.service = record.service or context.service
        yield record
