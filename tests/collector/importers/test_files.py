"""Files that can't be read say so in one line."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from suffice.errors import SufficeError
from suffice_collector.importers.files import opened, read_head


def test_gzip_is_undone_whatever_the_name(tmp_path: Path) -> None:
    plain, packed = tmp_path / "a.gz", tmp_path / "b.jsonl"
    plain.write_bytes(b"hello")
    packed.write_bytes(gzip.compress(b"hel") + gzip.compress(b"lo"))
    assert (read_head(plain), read_head(packed)) == (b"hello", b"hello")


def test_progress_counts_the_bytes_on_disk(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(gzip.compress(b"x" * 100_000))
    with opened(path) as (stream, raw):
        assert len(stream.read()) == 100_000
        assert raw.done_bytes == path.stat().st_size


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "does not exist"),
        (b"", "is empty"),
        (b" \n\n", "is empty"),
        (gzip.compress(b""), "is empty"),
        (b"\x1f\x8bnot gzip at all", "can't be read: .+"),
    ],
)
def test_one_line_for_what_can_not_be_read(tmp_path: Path, content: bytes | None, reason: str) -> None:
    path = tmp_path / "a.jsonl"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SufficeError, match=rf"a\.jsonl {reason}$") as raised:
        read_head(path)
    assert "\n" not in str(raised.value)


def test_a_folder_is_named_as_one(tmp_path: Path) -> None:
    with pytest.raises(SufficeError, match=r"is a folder: name the files in it$"):
        read_head(tmp_path)


def test_a_file_without_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"x")

    def refuse(self: Path, *arguments: object, **options: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)  # the tests may run as root, whom no permission stops
    with pytest.raises(SufficeError, match=r"a\.jsonl can't be read: Permission denied$"):
        read_head(path)
