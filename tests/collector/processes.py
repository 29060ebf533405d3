"""Real suffice processes for tests: started, waited for, and never left behind."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx2
from collector.otlp_samples import chat_body
from free_ports import free_port

DEADLINE_S = float(os.environ.get("SUFFICE_TEST_DEADLINE_S", "60"))
PROTOBUF = {"Content-Type": "application/x-protobuf"}


def wait_until(done: Callable[[], Any], what: str, deadline_s: float = DEADLINE_S) -> Any:
    """Polls until ``done()`` is true and returns what it gave. Fails with what was waited for."""
    end = time.monotonic() + deadline_s
    while time.monotonic() < end:
        with contextlib.suppress(httpx2.TransportError):
            if result := done():
                return result
        time.sleep(0.02)
    raise AssertionError(f"waited {deadline_s:.0f} s for {what}")


class Process:
    """A ``suffice`` command that listens on ``port``; its stdout and stderr go to one file."""

    def __init__(self, arguments: Sequence[str], port: int, log: Path, env: Mapping[str, str] | None = None) -> None:
        self.log = log
        self.port = port
        key = (env or {}).get("SUFFICE_KEY")
        self.client = httpx2.Client(
            base_url=f"http://127.0.0.1:{port}",
            headers={"Authorization": f"Bearer {key}"} if key else {},
            trust_env=False,
            timeout=30,
        )
        with log.open("ab") as output:
            self.child = subprocess.Popen(
                [sys.executable, "-m", "suffice", *arguments],
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**os.environ, "PYTHONUNBUFFERED": "1", **(env or {})},
                cwd=log.parent,
            )

    def wait_healthy(self) -> Process:
        def healthy() -> bool:
            assert self.child.poll() is None, f"ended early: {self.log.read_text()}"
            return self.client.get("/healthz").status_code == 200

        wait_until(healthy, "a healthy collector")
        return self

    def post(self, body: bytes, **headers: str) -> httpx2.Response:
        return self.client.post("/v1/traces", content=body, headers={**PROTOBUF, **headers})

    def rows(self, read: str, **parameters: Any) -> list[dict[str, Any]]:
        response = self.client.get(f"/api/v1/read/{read}", params=parameters)
        assert response.status_code == 200, response.text
        answer = response.json()
        return [dict(zip(answer["columns"], row, strict=True)) for row in answer["rows"]]

    def calls(self, **parameters: Any) -> int:
        return int(self.rows("overview", **parameters)[0]["calls"])

    def wait_calls(self, count: int, **parameters: Any) -> None:
        wait_until(lambda: self.calls(**parameters) >= count, f"{count} calls")
        assert self.calls(**parameters) == count

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Sends the signal, waits, returns the exit code."""
        self.child.send_signal(number)
        return self.child.wait(DEADLINE_S)

    @staticmethod
    def kill(pid: int) -> None:
        os.kill(pid, signal.SIGKILL)

    @contextlib.contextmanager
    def running(self) -> Iterator[Process]:
        """Healthy, and gone at the end."""
        try:
            yield self.wait_healthy()
        finally:
            self.close()

    def close(self) -> None:
        self.client.close()
        if self.child.poll() is None:
            self.child.kill()
            self.child.wait(DEADLINE_S)


@contextlib.contextmanager
def running_collector(
    folder: Path, *arguments: str, env: Mapping[str, str] | None = None, port: int | None = None
) -> Iterator[Process]:
    """``suffice collector`` on ``folder/calls.duckdb``."""
    port = port or free_port()
    command = ["collector", "--db", str(folder / "calls.duckdb"), "--port", str(port), *arguments]
    with Process(command, port, folder / "collector.log", env).running() as process:
        yield process


__all__ = ["PROTOBUF", "Process", "chat_body", "running_collector", "wait_until"]
