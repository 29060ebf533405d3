"""A read that nobody waits for any more is ended: ``Cancel.cancel`` from another thread interrupts what it runs."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from suffice.errors import SufficeError

_current: ContextVar[Cancel | None] = ContextVar("suffice_cancel", default=None)


class CancelledError(SufficeError):
    """The reader has gone."""

    def __init__(self) -> None:
        super().__init__("the read was cancelled")


class Cancel:
    """Of one read. What is running when it is cancelled ends, and nothing of it begins after."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: list[Callable[[], None]] = []
        self._cancelled = False

    def cancel(self) -> None:
        with self._lock:
            self._cancelled = True
            for interrupt in self._running:
                interrupt()

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Inside, what this thread reads is this read's. Raises CancelledError for what an interrupt ended."""
        token = _current.set(self)
        try:
            check()
            yield
        except Exception as error:
            if self._cancelled and not isinstance(error, CancelledError):
                raise CancelledError from error
            raise
        finally:
            _current.reset(token)

    @contextmanager
    def _interruptible(self, interrupt: Callable[[], None]) -> Iterator[None]:
        with self._lock:
            self._running.append(interrupt)
        try:
            yield
        finally:
            with self._lock:
                self._running.remove(interrupt)


def cancellable() -> bool:
    """Whether somebody may cancel this thread's read."""
    return _current.get() is not None


def check() -> None:
    """Raises CancelledError where this thread's read was cancelled."""
    cancel = _current.get()
    if cancel is not None and cancel._cancelled:
        raise CancelledError


@contextmanager
def interruptible(interrupt: Callable[[], None]) -> Iterator[None]:
    """Inside, ``interrupt`` ends what runs, should this thread's read be cancelled."""
    cancel = _current.get()
    if cancel is None:
        yield
        return
    with cancel._interruptible(interrupt):
        check()
        yield
