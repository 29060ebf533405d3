"""The processes that ``suffice up`` runs beside itself: started, read, restarted with back-off, ended."""

from __future__ import annotations

import contextlib
import logging
import os
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence

FIRST_BACKOFF_S = 1.0
LONGEST_BACKOFF_S = 60.0
STEADY_S = 30.0  # a child that ran this long is forgiven its earlier crashes
END_S = 5.0  # for a child to end by itself before it is killed


class Child:
    """One ``suffice`` subcommand as a process. Started and polled from one long-lived thread.

    (The kernel ends a child when the *thread* that started it ends.)
    """

    def __init__(self, name: str, arguments: Sequence[str], *, nice: int = 0) -> None:
        self.name = name
        self.last_lines: deque[str] = deque(maxlen=5)
        self._log = logging.getLogger(f"suffice.{name}")
        suffice = [sys.executable, "-m", "suffice", *arguments]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "suffice_collector.child", str(nice), str(os.getpid()), *suffice],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,  # Ctrl-C on the terminal is for us; we end our children
        )
        self._reader = threading.Thread(target=self._read, name=f"suffice-{name}-output", daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        return self._process.pid

    def poll(self) -> int | None:
        """The exit code, or None while it runs."""
        code = self._process.poll()
        if code is not None:
            self._reader.join(END_S)
        return code

    def end(self) -> None:
        """Asks it to end, and makes it end."""
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(END_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
        self._process.wait()
        self._reader.join(END_S)
        if self._process.stdout is not None:
            with contextlib.suppress(OSError):
                self._process.stdout.close()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if text := line.rstrip():
                self.last_lines.append(text)
                self._log.info("%s", text)


class KeptRunning:
    """A child that is started again when it ends: after 1 s, 2 s, ... 60 s."""

    def __init__(self, name: str, start: Callable[[], Child], clock: Callable[[], float] = time.monotonic) -> None:
        self._name = name
        self._start = start
        self._clock = clock
        self._child: Child | None = None
        self._backoff_s = FIRST_BACKOFF_S
        self._started_at = 0.0
        self._start_at = clock()
        self._log = logging.getLogger(f"suffice.{name}")

    def step(self) -> None:
        """Called every now and then: starts the child where it does not run and its time has come."""
        now = self._clock()
        if self._child is not None:
            code = self._child.poll()
            if code is None:
                return
            if now - self._started_at >= STEADY_S:
                self._backoff_s = FIRST_BACKOFF_S
            said = self._child.last_lines[-1] if self._child.last_lines else "it said nothing"
            self._child.end()
            self._child = None
            self._start_at = now + self._backoff_s
            self._log.warning("%s ended with %d (%s); again in %.0f s", self._name, code, said, self._backoff_s)
            self._backoff_s = min(self._backoff_s * 2, LONGEST_BACKOFF_S)
        elif now >= self._start_at:
            self._started_at = now
            self._child = self._start()

    def end(self) -> None:
        if self._child is not None:
            self._child.end()
            self._child = None
