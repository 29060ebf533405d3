"""The objects of an export, one after the other, whatever holds them: JSON Lines, a JSON array, an API's page, CSV.

Constant memory: of an array one member is held at a time (found by counting brackets outside of texts, since no
JSON parser here reads by pieces), of a CSV one row. What can't be read is given with its line and the reason.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import orjson

from suffice.wire.lenient import has_surrogates, is_too_deep, parse_json, without_lone_surrogates
from suffice_collector.importers.lines import BYTE_ORDER_MARK, MAX_LINE_BYTES, read_lines

CHUNK_BYTES = 256 * 1024
# Under these keys the APIs put their pages; the first one found in the file's first bytes is walked.
PAGE_KEYS = ("data", "runs", "traces", "spans", "observations")
_PAGE = re.compile(rb'^\s*\{\s*"(?:' + b"|".join(each.encode() for each in PAGE_KEYS) + rb')"\s*:\s*\[')
_OUTSIDE, _INSIDE = re.compile(rb'["{}\[\]]'), re.compile(rb'["\\]')
_TOO_LONG = f"longer than {MAX_LINE_BYTES >> 20} MiB"


@dataclass(frozen=True, slots=True)
class Entry:
    """One object with the line it starts on (from 1); or, without ``value``, why there is none."""

    line: int
    value: dict[str, Any] | None
    reason: str = ""


class ByteStream(Protocol):
    def read(self, size: int, /) -> bytes: ...

    def readline(self, limit: int, /) -> bytes: ...


def read_entries(stream: ByteStream) -> Iterator[Entry]:
    """Every object of the file in order."""
    rest = Rest(stream)
    start = rest.peek(4096).removeprefix(BYTE_ORDER_MARK).lstrip()
    if start.startswith(b"["):
        yield from _read_array(rest)
    elif _PAGE.match(start):
        yield from _read_array(rest, within_object=True)
    elif start.startswith(b"{"):
        yield from _read_json_lines(rest) if _is_lines(rest.peek(CHUNK_BYTES)) else _read_document(rest)
    elif start:
        yield from _read_csv(rest)


def head_objects(head: bytes, limit: int = 20) -> list[dict[str, Any]]:
    """The first objects that are whole in a file's first bytes: what a format is recognised by."""
    found: list[dict[str, Any]] = []
    for entry in read_entries(io.BytesIO(head)):
        if entry.value is not None:
            found.append(entry.value)
        if len(found) >= limit:
            break
    return found


class Rest:
    """A stream whose next bytes can be looked at without taking them."""

    def __init__(self, stream: ByteStream) -> None:
        self._stream, self._ahead = stream, b""

    def peek(self, size: int) -> bytes:
        while len(self._ahead) < size and (more := self._stream.read(size - len(self._ahead))):
            self._ahead += more
        return self._ahead[:size]

    def read(self, size: int) -> bytes:
        if not self._ahead:
            return self._stream.read(size)
        taken, self._ahead = self._ahead[:size], self._ahead[size:]
        return taken

    def readline(self, limit: int) -> bytes:
        end = self._ahead.find(b"\n", 0, limit) + 1
        if end or len(self._ahead) >= limit:
            size = end or limit
            taken, self._ahead = self._ahead[:size], self._ahead[size:]
            return taken
        taken, self._ahead = self._ahead, b""
        return taken + self._stream.readline(limit - len(taken))


def _is_lines(head: bytes) -> bool:
    """Whether an object ends where a line does; a first line longer than the head counts as one."""
    first, broke, _ = head.removeprefix(BYTE_ORDER_MARK).strip().partition(b"\n")
    return not broke or first.rstrip().endswith(b"}") or (first.strip() != b"{" and b'":' in first)


def _read_json_lines(rest: Rest) -> Iterator[Entry]:
    for number, line in read_lines(rest):
        if line is None:
            yield Entry(number, None, _TOO_LONG)
        else:
            yield from _entries_of(number, _parsed(line))


def _read_document(rest: Rest) -> Iterator[Entry]:
    """One pretty-printed object: a record, or a page whose list does not come first."""
    text = b""
    while more := rest.read(CHUNK_BYTES):
        text += more
        if len(text) > MAX_LINE_BYTES:
            yield Entry(1, None, _TOO_LONG)
            return
    yield from _entries_of(1, _parsed(text.removeprefix(BYTE_ORDER_MARK)))


