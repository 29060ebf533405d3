"""Campaigns that this dashboard started: ``suffice replay`` as a process of its own, watched and stopped from the page.

The command does all of the work and all of the checks (where content may go, the budget, the audit line); here it is only
started, asked to stop by an interrupt (it keeps what it has), and its last line read.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from typing import IO, Any

import streamlit as st

from suffice.errors import UsageError
from suffice_analysis.replay.candidates import parse_line
from suffice_analysis.replay.rebuilding import parse_variant
from suffice_dashboard.settings import Settings

MOST_RUNNING = 4  # campaigns at once; each sends several requests at a time
# A dashboard that was started in the background (`suffice dashboard &` in a script) ignores interrupts, and so would its children.
INTERRUPTIBLE = (
    "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler); "
    "from suffice.cli import main; sys.exit(main(sys.argv[1:]))"
)


@dataclass(slots=True)
class Started:
    """One campaign's process."""

    task_id: str
    task_name: str
    candidate: str
    process: subprocess.Popen[bytes] = field(repr=False)
    log: IO[bytes] = field(repr=False)

    @property
    def runs(self) -> bool:
        return self.process.poll() is None

    def said(self) -> str:
        """The last line that it wrote; "" while it has said nothing."""
        self.log.seek(0)
        lines = self.log.read().decode("utf-8", "replace").strip().splitlines()
        return lines[-1].strip() if lines else ""

    def stop(self) -> None:
        """Interrupt it: what was answered is kept, and a later start goes on from there."""
        if self.runs:
            self.process.send_signal(signal.SIGINT)


@st.cache_resource(show_spinner=False)
def started() -> list[Started]:
    """Those of this dashboard, the latest last."""
    return []


def start(
    settings: Settings, task: dict[str, Any], candidate: str, *, variant: str, n: int | None, budget_usd: float
) -> Started:
    """Begin a campaign. Raises UsageError for a candidate or variant that can't be read, or too many at once."""
    parse_line(candidate)
    parse_variant(variant)
    if sum(each.runs for each in started()) >= MOST_RUNNING:
        raise UsageError(f"{MOST_RUNNING} campaigns run already: stop one, or wait for it")
    how = ["--n", str(n)] if n is not None else ["--until", "settled"]
    command = [
        sys.executable, "-c", INTERRUPTIBLE, "replay", "--server", settings.server, "--project", settings.project,
        "--task", task["task_id"], "--candidate", candidate, "--variant", variant, "--budget", f"{budget_usd:.2f}", *how,
    ]  # fmt: skip
    log = tempfile.TemporaryFile()  # noqa: SIM115 (read for as long as the page shows it)
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, env=os.environ.copy()
    )
    begun = Started(task["task_id"], task["name"], candidate, process, log)
    started().append(begun)
    return begun
