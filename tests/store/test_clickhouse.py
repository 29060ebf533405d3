"""The store's contract over ClickHouse's own engine, in an environment of its own: its wheel is 160 MB.

``.venv-clickhouse`` is kept between runs and made from ``requirements/clickhouse.txt``. Where chdb is installed beside
the other tools, the same tests run without this one: ``pytest tests/store -k clickhouse``.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENT = ROOT / ".venv-clickhouse"
LOCK = ROOT / "requirements" / "clickhouse.txt"
PACKAGES = ("sdk", "store", "collector", "analysis", "migrations")


@pytest.fixture(scope="session")
def clickhouse_python() -> Path:
    """The Python of that environment; the test is skipped where it can't be made (no network)."""
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
        done = subprocess.run(step, capture_output=True, text=True, timeout=240, check=False)
        if done.returncode:
            pytest.skip(f"the environment for ClickHouse can't be made: {done.stderr.strip().splitlines()[-1:]}")
    mark.write_text(wanted)
    return python


@pytest.mark.slow
@pytest.mark.timeout(1000)
def test_the_contract_holds_on_clickhouse(clickhouse_python: Path) -> None:
    tests = ["tests/store/test_store_contract.py", "tests/store/test_server_store.py"]
    done = subprocess.run(
        [str(clickhouse_python), "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", "clickhouse or server", *tests],
        cwd=ROOT,
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": os.pathsep.join(str(ROOT / folder) for folder in PACKAGES),
            "HOME": os.environ.get("HOME", "/"),
        },
        capture_output=True,
        text=True,
        timeout=720,  # 83 stores, each migrated anew: 400 s where other work fills the cores
        check=False,
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    summary = done.stdout.strip().splitlines()[-1]
    assert int(summary.split(" passed")[0].split()[-1]) >= 70, summary