def _entries_of(line: int, value: Any) -> Iterator[Entry]:
    if not isinstance(value, dict):
        yield Entry(line, None, "not JSON" if value is None else "not a JSON object")
        return
    page = next((value[key] for key in PAGE_KEYS if isinstance(value.get(key), list)), None)
    if page is None or "id" in value or "info" in value:  # a trace holds its observations under such a key too
        yield Entry(line, value)
        return
    for each in page:
        yield Entry(line, each) if isinstance(each, dict) else Entry(line, None, "not a JSON object")


def _read_array(rest: Rest, *, within_object: bool = False) -> Iterator[Entry]:
    """The members of the array that comes first; what stands behind it (a page's ``meta``) is let go."""
    members = _Members(rest)
    if within_object:
        members.skip_to(b"[")
    yield from members.walk()


class _Members:
    """Walks over an array's objects, with a buffer of one of them."""

    def __init__(self, rest: Rest) -> None:
        self._rest, self._buffer, self._at, self._line = rest, b"", 0, 1

    def skip_to(self, mark: bytes) -> None:
        found = self._rest.peek(4096).find(mark)
        self._line += self._rest.read(max(found, 0)).count(b"\n")

    def walk(self) -> Iterator[Entry]:
        while (start := self._next_object()) is not None:
            line = self._line
            end = self._end_of_object(start)
            if end is None:
                yield Entry(line, None, "breaks off" if len(self._buffer) - start <= MAX_LINE_BYTES else _TOO_LONG)
                return
            text = self._buffer[start:end]
            self._line += text.count(b"\n")
            self._at = end
            if end > CHUNK_BYTES // 2:  # not after each member: moving the rest costs more than reading it
                self._buffer, self._at = self._buffer[end:], 0
            value = _parsed(text)
            yield Entry(line, value) if isinstance(value, dict) else Entry(line, None, "not JSON")

    def _more(self) -> bool:
        more = self._rest.read(CHUNK_BYTES)
        self._buffer += more
        return bool(more)

    def _next_object(self) -> int | None:
        """Where the next member starts; None at the array's end."""
        while True:
            for at in range(self._at, len(self._buffer)):
                byte = self._buffer[at]
                if byte == 0x0A:
                    self._line += 1
                elif byte == 0x7B:
                    self._at = at
                    return at
                elif byte == 0x5D:
                    return None
            self._buffer, self._at = b"", 0
            if not self._more():
                return None

    def _end_of_object(self, start: int) -> int | None:
        """Behind the bracket that closes the object at ``start``; None where the file or the limit ends first."""
        depth, at, in_text = 0, start, False
        while True:
            found = (_INSIDE if in_text else _OUTSIDE).search(self._buffer, at)
            if found is None or (in_text and self._buffer[found.start()] == 0x5C and found.end() >= len(self._buffer)):
                at = len(self._buffer) if found is None else found.start()
                if len(self._buffer) - start > MAX_LINE_BYTES or not self._more():
                    return None
                continue
            byte, at = self._buffer[found.start()], found.end()
            if byte == 0x5C:
                at += 1
            elif byte == 0x22:
                in_text = not in_text
            elif byte in b"{[":
                depth += 1
            else:
                depth -= 1
                if depth == 0:
                    return at


def _read_csv(rest: Rest) -> Iterator[Entry]:
    """Each row as an object of its header's names; what is JSON in a cell is left to the importer."""
    csv.field_size_limit(MAX_LINE_BYTES)
    rows = csv.reader(_text_lines(rest))
    header: list[str] | None = None
    while True:
        line = rows.line_num + 1
        try:
            row = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            yield Entry(line, None, f"not CSV: {error}")
            continue
        if not row:
            continue
        if header is None:
            header = [name.strip() for name in row]
            if len(header) < 2:
                yield Entry(line, None, "not CSV: no header of several columns")
                return
        elif len(row) != len(header):
            yield Entry(line, None, f"{len(row)} cells where the header has {len(header)}")
        else:
            yield Entry(line, dict(zip(header, row, strict=True)))


def _text_lines(rest: Rest) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    first = True
    while piece := rest.readline(CHUNK_BYTES):
        text = decoder.decode(piece)
        yield text.removeprefix("\ufeff") if first else text
        first = False


def _parsed(text: bytes) -> Any:
    """orjson is five times as fast; what it refuses (NaN, huge numbers, half characters) is tried once more."""
    try:
        value = orjson.loads(text)
        return None if is_too_deep(value) else value
    except orjson.JSONDecodeError:
        value = parse_json(text)
        return without_lone_surrogates(value) if has_surrogates(text) else value
