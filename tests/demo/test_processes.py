"""Children are told apart by their last words, ended in order, and never left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from suffice.errors import SufficeError
from suffice_demo import processes
from suffice_demo.processes import Child, child_environment, ending_on_signals


def script(path: Path, text: str) -> str:
    """A module of this name in a folder that children search."""
    (path / "childscript.py").write_text(text)
    return "childscript"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return tmp_path


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def test_lines_are_heard_and_kept(folder: Path) -> None:
    heard: list[str] = []
    with Child(
        "talker", script(folder, "import sys\nprint('one')\nprint('two', file=sys.stderr)"), on_line=heard.append
    ) as c:
        c.wait(20)
    assert sorted(heard) == ["one", "two"]
    assert list(c.lines) == heard


def test_arguments_reach_the_module(folder: Path) -> None:
    with Child("echo", script(folder, "import sys; print(sys.argv[1:])"), "--a", "b c") as child:
        child.wait(20)
    assert list(child.lines) == ["['--a', 'b c']"]


def test_a_failing_child_says_why_in_one_message(folder: Path) -> None:
    module = script(folder, "import sys\nfor n in range(9): print('line', n)\nsys.exit(3)")
    with Child("writer", module) as child, pytest.raises(SufficeError) as failed:
        child.wait(20)
    assert str(failed.value) == (
        "the demo's writer ended with exit code 3: line 3 | line 4 | line 5 | line 6 | line 7 | line 8"
    )


def test_a_silent_failure_says_so(folder: Path) -> None:
    with (
        Child("mute", script(folder, "raise SystemExit(1)")) as child,
        pytest.raises(SufficeError, match="said nothing"),
    ):
        child.wait(20)


def test_a_child_that_ends_before_it_is_ready_is_a_failure(folder: Path) -> None:
    module = script(folder, "print('no such file')\nraise SystemExit(1)")
    with Child("server", module) as child, pytest.raises(SufficeError, match=r"exit code 1: no such file"):
        child.wait_for(lambda: False, 20)


def test_a_child_that_is_never_ready_is_a_failure(folder: Path) -> None:
    module = script(folder, "import time; time.sleep(600)")
    with Child("server", module) as child, pytest.raises(SufficeError, match=r"was not ready after 0 s"):
        child.wait_for(lambda: False, 0.1)
    assert not is_alive(child.pid)


def test_leaving_the_block_ends_it(folder: Path) -> None:
    with Child("sleeper", script(folder, "import time; print('up'); time.sleep(600)")) as child:
        child.wait_for(lambda: "up" in child.lines, 20)
        assert child.running
    assert not is_alive(child.pid)


def test_one_that_will_not_end_is_killed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "STOP_S", 0.3)
    module = script(
        folder, "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nprint('up')\ntime.sleep(600)"
    )
    with Child("stubborn", module) as child:
        child.wait_for(lambda: "up" in child.lines, 20)
    assert not is_alive(child.pid)


def test_its_own_children_are_ended_too(folder: Path) -> None:
    module = script(
        folder,
        "import subprocess, sys, time\n"
        "inner = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        "print(inner.pid)\ntime.sleep(600)",
    )
    with Child("parent", module) as child:
        child.wait_for(lambda: bool(child.lines), 20)
        inner = int(child.lines[0])
        assert is_alive(inner)
    end = time.monotonic() + 10
    while is_alive(inner) and time.monotonic() < end:
        time.sleep(0.02)
    assert not is_alive(inner)


def test_the_providers_end_with_a_parent_that_was_killed(tmp_path: Path) -> None:
    """SIGKILL leaves no chance to clean up: the end of stdin does it."""
    parent = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import time\nfrom suffice_demo.processes import Child\n"
            "with Child('provider', 'suffice_demo.provider') as child:\n"
            "    child.wait_for(lambda: bool(child.lines), 30)\n"
            "    print(child.pid, flush=True)\n    time.sleep(600)",
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert parent.stdout is not None
    with parent.stdout:
        provider = int(parent.stdout.readline())
        assert is_alive(provider)
        parent.kill()
        parent.wait()
    end = time.monotonic() + 20
    while is_alive(provider) and time.monotonic() < end:
        time.sleep(0.05)
    assert not is_alive(provider)


def test_children_see_no_settings_and_no_proxy_of_the_caller() -> None:
    told = {"PATH": "/bin", "SUFFICE_DB": "x", "OTEL_SERVICE_NAME": "y", "HTTP_PROXY": "http://p", "NO_PROXY": "corp"}
    assert child_environment(told) == {
        "PATH": "/bin",
        "HTTP_PROXY": "http://p",
        "NO_PROXY": "corp,127.0.0.1,localhost",
        "no_proxy": "corp,127.0.0.1,localhost",
        "PYTHONUNBUFFERED": "1",
    }


def test_a_termination_is_an_interrupt_and_the_old_handler_comes_back() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(KeyboardInterrupt):
        _terminate_myself()
    assert signal.getsignal(signal.SIGTERM) is before


def _terminate_myself() -> None:
    with ending_on_signals():
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(5)
