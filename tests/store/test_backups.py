"""Backup, restore, check: what was written reads back; what is damaged is named and put nowhere."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest
from store.synthetic import START_NS, call_record

from suffice.cli import main
from suffice_migrations import head
from suffice_store.appending import build_tables
from suffice_store.file_store import FileStore


@pytest.fixture
def path(tmp_path: Path) -> str:
    name = str(tmp_path / "s.duckdb")
    with FileStore(name) as store:
        store.append(build_tables([call_record(number) for number in range(5)], START_NS))
    return name


@pytest.fixture
def backup(path: str, tmp_path: Path) -> str:
    copy = str(tmp_path / "copy.duckdb")
    assert main(["db", "backup", copy, "--db", path]) == 0
    return copy


def calls(path: str) -> list[dict[str, object]]:
    with FileStore(path, create=False) as store:
        return store.read("calls", limit=100).to_pylist()


def damage(path: str, statement: str) -> None:
    """As a fault of the disk or a hand would: behind suffice's back."""
    with duckdb.connect(path) as connection:
        connection.execute(statement)


def test_a_backup_restored_is_the_database(path: str, backup: str, tmp_path: Path) -> None:
    restored = str(tmp_path / "restored.duckdb")
    assert main(["db", "restore", backup, "--db", restored]) == 0
    assert calls(restored) == calls(path)
    assert len(calls(restored)) == 5
    assert Path(restored).stat().st_mode & 0o077 == 0
    assert not list(tmp_path.glob("*.restoring*"))


def test_the_checksum_is_one_that_sha256sum_reads(backup: str) -> None:
    digest, name = Path(f"{backup}.sha256").read_text().split()
    assert (len(digest), name) == (64, "copy.duckdb")


def test_a_changed_backup_is_not_restored(backup: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Path(backup).open("r+b") as file:
        file.seek(20_000)
        file.write(b"\0" * 64)
    assert main(["db", "restore", backup, "--db", str(tmp_path / "r.duckdb")]) == 1
    assert "its checksum differs" in capsys.readouterr().err
    assert not (tmp_path / "r.duckdb").exists()


def test_a_backup_with_holes_is_not_restored(backup: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    damage(backup, "DELETE FROM messages")
    Path(f"{backup}.sha256").unlink()
    assert main(["db", "restore", backup, "--db", str(tmp_path / "r.duckdb")]) == 1
    assert "messages that a call names and nobody holds" in capsys.readouterr().err
    assert not (tmp_path / "r.duckdb").exists()


def test_what_is_there_is_not_overwritten_unasked(path: str, backup: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["db", "restore", backup, "--db", path]) == 1
    assert "say --replace" in capsys.readouterr().err
    with FileStore(path) as store:
        store.append(build_tables([call_record(9)], START_NS))
    assert main(["db", "restore", backup, "--db", path, "--replace"]) == 0
    assert len(calls(path)) == 5
    assert len(calls(f"{path}.before-restore")) == 6


def test_a_second_backup_of_the_name_is_refused(path: str, backup: str, capsys: pytest.CaptureFixture[str]) -> None:
    before = Path(backup).read_bytes()
    assert main(["db", "backup", backup, "--db", path]) == 1
    assert "exists already" in capsys.readouterr().err
    assert Path(backup).read_bytes() == before


def test_no_backup_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["db", "restore", str(tmp_path / "none"), "--db", str(tmp_path / "r.duckdb")]) == 1
    assert "there is no backup at" in capsys.readouterr().err


class TestCheck:
    def test_whole(self, path: str, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["db", "check", "--db", path, "--json"]) == 0
        found = json.loads(capsys.readouterr().out)
        assert (found["schema"], found["problems"], found["rows"]["calls"]) == (head(), [], 5)

    @pytest.mark.parametrize(
        ("statement", "problem"),
        [
            ("DELETE FROM messages", "messages that a call names and nobody holds"),
            ("INSERT INTO calls SELECT * FROM calls LIMIT 2", "2 calls stored twice"),
        ],
    )
    def test_damaged(self, path: str, statement: str, problem: str, capsys: pytest.CaptureFixture[str]) -> None:
        damage(path, statement)
        assert main(["db", "check", "--db", path]) == 1
        assert problem in capsys.readouterr().err

    def test_a_changed_audit_log_is_told(
        self, path: str, backup: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main(["db", "backup", str(tmp_path / "second.duckdb"), "--db", path]) == 0
        log = Path(f"{path}.audit.jsonl")
        first, rest = log.read_text().split("\n", 1)
        log.write_text(first.replace("backup", "nothing") + "\n" + rest)
        assert main(["db", "check", "--db", path]) == 1
        assert "its line 2 does not follow the one before it" in capsys.readouterr().err


def test_vacuum_keeps_every_call(path: str) -> None:
    before = calls(path)
    assert main(["db", "vacuum", "--db", path]) == 0
    assert calls(path) == before
