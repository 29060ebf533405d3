"""Deletion through a running collector: the database, its log, the journal, the spool and the dead letters forget."""

from __future__ import annotations

from pathlib import Path

import pytest
from collector.durability import files_with
from collector.otlp_samples import chat_body
from collector.processes import Process, running_collector, wait_until
from free_ports import free_port

from suffice.cli import main
from suffice.spool import write_spool
from suffice_store.file_store import FileStore

GONE, STAYS = "marker-GONE-7c1f", "marker-STAYS-93ab"


def said(marker: str, project: str, count: int = 1) -> bytes:
    """Incompressible on the way, so that the journal shows the text as the file does."""
    message = f'[{{"role":"user","parts":[{{"type":"text","content":"{marker}"}}]}}]'
    return chat_body(count, {"gen_ai.input.messages": message}, {"suffice.project": project})


def test_nothing_under_the_folder_tells_it_any_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spool = tmp_path / "spool"
    monkeypatch.setenv("SUFFICE_SPOOL", str(spool))
    with running_collector(tmp_path, env={"SUFFICE_SPOOL": str(spool)}) as collector:
        assert collector.post(said(GONE, "a", 3)).status_code == 200
        assert collector.post(said(STAYS, "b", 2)).status_code == 200
        collector.wait_calls(3, project="a")
        write_spool(spool, said(GONE, "a"), 1)
        (spool / "x.otlp.malformed").write_bytes(GONE.encode())
        before = files_with(tmp_path, GONE)
        assert any(name.endswith(".seg") for name in before), "the search can see the text"
        assert any(name.endswith(".otlp") for name in before)
        server = f"http://127.0.0.1:{collector.port}"
        assert main(["db", "delete", "--project", "a", "--server", server, "--yes"]) == 0
        assert files_with(tmp_path, GONE) == []
        assert collector.calls(project="a") == 0
        assert collector.calls(project="b") == 2
        assert collector.post(said(STAYS, "b", 2)).status_code == 200  # it goes on, in the new file
        wait_until(lambda: collector.calls(project="b") >= 4, "4 calls")
        for line in main_output(["db", "audit", "--server", server, "--json"]):
            assert GONE not in line
    assert files_with(tmp_path, GONE) == []


def main_output(arguments: list[str]) -> list[str]:
    import contextlib
    import io

    with contextlib.redirect_stdout(io.StringIO()) as out:
        assert main(arguments) == 0
    return out.getvalue().splitlines()


def test_a_restart_after_a_deletion_brings_nothing_back(tmp_path: Path) -> None:
    port = free_port()
    arguments = ["collector", "--db", str(tmp_path / "s.duckdb"), "--port", str(port)]
    env = {"SUFFICE_SPOOL": str(tmp_path / "spool")}
    collector = Process(arguments, port, tmp_path / "log.txt", env).wait_healthy()
    try:
        collector.post(said(GONE, "a"))
        collector.wait_calls(1, project="a")
        assert main(["db", "delete", "--project", "a", "--server", f"http://127.0.0.1:{port}", "--yes"]) == 0
    finally:
        collector.child.kill()
        collector.child.wait()
        collector.client.close()
    with FileStore(str(tmp_path / "s.duckdb")) as store:
        assert store.read("overview", project="a").to_pylist()[0]["calls"] == 0
    assert files_with(tmp_path, GONE) == []
