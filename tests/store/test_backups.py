"""Backup, restore, check: what was written reads back; what is damaged is named and put nowhere."""

from __future__ import annotations

import json
import os
from pathlib import Path

import duckdb
import pytest
from store.synthetic import START_NS, call_record

from suffice.cli import main
from suffice_migrations import head
from suffice_store.appending import build_tables
from suffice_store.file_store import FileStore


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
    assert f"what was there before is {path}.before-restore\n" in capsys.readouterr().out


def test_what_was_set_aside_is_never_overwritten(path: str, backup: str, capsys: pytest.CaptureFixture[str]) -> None:
    with FileStore(path) as store:
        store.append(build_tables([call_record(9)], START_NS))
    for _ in range(3):
        assert main(["db", "restore", backup, "--db", path, "--replace"]) == 0
    found = {name: len(calls(f"{path}.before-restore{name}")) for name in ("", "-2", "-3")}
    assert found == {"": 6, "-2": 5, "-3": 5}
    assert f"{path}.before-restore-3\n" in capsys.readouterr().out


def test_a_damaged_database_is_replaced_too(path: str, backup: str) -> None:
    with Path(path).open("r+b") as file:
        file.truncate(20_000)
    Path(f"{path}.wal").write_bytes(b"its log")
    assert main(["db", "restore", backup, "--db", path, "--replace"]) == 0
    assert len(calls(path)) == 5
    assert Path(f"{path}.before-restore").stat().st_size == 20_000
    assert Path(f"{path}.before-restore.wal").read_bytes() == b"its log"


class TestWhatIsNoBackup:
    """The backup is at fault, not ``--db``."""

    def restored(self, backup: str, capsys: pytest.CaptureFixture[str]) -> list[str]:
        folder = Path(backup).parent
        Path(f"{backup}.sha256").unlink(missing_ok=True)
        assert main(["db", "restore", backup, "--db", str(folder / "r.duckdb")]) == 1
        assert not list(folder.glob("r.duckdb*"))
        return capsys.readouterr().err.splitlines()

    def test_cut_short(self, backup: str, capsys: pytest.CaptureFixture[str]) -> None:
        with Path(backup).open("r+b") as file:
            file.truncate(200_000)
        assert self.restored(backup, capsys) == [
            "no checksum was compared: the backup has no .sha256 beside it",
            "reading it through",
            f"suffice: {backup} is damaged (it ends early) and was not restored: name another backup",
        ]

    def test_no_duckdb_file(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        notes = tmp_path / "notes.txt"
        notes.write_text("my notes\n" * 2000)
        assert self.restored(str(notes), capsys)[-1] == (
            f"suffice: {notes} is not a suffice database (nor any DuckDB file) and was not restored: name another backup"
        )

    def test_of_another_application(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        other = str(tmp_path / "other.duckdb")
        damage(other, "CREATE TABLE calls AS SELECT 1 AS number")
        assert self.restored(other, capsys)[-1] == (
            f"suffice: {other} is not a suffice database and was not restored: name another backup"
        )


def test_the_checksum_is_compared_where_there_is_one(
    backup: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert main(["db", "restore", backup, "--db", str(tmp_path / "r.duckdb")]) == 0
    assert capsys.readouterr().err.splitlines() == ["comparing the checksum", "reading it through"]


class TestWhereNothingCanBeWritten:
    def said(self, capsys: pytest.CaptureFixture[str]) -> str:
        return capsys.readouterr().err.splitlines()[-1]

    def test_below_a_file(self, path: str, backup: str, capsys: pytest.CaptureFixture[str]) -> None:
        target = f"{path}/b.duckdb"
        for command in (["backup", target, "--db", path], ["restore", backup, "--db", target]):
            assert main(["db", *command]) == 1
            assert self.said(capsys) == f"suffice: {target} can't be made: there is no directory {path}"

    def test_the_name_is_too_long(
        self, path: str, backup: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        target = str(tmp_path / ("n" * 255))  # a file system's most; ".wal" and ".restoring" go beyond
        for command in (["backup", target, "--db", path], ["restore", backup, "--db", target]):
            assert main(["db", *command]) == 1
            assert self.said(capsys) == f"suffice: {target} can't be written: File name too long"
        assert not Path(target).exists()

    @pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
    def test_without_permission(
        self, path: str, backup: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        folder = tmp_path / "ro"
        folder.mkdir(mode=0o500)
        target = str(folder / "b.duckdb")
        for command in (["backup", target, "--db", path], ["restore", backup, "--db", target]):
            assert main(["db", *command]) == 1
            assert self.said(capsys) == f"suffice: {target} can't be written: Permission denied"


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
