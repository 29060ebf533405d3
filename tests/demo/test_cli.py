"""``suffice demo``: the arguments, and that nothing is left running. ``test_wheel.py`` has the whole path in small."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from suffice.cli import main

MARK = "DEMO_TEST_MARK"


@pytest.fixture
def mark() -> Iterator[str]:
    """An environment value that every process of a run inherits; no process may carry it afterwards."""
    value = uuid.uuid4().hex
    yield value
    for pid in carrying(value):
        with contextlib.suppress(ProcessLookupError):  # it ended by itself just now
            os.kill(pid, signal.SIGKILL)


def carrying(mark: str) -> list[int]:
    """The processes that carry the mark."""
    found = []
    for process in Path("/proc").iterdir():
        if process.name.isdigit():
            try:
                environ = (process / "environ").read_bytes()
            except OSError:
                continue
            if f"{MARK}={mark}".encode() in environ:
                found.append(int(process.name))
    return found


def start_demo(folder: Path, mark: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        # A shell's background job ignores Ctrl-C and so do its children, these tests' processes among them.
        [sys.executable, "-m", "suffice", "demo", *arguments],
        cwd=folder,
        env={**os.environ, MARK: mark},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--calls", "0"], "--calls 0 is out of range"),
        (["--calls", "many"], "--calls"),
        (["-o", "no/such/folder/r.html"], "there is no directory no/such/folder"),
        (["--nonsense"], "--nonsense"),
    ],
)
def test_a_wrong_argument_is_a_usage_error(
    arguments: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["demo", *arguments]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_help_names_every_option(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo", "--help"]) == 0
    help_text = capsys.readouterr().out
    for option in ("--db", "--no-browser", "--exit", "--calls", "--seed", "--output", "-o"):
        assert option in help_text


@pytest.mark.slow
@pytest.mark.xdist_group("demo")
@pytest.mark.timeout(240)
def test_a_termination_in_the_middle_leaves_nothing_running(tmp_path: Path, mark: str) -> None:
    demo = start_demo(tmp_path, mark, "--exit", "--calls", "20000")
    assert demo.stdout is not None
    with demo.stdout, demo.stderr:  # type: ignore[union-attr]
        assert "provider up" in demo.stdout.readline()
        end = time.monotonic() + 60
        # The demo, collector, provider and five agents; on a busy machine one may end before the last begins.
        while len(carrying(mark)) < 6 and time.monotonic() < end:
            time.sleep(0.1)
        assert len(carrying(mark)) >= 6
        demo.send_signal(signal.SIGTERM)
        error = demo.stderr.read()  # type: ignore[union-attr]
        assert demo.wait(60) == 1
    assert error.splitlines()[-1] == "suffice: interrupted; what was stored stays stored"
    assert carrying(mark) == []


@pytest.mark.slow
@pytest.mark.xdist_group("demo")
@pytest.mark.timeout(240)
def test_a_collector_that_dies_under_the_dashboard_ends_the_demo(tmp_path: Path, mark: str) -> None:
    demo = start_demo(tmp_path, mark, "--calls", "60", "--no-browser")
    assert demo.stdout is not None
    with demo.stdout, demo.stderr:  # type: ignore[union-attr]
        lines = []
        for line in demo.stdout:
            lines.append(line)
            if line.startswith("Dashboard: "):
                break
        assert re.match(r"This collector \(http://127\.0\.0\.1:\d+\) belongs to the demo; for your own app:", lines[-2])
        (collector,) = [pid for pid in carrying(mark) if b"collector" in Path(f"/proc/{pid}/cmdline").read_bytes()]
        os.kill(collector, signal.SIGKILL)
        error = demo.stderr.read()  # type: ignore[union-attr]
        assert demo.wait(60) == 1
    assert "suffice: the demo's collector ended with exit code -9" in error.splitlines()[-1]
    assert carrying(mark) == []


@pytest.mark.slow
@pytest.mark.xdist_group("demo")
@pytest.mark.timeout(240)
def test_without_exit_the_dashboard_stays_until_interrupted(tmp_path: Path, mark: str) -> None:
    demo = start_demo(tmp_path, mark, "--calls", "60", "--no-browser")
    assert demo.stdout is not None
    with demo.stdout, demo.stderr:  # type: ignore[union-attr]
        lines = []
        for line in demo.stdout:
            lines.append(line)
            if line.startswith("Dashboard: http://127.0.0.1:"):
                break
        else:
            pytest.fail("no dashboard: " + "".join(lines) + demo.stderr.read())  # type: ignore[union-attr]
        assert demo.poll() is None
        demo.send_signal(signal.SIGINT)
        rest = demo.stdout.read()
        assert demo.wait(60) == 0
    assert "Stopped. The database and the report stay." in rest
    assert carrying(mark) == []
