"""A whole demo as a process, followed line by line, and a look at whether anything of it is left."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

MARK = "DEMO_TEST_MARK"  # in the environment of a demo and so of every process it starts


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


@contextlib.contextmanager
def running_demo(
    folder: Path, mark: str, program: str, environment: Mapping[str, str], *arguments: str
) -> Iterator[subprocess.Popen[str]]:
    """``PROGRAM demo ARGUMENTS`` in a folder; its pipes are closed at the end of the block."""
    demo = subprocess.Popen(
        [program, "demo", *arguments],
        cwd=folder,
        env={**environment, MARK: mark},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A shell's background job ignores Ctrl-C and so do its children, these tests' processes among them.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    assert demo.stdout is not None
    assert demo.stderr is not None
    with demo.stdout, demo.stderr:
        yield demo


def until_dashboard(demo: subprocess.Popen[str]) -> list[str]:
    """What it said, up to the address of its dashboard. Fails with what it said where none comes."""
    assert demo.stdout is not None
    assert demo.stderr is not None
    lines = []
    for line in demo.stdout:
        lines.append(line)
        if line.startswith("Dashboard: http://127.0.0.1:"):
            return lines
    pytest.fail("no dashboard: " + "".join(lines) + demo.stderr.read())


def end_all(mark: str) -> None:
    """Kill whatever still carries the mark."""
    for pid in carrying(mark):
        with contextlib.suppress(ProcessLookupError):  # it ended by itself just now
            os.kill(pid, signal.SIGKILL)
