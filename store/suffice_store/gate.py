"""A gate that many pass at once, and that can be closed for a moment while nobody is inside."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from suffice.errors import SufficeError


class GateBusyError(SufficeError):
    """Somebody stayed inside for too long."""


class Gate:
    """Readers pass; a change of the file itself waits for them to leave and keeps new ones waiting."""

    def __init__(self) -> None:
        self._change = threading.Condition()
        self._inside = 0
        self._closed = False

    @contextmanager
    def passing(self) -> Iterator[None]:
        """Inside: the file stays the same."""
        with self._change:
            while self._closed:
                self._change.wait()
            self._inside += 1
        try:
            yield
        finally:
            with self._change:
                self._inside -= 1
                self._change.notify_all()

    @contextmanager
    def closed(self, wait_s: float) -> Iterator[None]:
        """Inside: nobody else is. Raises GateBusyError when somebody was still inside after ``wait_s``."""
        deadline = time.monotonic() + wait_s
        with self._change:
            self._closed = True
            try:
                while self._inside:
                    left = deadline - time.monotonic()
                    if left <= 0:
                        raise GateBusyError(f"reads were still under way after {wait_s:.0f} s: try again later")
                    self._change.wait(left)
            except BaseException:
                self._open()
                raise
        try:
            yield
        finally:
            with self._change:
                self._open()

    def _open(self) -> None:
        self._closed = False
        self._change.notify_all()
