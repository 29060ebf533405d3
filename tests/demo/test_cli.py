"""``suffice demo``: the arguments, and that nothing is left running. ``test_wheel.py`` has the whole path in small."""

from __future__ import annotations

import os
import re
import signal
import sys
import sysconfig
import time
from pathlib import Path

import pytest
from demo.whole import carrying, running_demo, until_dashboard

from suffice.cli import main

PROGRAM = str(Path(sysconfig.get_path("scripts")) / "suffice")
# Collector, provider and dashboard are real; what has ended before the dashboard comes takes four fifths of the time.
WITHOUT_AGENTS = f"""#!{sys.executable}
import sys
from suffice.cli import main
from suffice_demo import cli, stages

stages.run_fleet = lambda *_: stages.FleetCount()
stages.analyse = stages.write_report = lambda *_: None
stages.prove = lambda *_: "nothing"
cli.read_headlines = lambda store: []
sys.exit(main())
"""


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
    with running_demo(tmp_path, mark, PROGRAM, os.environ, "--exit", "--calls", "20000") as demo:
        assert "provider up" in demo.stdout.readline()  # type: ignore[union-attr]
        end = time.monotonic() + 60
        # The demo, collector, provider and five agents; on a busy machine one may end before the last begins.
        while len(carrying(mark)) < 6 and time.monotonic() < end:
            time.sleep(0.1)
        assert len(carrying(mark)) >= 6
        demo.send_signal(signal.SIGTERM)
        _, error = demo.communicate(timeout=60)
    assert demo.returncode == 1
    # Not always the last: DuckDB, caught while it is being imported, says what of it was not freed.
    assert "suffice: interrupted; what was stored stays stored" in error.splitlines()
    assert "Traceback" not in error
    end = time.monotonic() + 10
    while carrying(mark) and time.monotonic() < end:  # one that was told to end may need a moment more
        time.sleep(0.1)
    assert carrying(mark) == []


@pytest.mark.slow
@pytest.mark.xdist_group("demo")
@pytest.mark.timeout(240)
def test_a_collector_that_dies_under_the_dashboard_ends_the_demo(tmp_path: Path, mark: str) -> None:
    program = tmp_path / "without_agents"
    program.write_text(WITHOUT_AGENTS)
    program.chmod(0o755)
    with running_demo(tmp_path, mark, str(program), os.environ, "--calls", "60", "--no-browser") as demo:
        lines = until_dashboard(demo)
        assert re.match(r"This collector \(http://127\.0\.0\.1:\d+\) belongs to the demo; for your own app:", lines[-2])
        (collector,) = [pid for pid in carrying(mark) if b"\0collector\0" in Path(f"/proc/{pid}/cmdline").read_bytes()]
        os.kill(collector, signal.SIGKILL)
        _, error = demo.communicate(timeout=60)
    assert demo.returncode == 1
    assert "suffice: the demo's collector ended with exit code -9" in error.splitlines()[-1]
    assert carrying(mark) == []
