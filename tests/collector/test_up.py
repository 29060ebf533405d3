"""``suffice up`` as a person runs it."""

from __future__ import annotations

import contextlib
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from collector.otlp_samples import chat_body
from collector.processes import Process, wait_until
from free_ports import free_port

from suffice.cli import main
from suffice.spool import write_spool
from suffice_collector.commands.up import _how_to_send
from suffice_store import open_store
from suffice_store.remote_store import RemoteStore


@contextlib.contextmanager
def running_up(folder: Path, *arguments: str, **env: str) -> Iterator[Process]:
    port = free_port()
    command = ["up", "--db", str(folder / "calls.duckdb"), "--port", str(port), *arguments]
    environment = {"SUFFICE_SPOOL": str(folder / "spool"), **env}
    with Process(command, port, folder / "up.log", environment).running() as process:
        yield process


def children_of(pid: int) -> list[int]:
    """Direct children, zombies not counted (Linux)."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = stat.read_text().rpartition(")")[2].split()
            if int(fields[1]) == pid and fields[0] != "Z":
                found.append(int(stat.parent.name))
    return found


def test_three_lines_the_spool_and_a_clean_end(tmp_path: Path) -> None:
    write_spool(tmp_path / "spool", chat_body(4), 4)
    with running_up(tmp_path, "--no-dashboard", "--analyze-every", "0") as up:
        up.wait_calls(4)
        assert up.log.read_text().splitlines()[:3] == [
            "dashboard  not started (--no-dashboard)",
            f"endpoint   http://127.0.0.1:{up.port}  (your app needs SUFFICE_ENDPOINT=http://127.0.0.1:{up.port})",
            f"database   {tmp_path / 'calls.duckdb'}",
        ]
        with open_store(str(tmp_path / "calls.duckdb"), create=False) as store:  # held: reached through its collector
            assert isinstance(store, RemoteStore)
            assert store.read("overview").to_pylist()[0]["calls"] == 4
        up.client.post("/api/v1/commands/analyze_now", json={})
        assert up.stop(signal.SIGINT) == 0
    assert "Traceback" not in up.log.read_text()
    assert list((tmp_path / "spool").iterdir()) == []
    assert not (tmp_path / "calls.duckdb.address").exists()


def test_a_taken_grpc_port_is_said_before_any_address(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        asked = ["--port", str(free_port()), "--no-dashboard", "--grpc-port", str(taken.getsockname()[1])]
        assert main(["up", "--db", str(tmp_path / "calls.duckdb"), *asked]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert "--grpc-port" in said.err


@pytest.mark.parametrize(
    ("endpoint", "keyed", "said"),
    [
        ("http://127.0.0.1:4318", False, "suffice.init() finds it"),
        ("http://127.0.0.1:4318", True, "your app needs SUFFICE_KEY"),
        ("http://127.0.0.1:14318", False, "your app needs SUFFICE_ENDPOINT=http://127.0.0.1:14318"),
        ("http://10.0.0.7:4318", True, "your app needs SUFFICE_ENDPOINT=http://10.0.0.7:4318 and SUFFICE_KEY"),
    ],
)
def test_it_says_what_an_app_has_to_be_told(endpoint: str, keyed: bool, said: str) -> None:
    assert _how_to_send(endpoint, keyed) == said


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_the_dashboard_comes_is_restarted_and_dies_with_it(tmp_path: Path) -> None:
    dashboard_port = free_port()
    with running_up(tmp_path, "--dashboard-port", str(dashboard_port), "--analyze-every", "0") as up:
        assert up.client.get("/healthz").json()["dashboard_url"] == f"http://127.0.0.1:{dashboard_port}"
        page = f"http://127.0.0.1:{dashboard_port}/"
        assert wait_until(lambda: up.client.get(page), "the dashboard").status_code == 200
        (first,) = children_of(up.child.pid)
        Process.kill(first)
        (second,) = wait_until(lambda: [pid for pid in children_of(up.child.pid) if pid != first], "another dashboard")
        assert wait_until(lambda: up.client.get(page), "the dashboard again").status_code == 200
        assert "dashboard ended with -9" in up.log.read_text()
        up.child.kill()
        up.child.wait(30)
        wait_until(lambda: not Path(f"/proc/{second}").exists(), "the dashboard's end")
