"""The store's contract over ClickHouse's own engine, in an environment of its own: its wheel is 160 MB.

``.venv-clickhouse`` is kept between runs and made from ``requirements/clickhouse.txt``. Where chdb is installed beside
the other tools, the same tests run without this one: ``pytest tests/store -k clickhouse``.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from environments import ROOT, python_of, variables

PACKAGES = ("sdk", "store", "collector", "analysis", "migrations")


@pytest.fixture(scope="session")
def clickhouse_python() -> Path:
    return python_of("clickhouse")


@pytest.mark.slow
@pytest.mark.timeout(1000)
def test_the_contract_holds_on_clickhouse(clickhouse_python: Path) -> None:
    tests = [f"tests/store/test_{name}.py" for name in ("store_contract", "server_store", "search")]
    done = subprocess.run(
        [str(clickhouse_python), "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", "clickhouse or server", *tests],
        cwd=ROOT,
        env=variables(*(ROOT / folder for folder in PACKAGES)),
        capture_output=True,
        text=True,
        timeout=720,  # 83 stores, each migrated anew: 400 s where other work fills the cores
        check=False,
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    summary = done.stdout.strip().splitlines()[-1]
    assert int(summary.split(" passed")[0].split()[-1]) >= 70, summary
