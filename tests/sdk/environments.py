"""Virtual environments of other generations of clients: ``requirements/NAME.txt`` as ``.venv-NAME``, kept between runs.

They can't be installed beside ours or each other: openai 3 needs httpx2, instructor and llama-index cap openai below 3.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def python_of(name: str) -> Path:
    """The environment's Python. The test is skipped, with the reason, where it can't be made (no network)."""
    place, lock = ROOT / f".venv-{name}", ROOT / "requirements" / f"{name}.txt"
    python = place / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    wanted = hashlib.sha256(lock.read_bytes()).hexdigest()
    mark = place / "lock.sha256"
    if mark.is_file() and mark.read_text() == wanted:
        return python
    uv = [sys.executable, "-m", "uv", "--quiet"]
    for step in (
        [*uv, "venv", "--clear", "--python", sys.executable, str(place)],
        [*uv, "pip", "sync", "--python", str(python), "--require-hashes", str(lock)],
    ):
        done = subprocess.run(step, capture_output=True, text=True, timeout=240, check=False)
        if done.returncode:
            pytest.skip(f"the environment {name} can't be made: {done.stderr.strip().splitlines()[-1:]}")
    mark.write_text(wanted)
    return python


def variables(*paths: Path) -> dict[str, str]:
    """A bare environment that imports from these folders."""
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.pathsep.join(map(str, paths)),
        "HOME": os.environ.get("HOME", "/"),
    }
