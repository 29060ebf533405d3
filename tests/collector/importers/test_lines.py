"""Lines with their numbers, whatever their length."""

from __future__ import annotations

import io

import pytest

from suffice_collector.importers.lines import read_lines


@pytest.mark.parametrize(
    ("content", "lines"),
    [
        (b"", []),
        (b"\n\n", []),
        (b"a", [(1, b"a")]),
        (b"a\r\n\n  b \n", [(1, b"a"), (3, b"b")]),
        (b"\xef\xbb\xbfa\n", [(1, b"a")]),
        (b"12345\n123456\n1234567890123\nb\n", [(1, b"12345"), (2, None), (3, None), (4, b"b")]),
        (b"123456", [(1, None)]),
        (b"12345", [(1, b"12345")]),
    ],
)
def test_lines(content: bytes, lines: list[tuple[int, bytes | None]]) -> None:
    assert list(read_lines(io.BytesIO(content), 5)) == lines
