"""Objects one after the other out of every container, broken ones named, in constant memory."""

from __future__ import annotations

import io
import json
import random
from typing import Any

import pytest

from suffice_collector.importers.entries import CHUNK_BYTES, Entry, head_objects, read_entries

ROWS: list[dict[str, Any]] = [
    {"id": 1, "text": 'a "b" {c} [d] \\'},
    {"id": 2, "text": "é\n,\u2026"},
    {"id": 3, "text": ""},
]


def entries(data: bytes) -> list[Entry]:
    return list(read_entries(io.BytesIO(data)))


@pytest.mark.parametrize(
    "data",
    [
        "\n".join(json.dumps(each) for each in ROWS),
        json.dumps(ROWS),
        json.dumps(ROWS, indent=4, ensure_ascii=False),
        json.dumps({"data": ROWS, "meta": {"page": 1}}),
        json.dumps({"runs": ROWS}, indent=1),
        json.dumps({"meta": {"page": 1}, "spans": ROWS}),
        json.dumps({"meta": {"page": 1}, "spans": ROWS}, indent=2),
        "\ufeff" + json.dumps(ROWS),
    ],
    ids=["lines", "array", "pretty", "page", "pretty-page", "late-page", "pretty-late-page", "byte-order-mark"],
)
def test_every_container_gives_the_same_objects(data: str) -> None:
    assert [each.value for each in entries(data.encode())] == ROWS
    assert head_objects(data.encode()) == ROWS


def test_lines_are_counted_from_one() -> None:
    pretty = json.dumps(ROWS, indent=1).encode()
    assert [each.line for each in entries(pretty)] == [2, 6, 10]
    assert [each.line for each in entries(b'{"id": 1}\n\n{"id": 2}\n')] == [1, 3]


def test_broken_ones_are_named_and_the_rest_is_read() -> None:
    assert entries(b'{"id": 1}\n{"id": \n[3]\n{"id": 4}\n') == [
        Entry(1, {"id": 1}),
        Entry(2, None, "not JSON"),
        Entry(3, None, "not a JSON object"),
        Entry(4, {"id": 4}),
    ]
    assert entries(b'[{"id": 1},\n{"id" 2},\n{"id": 3}]') == [
        Entry(1, {"id": 1}),
        Entry(2, None, "not JSON"),
        Entry(3, {"id": 3}),
    ]
    assert entries(b'[{"id": 1}, {"id": 2') == [Entry(1, {"id": 1}), Entry(1, None, "breaks off")]


def test_csv_has_its_headers_names_and_keeps_line_breaks_in_cells() -> None:
    assert entries(b'\xef\xbb\xbfid,text\r\n1,"a ""b""\nc"\r\n2\r\n3,d\r\n') == [
        Entry(2, {"id": "1", "text": 'a "b"\nc'}),
        Entry(4, None, "1 cells where the header has 2"),
        Entry(5, {"id": "3", "text": "d"}),
    ]
    assert entries(b"just a text\nof lines\n") == [Entry(1, None, "not CSV: no header of several columns")]


def test_members_are_found_wherever_a_chunk_ends() -> None:
    """Texts full of brackets and escapes, longer than a chunk in sum, at odd offsets."""
    dice = random.Random(7)
    pieces = ['"', "\\", "{", "]", "a", "\n", "é"]
    rows = [{"id": n, "text": "".join(dice.choices(pieces, k=dice.randint(0, 900)))} for n in range(2_000)]
    data = json.dumps(rows).encode()
    assert len(data) > 3 * CHUNK_BYTES
    assert [each.value for each in entries(data)] == rows


class Endless:
    """An array that never ends: memory is bounded if its members come out one by one."""

    def __init__(self, members: int) -> None:
        self._left, self._member = members, b'{"text": "' + b"x" * 10_000 + b'"},'
        self._started, self.longest_ahead = False, 0

    def read(self, size: int) -> bytes:
        if not self._started:
            self._started = True
            return b"["
        if not self._left:
            return b""
        count = min(self._left, max(size // len(self._member), 1))
        self._left -= count
        return self._member * count

    def readline(self, limit: int) -> bytes:
        raise AssertionError("an array is not read by lines")


def test_an_array_is_read_in_constant_memory() -> None:
    import tracemalloc

    tracemalloc.start()
    count = sum(each.value is not None for each in read_entries(Endless(5_000)))  # 50 MB
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == 5_000
    assert peak < 4 * 1024 * 1024
