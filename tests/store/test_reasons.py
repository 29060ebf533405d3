"""Why a file is not opened or written: one line that names what is at fault and the way out."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import duckdb
import pytest

from suffice.cli import main
from suffice.errors import SufficeError
from suffice_store.engines.reasons import DamagedError, fault_of, is_damage, read_from, written_to
from suffice_store.file_store import FileStore


def cut(path: str, size: int) -> str:
    with Path(path).open("r+b") as file:
        file.truncate(size)
    return path


def flip(path: str, place: int) -> str:
    with Path(path).open("r+b") as file:
        file.seek(place)
        found = file.read(1)
        file.seek(place)
        file.write(bytes([found[0] ^ 0xFF]))
    return path


def foreign(path: Path, *tables: str) -> str:
    """Another application's DuckDB file."""
    with duckdb.connect(str(path)) as connection:
        for name in tables:
            connection.execute(f"CREATE TABLE {name} AS SELECT 1 AS number")
    return str(path)


def said(capsys: pytest.CaptureFixture[str]) -> str:
    """The one line on stderr."""
    (line,) = capsys.readouterr().err.splitlines()
    return line


def test_a_checksum_that_differs_is_no_lock(path: str) -> None:
    with pytest.raises(DamagedError) as raised:
        FileStore(flip(path, 12_288 + 100))  # the first block, behind three headers of 4,096 bytes
    assert str(raised.value) == (f"{path} is damaged (a checksum differs): restore a backup with `suffice db restore`")


def test_a_lock_that_names_nobody(tmp_path: Path) -> None:
    message = 'IO Error: Could not set lock on file "/nfs/s.duckdb": Resource temporarily unavailable'
    assert str(fault_of("/nfs/s.duckdb", message)).startswith("/nfs/s.duckdb is locked by another process")


@pytest.mark.parametrize("size", [100, 200_000])
@pytest.mark.parametrize("command", [["tasks"], ["db", "check"], ["db", "info"], ["db", "migrate"], ["up"]])
def test_a_file_cut_short(path: str, size: int, command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*command, "--db", cut(path, size)]) == 1
    expected = f"suffice: {path} is damaged (it ends early): restore a backup with `suffice db restore`"
    assert said(capsys) == expected


def test_damage_met_by_a_read_names_the_file() -> None:
    message = "Corrupt database file: computed checksum 1 does not match stored checksum 2 in block at location 12288"
    with pytest.raises(DamagedError, match=r"^/s.duckdb is damaged \(a checksum differs\)"), read_from("/s.duckdb"):
        raise duckdb.FatalException(message)
    with pytest.raises(duckdb.BinderException), read_from("/s.duckdb"):  # ours to mend, not the person's
        raise duckdb.BinderException("no such column")


def test_a_value_that_speaks_of_damage_is_none() -> None:
    """Else a text that anybody may send would hold up what takes it in."""
    refused = duckdb.ConversionException("Could not convert string 'Corrupt database file' to INT32")
    with pytest.raises(duckdb.ConversionException), read_from("/s.duckdb"):
        raise refused
    assert not is_damage(refused)


@pytest.mark.parametrize(
    "command",
    [
        ["db", "vacuum"],
        ["db", "delete", "--user", "nobody", "--yes"],
        ["db", "backup", "BACKUP"],
        ["analyze"],
        ["import", "AGAIN"],
    ],
    ids=lambda words: words[-1] if len(words) < 2 else words[1],
)
def test_damage_in_the_middle_is_told_in_one_line(
    tmp_path: Path, command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Where the file opens and only a block of its texts or calls can't be read."""
    log, path = tmp_path / "calls.jsonl", str(tmp_path / "s.duckdb")
    log.write_text("".join(json.dumps(logged(number)) + "\n" for number in range(3000)))
    assert main(["import", str(log), "--db", path]) == 0
    capsys.readouterr()
    for place in places(path):
        flip(path, place)
    names = {"BACKUP": str(tmp_path / "b.duckdb"), "AGAIN": str(log)}
    assert main([*(names.get(word, word) for word in command), "--db", path]) == 1
    last = capsys.readouterr().err.splitlines()[-1]
    assert last == f"suffice: {path} is damaged (a checksum differs): restore a backup with `suffice db restore`"


def logged(number: int) -> dict[str, Any]:
    """One call of a log, with a text that does not compress away."""
    said = hashlib.sha512(str(number).encode()).hexdigest() * 4
    return {
        "id": f"c{number}",
        "timestamp": 1_790_000_000 + number,
        "request": {"model": "gpt-6", "messages": [{"role": "user", "content": said}]},
        "response": {"choices": [{"index": 0, "message": {"role": "assistant", "content": said[::-1]}}]},
    }


def places(path: str) -> list[int]:
    """One byte in each block that holds a text or the id of a call."""
    with duckdb.connect(path) as connection:
        columns = "(('messages', 'content'), ('calls', 'call_id'))"
        found = connection.execute(
            "SELECT DISTINCT block_id FROM (SELECT 'messages' AS name, * FROM pragma_storage_info('messages')"
            " UNION ALL SELECT 'calls', * FROM pragma_storage_info('calls'))"
            f" WHERE block_id >= 0 AND (name, column_name) IN {columns}"
        ).fetchall()
    assert found
    return [3 * 4_096 + block * 131_072 + 500 for (block,) in found]  # behind three headers


def test_what_stops_a_file_from_being_written() -> None:
    with pytest.raises(SufficeError, match=r"^/ro/b can't be written: Permission denied$"), written_to("/ro/b"):
        raise duckdb.IOException('IO Error: Cannot open file "/ro/b": Permission denied')
    with pytest.raises(SufficeError, match=r"^/ro/b can't be written: Permission denied$"), written_to("/ro/b"):
        raise PermissionError(13, "Permission denied", "/ro/b.restoring")


@pytest.mark.parametrize("command", [["tasks"], ["up"], ["db", "migrate"]])
@pytest.mark.parametrize("tables", [("foo",), ("calls",), ("alembic_version", "foo")])
def test_another_applications_file_is_left_alone(
    tmp_path: Path, command: list[str], tables: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    name = foreign(tmp_path / "other.duckdb", *tables)
    before = Path(name).read_bytes()
    assert main([*command, "--db", name]) == 1
    assert said(capsys) == f"suffice: {name} is not a suffice database: name another with --db"
    assert Path(name).read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["other.duckdb"]


def test_a_duckdb_file_without_tables_is_made_ours(tmp_path: Path) -> None:
    with FileStore(foreign(tmp_path / "empty.duckdb")) as store:
        assert store.read("overview").num_rows == 1


def test_a_log_that_can_not_be_written(tmp_path: Path) -> None:
    name = str(tmp_path / ("n" * 250))  # leaves no room for ".rewrite" and ".wal", as a folder without permission does
    Path(name).write_bytes(Path(foreign(tmp_path / "e.duckdb")).read_bytes())
    with pytest.raises(SufficeError, match=r"File name too long$") as raised:
        FileStore(name)
    assert str(raised.value).startswith(name)
