"""The test runner itself: tests of one ``xdist_group`` (a port, a database, an environment they share) keep to one worker."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

GROUPED = """
import pathlib, pytest
@pytest.mark.xdist_group("one port")
@pytest.mark.parametrize("case", range(6))
def test_grouped(case, worker_id):
    (pathlib.Path(__file__).parent / f"{worker_id}-{case}").touch()
"""


def test_a_group_stays_on_one_worker(tmp_path: Path) -> None:
    """pytest 9.2 with xdist 3.8 spread them: environments were made twice at once, ports taken twice."""
    (tmp_path / "test_grouped.py").write_text(GROUPED)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-n", "2", "--dist", "loadgroup", "-p", "no:cacheprovider", "."],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    ran = [path.name.split("-") for path in tmp_path.iterdir() if path.name.startswith("gw")]
    assert len(ran) == 6
    assert len({worker for worker, _ in ran}) == 1


def test_the_slow_ones_come_first(request: pytest.FixtureRequest) -> None:
    slow = [item.get_closest_marker("slow") is not None for item in request.session.items]
    assert slow == sorted(slow, reverse=True)
