"""Children: started, read, restarted with back-off, ended; and gone when we are, however we went."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from collector.processes import wait_until

from suffice_collector.children import Child, KeptRunning


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_child_runs_the_command_and_its_lines_are_read() -> None:
    child = Child("version", ["--version"])
    assert wait_until(lambda: child.poll() is not None, "its end")
    assert (child.poll(), list(child.last_lines)) == (0, ["suffice 0.1.0"])
    child.end()


def test_a_failing_child_says_why() -> None:
    child = Child("wrong", ["no-such-command"])
    wait_until(lambda: child.poll() is not None, "its end")
    assert child.poll() == 2
    assert "no-such-command" in child.last_lines[-1]
    child.end()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends children of a killed parent")
def test_a_child_ends_when_its_parent_is_killed() -> None:
    parent_code = (
        "import os, subprocess, sys, time\n"
        "command = [sys.executable, '-m', 'suffice_collector.child', '5', str(os.getpid()), "
        "sys.executable, '-c', 'import os, time; print(os.getpid(), os.nice(0), flush=True); time.sleep(600)']\n"
        "subprocess.Popen(command)\n"
        "time.sleep(600)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", parent_code], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    pid, nice = map(int, parent.stdout.readline().split())
    assert nice - os.nice(0) == 5
    assert alive(pid)
    parent.send_signal(signal.SIGKILL)
    parent.wait(10)
    wait_until(lambda: not alive(pid), "the child's end")
    parent.stdout.close()


def test_a_child_whose_parent_is_gone_already_does_not_start() -> None:
    command = [sys.executable, "-m", "suffice_collector.child", "0", "1", sys.executable, "-c", "print('started')"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == ((1, "") if sys.platform == "linux" else (0, "started\n"))


class FakeChild:
    """Ends when told to."""

    def __init__(self) -> None:
        self.code: int | None = None
        self.ended = False
        self.last_lines = ["why it ended"]

    def poll(self) -> int | None:
        return self.code

    def end(self) -> None:
        self.ended = True


class TestKeptRunning:
    def kept(self) -> tuple[KeptRunning, list[Any], list[float]]:
        started: list[Any] = []
        now = [0.0]

        def start() -> Any:
            started.append(FakeChild())
            return started[-1]

        return KeptRunning("dashboard", start, clock=lambda: now[0]), started, now

    def test_it_is_started_again_ever_later(self, caplog: pytest.LogCaptureFixture) -> None:
        kept, started, now = self.kept()
        waits = []
        for _ in range(8):
            count = len(started)
            begun = now[0]
            while len(started) == count:
                kept.step()
                now[0] += 0.5
            waits.append(now[0] - begun - 0.5)
            started[-1].code = 3
            kept.step()
        assert waits == [0, 1, 2, 4, 8, 16, 32, 60]
        assert "dashboard ended with 3 (why it ended); again in 1 s" in caplog.text
        assert all(child.ended for child in started)

    def test_one_that_ran_steadily_is_forgiven(self) -> None:
        kept, started, now = self.kept()
        for _ in range(4):
            kept.step()
            now[0] += 40
            started[-1].code = 1
            kept.step()
            now[0] += 1
        assert len(started) == 4

    def test_the_end_ends_it(self) -> None:
        kept, started, _ = self.kept()
        kept.end()
        kept.step()
        kept.end()
        assert [child.ended for child in started] == [True]
