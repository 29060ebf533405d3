"""Pacing: the recorder's thread works in small slices, so that the app's threads and loops never wait long.

CPython's other threads get the interpreter from a busy one after 5 ms at the earliest (``switchinterval``,
which is the host's to set), so an asyncio loop beside a thread that parses would come 5 ms late. Here the
thread lets go after 0.3 ms, by really sleeping: ``sleep(0)`` takes the lock back before a waiting thread has
woken up. When the queue fills up (an app that computes without a pause while it asks), the slices grow:
then being late by milliseconds is the lesser evil than losing calls.
"""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter, sleep

SLICE_S = 0.0003
PAUSE_S = 0.0001  # the kernel adds its timer's slack, 50 µs
CROWDED_SLICE_S = 0.006
CROWDED = 0.15  # of what the queue may hold
FULL = 0.5


class Pacing:
    """Call it often; it sleeps when it is time to."""

    def __init__(self, fullness: Callable[[], float]) -> None:
        self._fullness = fullness  # 0 to 1, how much of the queue's bound is taken
        self._since = 0.0
        self.hurry = False  # somebody waits for a flush: no sleeping

    def start(self) -> None:
        """The thread begins to work, after having waited."""
        self._since = perf_counter()

    def __call__(self) -> None:
        worked_s = perf_counter() - self._since
        if worked_s < SLICE_S:
            return
        if self.hurry:
            sleep(0)
        else:
            fullness = self._fullness()
            if fullness > FULL or (fullness > CROWDED and worked_s < CROWDED_SLICE_S):
                return
            sleep(PAUSE_S)
        self._since = perf_counter()
