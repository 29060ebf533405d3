"""The demo's child processes: started in their own session, read line by line, and never left behind.

A child's output is kept (its last lines), so that one that fails can say why in one message. Children that read
their stdin end when it closes, so that even a killed demo leaves none of those behind.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from types import FrameType
from typing import Self

from suffice.errors import SufficeError

KEPT_LINES = 40
SHOWN_LINES = 6
STOP_S = 20.0  # the collector drains its journal in this time


class Child:
    """One process of ``python -m MODULE ...``; use it as ``with Child(...) as child``."""

    def __init__(
        self, name: str, module: str, *arguments: str, on_line: Callable[[str], None] = lambda _line: None
    ) -> None:
        """``name`` is how messages call it; ``on_line`` hears each line it writes, from a thread."""
        self.name = name
        self.lines: deque[str] = deque(maxlen=KEPT_LINES)
        self._on_line = on_line
        self._command = [sys.executable, "-m", module, *arguments]

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,  # Ctrl-C in the terminal reaches the demo, and the demo ends its children in order
            env=child_environment(os.environ),
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    def check(self) -> None:
        """Raises SufficeError with its last lines if it has ended."""
        if not self.running:
            self._reader.join(1)
            raise self.failure(f"ended with exit code {self._process.returncode}")

    def failure(self, what: str) -> SufficeError:
        """One message: what happened to it, and the last lines it wrote."""
        said = [line for line in self.lines if line.strip()][-SHOWN_LINES:]
        return SufficeError(
            f"the demo's {self.name} {what}" + (": " + " | ".join(said) if said else " and said nothing")
        )

    def wait(self, timeout_s: float) -> None:
        """Until it has ended well. Raises SufficeError when it ends otherwise or takes longer."""
        try:
            code = self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            raise self.failure(f"was not done after {timeout_s:.0f} s") from None
        self._reader.join(5)
        if code:
            raise self.failure(f"ended with exit code {code}")

    def wait_for(self, ready: Callable[[], bool], timeout_s: float) -> None:
        """Until ``ready()``. Raises SufficeError when it ends before, or takes longer."""
        end = time.monotonic() + timeout_s
        while not ready():
            self.check()
            if time.monotonic() > end:
                raise self.failure(f"was not ready after {timeout_s:.0f} s")
            time.sleep(0.05)

    def stop(self) -> None:
        """Asks it to end, waits, and kills it if it does not."""
        if self._process.stdin:
            with contextlib.suppress(OSError):
                self._process.stdin.close()
        if self.running:
            self._signal(signal.SIGTERM)
            try:
                self._process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                self._signal(signal.SIGKILL)
                self._process.wait()
        self._reader.join(5)
        if self._process.stdout and not self._reader.is_alive():
            self._process.stdout.close()

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, number)

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.lines.append(line.rstrip("\n"))
            self._on_line(line.rstrip("\n"))


def child_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """The caller's environment without its own suffice and OpenTelemetry settings, and with no proxy before loopback."""
    kept = {name: value for name, value in environ.items() if not name.startswith(("SUFFICE_", "OTEL_"))}
    direct = ",".join(filter(None, (environ.get("NO_PROXY") or environ.get("no_proxy"), "127.0.0.1,localhost")))
    return kept | {"PYTHONUNBUFFERED": "1", "NO_PROXY": direct, "no_proxy": direct}


@contextlib.contextmanager
def ending_on_signals() -> Iterator[None]:
    """SIGTERM and SIGHUP end the demo as Ctrl-C does: through its ``with`` blocks."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, interrupt) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
