"""A note beside a file is followed only when the process that holds the file wrote it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from suffice_store.holder import noted_address, read_address


def test_a_note_lasts_as_long_as_its_collector_and_is_private(tmp_path: Path) -> None:
    path = str(tmp_path / "s.duckdb")
    note = tmp_path / "s.duckdb.address"
    note.write_text("1 http://127.0.0.1:1\n")  # a killed collector's
    with noted_address(path, "http://127.0.0.1:14318"):
        assert read_address(path, os.getpid()) == "http://127.0.0.1:14318"
        assert note.stat().st_mode & 0o777 == 0o600
    assert not note.exists()
    assert read_address(path, os.getpid()) is None


@pytest.mark.parametrize("left", [b"7 http://127.0.0.1:1\n", b"", b"\xff\xfe", b"99", b"99 file:///etc/passwd"])
def test_a_note_of_somebody_else_is_not_followed(tmp_path: Path, left: bytes) -> None:
    (tmp_path / "s.duckdb.address").write_bytes(left)
    assert read_address(str(tmp_path / "s.duckdb"), 99) is None
