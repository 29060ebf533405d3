"""A child process's side of the bargain in ``processes.py``: it ends when its stdin does."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable

_STDIN = 0


def when_parent_ends(do: Callable[[], None]) -> None:
    """Calls ``do`` from a thread once stdin is at its end.

    Reads the descriptor, not ``sys.stdin``: a thread that waits in that one's lock aborts the interpreter's shutdown.
    """

    def wait() -> None:
        while os.read(_STDIN, 1024):
            pass
        do()

    threading.Thread(target=wait, daemon=True).start()
