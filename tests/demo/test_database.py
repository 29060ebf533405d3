"""The demo deletes its own database and nothing else."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from suffice.errors import SufficeError, UsageError
from suffice.wire.call import Call
from suffice_demo.database import prepare_database
from suffice_store import open_store
from suffice_store.appending import build_tables
from suffice_store.records import CallRecord


def write_calls(path: Path, *services: str | None) -> Path:
    """A real database with one call of each service."""
    records = [
        CallRecord(
            Call("openai.chat", "chat", "openai", request_model="m"), f"{n:032x}", service=service, started_ns=n + 1
        )
        for n, service in enumerate(services)
    ]
    with open_store(str(path)) as store:
        store.append(build_tables(records, received_ns=1))
    return path


def test_a_path_with_nothing_there_is_taken_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "new.duckdb"
    assert prepare_database(path) == path
    assert list(tmp_path.iterdir()) == []


def test_an_empty_database_is_used(tmp_path: Path) -> None:
    path = write_calls(tmp_path / "empty.duckdb")
    assert prepare_database(path) == path
    assert path.exists()


def test_an_earlier_demo_is_deleted_with_its_journal(tmp_path: Path) -> None:
    path = write_calls(tmp_path / "demo.duckdb", "simulated-a", "simulated-b")
    (tmp_path / "demo.duckdb.journal").mkdir()
    (tmp_path / "demo.duckdb.journal" / "1.seg").write_bytes(b"x")
    (tmp_path / "other.duckdb.journal").mkdir()
    assert prepare_database(path) == path
    assert [each.name for each in tmp_path.iterdir()] == ["other.duckdb.journal"]


@pytest.mark.parametrize(
    ("services", "named"),
    [
        (("checkout",), "checkout"),
        (("simulated-a", "checkout"), "checkout"),
        ((None,), "unknown"),
        (("simulated",), "simulated"),
    ],
)
def test_other_calls_are_neither_deleted_nor_mixed_with(
    tmp_path: Path, services: tuple[str | None, ...], named: str
) -> None:
    path = write_calls(tmp_path / "real.duckdb", *services)
    size = path.stat().st_size
    with pytest.raises(UsageError, match=rf"not the demo's \(service {named}\), and the demo does not mix"):
        prepare_database(path)
    assert path.stat().st_size == size
    with open_store(str(path)) as store:
        assert store.read("overview").to_pylist()[0]["calls"] == len(services)


def test_a_file_that_is_no_database_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("my notes\n" * 2000)
    with pytest.raises(SufficeError, match="is not a suffice database"):
        prepare_database(path)
    assert path.read_text() == "my notes\n" * 2000


def test_a_database_that_another_process_holds_is_named_with_its_holder(tmp_path: Path) -> None:
    path = write_calls(tmp_path / "held.duckdb", "simulated-a")
    hold = f"import sys\nfrom suffice_store import open_store\nopen_store({str(path)!r})\nprint('held', flush=True)\nsys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", hold], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(SufficeError, match=rf"held by another process \(pid {holder.pid}"):
            prepare_database(path)
        holder.kill()
    assert path.exists()
