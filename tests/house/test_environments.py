"""Two workers make one environment one after the other."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from environments import ROOT, one_at_a_time, variables

HOLDER = """
import sys
from pathlib import Path
from environments import one_at_a_time
with one_at_a_time(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_second_process_waits_until_the_first_has_ended(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(lock)],
        env=variables(ROOT / "sdk", ROOT / "tests"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as holder:
        assert holder.stdout
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(TimeoutError, match="is held by another process"), one_at_a_time(lock, patience_s=0.2):
            pass
        holder.kill()  # an ended process holds nothing, however it ended
    with one_at_a_time(lock, patience_s=0):
        pass
