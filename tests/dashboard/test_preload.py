"""What pages load when they are opened first is their own code, not the libraries below it."""

from __future__ import annotations

import json
import subprocess
import sys

SAY = """
import json, sys
import streamlit
from suffice_dashboard.preload import preload
preload()
before = set(sys.modules)
from suffice_dashboard.views import (
    call, calls, decisions, health, overview, quality, replay, runs, savings, settings, task, tasks,
)
print(json.dumps(sorted({name.split(".")[0] for name in set(sys.modules) - before})))
"""


def test_pages_load_nothing_heavy() -> None:
    done = subprocess.run([sys.executable, "-c", SAY], capture_output=True, text=True, check=True)
    loaded = json.loads(done.stdout.splitlines()[-1])
    assert "suffice_dashboard" in loaded  # pages are not loaded before, since Streamlit's caches hang on them
    assert {"scipy", "duckdb", "plotly", "pandas", "sklearn"}.isdisjoint(loaded), loaded
