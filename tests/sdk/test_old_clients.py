"""openai 2 and anthropic 0 on httpx, the library that the newer ones left: the same tests, in an environment of their own.

The two generations can't be installed side by side, so the tests of clients and transports run again in a second
virtual environment (``.venv-openai2``, kept between runs, made from ``requirements/openai2.txt``).
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENT = ROOT / ".venv-openai2"
LOCK = ROOT / "requirements" / "openai2.txt"


@pytest.fixture(scope="session")
def old_python() -> Path:
    """The Python of the second environment; the test is skipped where it can't be made (no network)."""
    python = ENVIRONMENT / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    wanted = hashlib.sha256(LOCK.read_bytes()).hexdigest()
    mark = ENVIRONMENT / "lock.sha256"
    if mark.is_file() and mark.read_text() == wanted:
        return python
    uv = [sys.executable, "-m", "uv", "--quiet"]
    for step in (
        [*uv, "venv", "--clear", "--python", sys.executable, str(ENVIRONMENT)],
        [*uv, "pip", "sync", "--python", str(python), "--require-hashes", str(LOCK)],
    ):
        done = subprocess.run(step, capture_output=True, text=True, timeout=120, check=False)
        if done.returncode:
            pytest.skip(f"the environment for openai 2 can't be made: {done.stderr.strip().splitlines()[-1:]}")
    mark.write_text(wanted)
    return python


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_openai_2_and_httpx(old_python: Path) -> None:
    tests = ["tests/sdk/test_clients.py", "tests/sdk/transports"]
    done = subprocess.run(
        [str(old_python), "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", *tests],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT / "sdk"), "HOME": os.environ.get("HOME", "/")},
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    summary = done.stdout.strip().splitlines()[-1]
    assert int(summary.split(" passed")[0].split()[-1]) >= 60, summary
