"""Becomes another program that ends with its parent: ``python -m suffice_collector.child NICE PARENT_PID COMMAND...``.

The kernel sends SIGTERM when the parent is gone, however it went (Linux; elsewhere only a parent that ends
properly takes its children along). A step of its own instead of ``preexec_fn``, which is unsafe with threads.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def main(arguments: list[str]) -> None:
    nice, parent, command = int(arguments[0]), int(arguments[1]), arguments[2:]
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:  # it died before we asked
            sys.exit(1)
    if nice:
        os.nice(nice)
    os.execv(command[0], command)  # noqa: S606


if __name__ == "__main__":
    main(sys.argv[1:])
