"""Virtual environments beside ours: ``requirements/NAME.txt`` as ``.venv-NAME``, kept between runs.

Other generations of clients can't be installed with ours or each other (openai 3 needs httpx2, instructor and llama-index cap
openai below 3); ClickHouse's engine is a wheel of 160 MB.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


def python_of(name: str) -> Path:
    """The environment's Python. The test is skipped, with the reason, where it can't be made (no network)."""
    place, lock = ROOT / f".venv-{name}", ROOT / "requirements" / f"{name}.txt"
    python = place / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    wanted = hashlib.sha256(lock.read_bytes()).hexdigest()
    mark = place / "lock.sha256"
    with one_at_a_time(ROOT / f".venv-{name}.making"):
        if not (mark.is_file() and mark.read_text() == wanted):
            _make(name, place, python, lock)
            mark.write_text(wanted)
    return python


def _make(name: str, place: Path, python: Path, lock: Path) -> None:
    uv = [sys.executable, "-m", "uv", "--quiet"]
    for step in (
        [*uv, "venv", "--clear", "--python", sys.executable, str(place)],
        [*uv, "pip", "sync", "--python", str(python), "--require-hashes", str(lock)],
    ):
        done = subprocess.run(step, capture_output=True, text=True, timeout=240, check=False)
        if done.returncode:
            pytest.skip(f"the environment {name} can't be made: {done.stderr.strip().splitlines()[-1:]}")


@contextmanager
def one_at_a_time(path: Path, patience_s: float = 500) -> Iterator[None]:
    """Held by one process: two that made one environment at once cleared it under each other's programs.

    The lock is the file's own, so that it ends with its process; TimeoutError where another holds it for too long.
    """
    with path.open("a+b") as file:
        deadline = time.monotonic() + patience_s
        while not _locked(file.fileno()):
            if time.monotonic() > deadline:
                raise TimeoutError(f"{path} is held by another process for {patience_s:.0f} s: end it")
            time.sleep(0.05)
        yield  # closing the file gives the lock back


def _locked(descriptor: int) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            os.lseek(descriptor, 0, os.SEEK_SET)
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def variables(*paths: Path) -> dict[str, str]:
    """A bare environment that imports from these folders."""
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.pathsep.join(map(str, paths)),
        "HOME": os.environ.get("HOME", "/"),
    }


if __name__ == "__main__":
    print(python_of(sys.argv[1]))
