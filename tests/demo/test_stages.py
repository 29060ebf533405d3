"""What the fleet's processes tell is added up truly, and a server that has not begun does not answer."""

from __future__ import annotations

import json
import socket
import threading
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from suffice.errors import SufficeError
from suffice_demo import stages
from suffice_demo.ports import LOOPBACK, free_port
from suffice_demo.processes import Child
from suffice_demo.stages import FleetCount


def test_calls_and_delivery_are_added_over_agents() -> None:
    count = FleetCount()
    for agent, line in [
        ("a", "calls 3"),
        ("b", "calls 4"),
        ("a", "calls 10"),
        ("a", "calls for help"),
        ("a", "a warning: done is not done"),
        ("a", 'done {"delivered": 11, "dropped": 0, "pending": 0}'),
        ("b", 'done {"delivered": 4, "dropped": 2, "pending": 1}'),
    ]:
        count.hear(agent, line)
    assert (count.calls, count.total, count.delivered, count.lost) == ({"a": 10, "b": 4}, 14, 15, 3)


def test_nobody_there_is_no_answer() -> None:
    assert stages._answers(f"http://{LOOPBACK}:{free_port()}/healthz") is False


def test_the_provider_says_where_it_is() -> None:
    with ExitStack() as stack:
        url = stages.start_provider(stack, 7)
        port = int(url.removeprefix("http://127.0.0.1:"))
        with socket.create_connection((LOOPBACK, port), 5):
            pass


def test_a_collector_starts_elsewhere_when_its_port_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server((LOOPBACK, 0)) as holder, ExitStack() as stack:
        taken = holder.getsockname()[1]
        monkeypatch.setattr(stages, "COLLECTOR_PORT", taken)
        url, _ = stages.start_collector(stack, tmp_path / "d.duckdb")
        port = int(url.rpartition(":")[2])
        assert stages._answers(f"{url}/healthz")
    assert port != taken
    assert f"Port {taken} is taken, so the demo's collector listens on {port}." in capsys.readouterr().err


def test_a_port_that_is_taken_at_the_last_moment_is_not_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server((LOOPBACK, 0)) as holder, ExitStack() as stack:
        taken = holder.getsockname()[1]
        monkeypatch.setattr(stages, "COLLECTOR_PORT", taken)
        monkeypatch.setattr(stages, "choose_port", lambda usual: usual)
        url, _ = stages.start_collector(stack, tmp_path / "d.duckdb", 8599)
        with stages._DIRECT.open(f"{url}/healthz", timeout=10) as answer:
            assert json.load(answer)["dashboard_url"] == "http://127.0.0.1:8599"
    assert f"Port {taken} is taken" in capsys.readouterr().err


class _Stranger(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Silent."""


def test_a_stranger_that_answers_is_not_taken_for_the_process_that_was_started() -> None:
    """Seen once: another's collector came to 4318 in the same moment, answered for ours, and ended."""
    with ThreadingHTTPServer((LOOPBACK, 0), _Stranger) as server, ExitStack() as stack:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        stack.callback(server.shutdown)
        url = f"http://{LOOPBACK}:{server.server_port}"

        def start(_port: int) -> tuple[str, Child]:
            return url, stack.enter_context(Child("collector", "this"))  # a module that ends at once

        with pytest.raises(SufficeError, match="collector"):
            stages._start("collector", free_port(), start, lambda _child: False)
