"""Leaving: the ways a process ends, and how its last calls get out before it does.

- the interpreter's exit, and that of a ``multiprocessing`` child (which skips ``atexit``): a flush
- ``os._exit``, which Celery's recycled children, ``os.fork`` servers and test runners end with: what is still in memory is
  sent, or goes to the spool, within half a second. Who took ``_exit`` out of ``os`` before ``init()`` is not seen
- SIGTERM, where nobody handles it: the same, then the signal's own effect. A handler that the app installs
  replaces ours, and one that was there is left alone
- not to be had: SIGKILL, a crash of the interpreter, ``os.abort``. A call leaves within 20 ms of its end if it comes
  after a silence, within 0.2 s in a burst; what ended in that time is lost then, and nothing that is in the spool
"""

from __future__ import annotations

import atexit
import os
import signal
import sys
import threading
from typing import Any

from suffice import context

EXIT_TIMEOUT_S = 5.0
SUDDEN_TIMEOUT_S = 0.5
_registered = False
_os_exit = os._exit


def register() -> None:
    """Deliver at the end of the process, however it comes. Calling it again does nothing new."""
    global _registered
    _take_sigterm()  # again each time: a first init() may have been made in another thread
    if _registered:
        return
    _registered = True
    atexit.register(_leave)
    os._exit = _exit_suddenly  # type: ignore[assignment]
    import wrapt

    wrapt.register_post_import_hook(_register_multiprocessing_exit, "multiprocessing.util")


def _leave() -> None:
    from suffice.sdk import shutdown

    shutdown(EXIT_TIMEOUT_S)


def _register_multiprocessing_exit(util: Any) -> None:
    # a child forgets its parent's finalizers and then runs the after-fork hooks: register anew from one of those
    util.register_after_fork(sys.modules[__name__], lambda _: util.Finalize(None, _leave, exitpriority=0))


def _exit_suddenly(status: int) -> None:
    """In place of ``os._exit``, which ends every thread at once."""
    _hand_over_what_is_left()
    _os_exit(status)


def _hand_over_what_is_left() -> None:
    try:
        active = context.recorder
        if active is not None and active.pending():
            active.shutdown(SUDDEN_TIMEOUT_S)
    except Exception:  # nothing may keep the process alive
        return


def _take_sigterm() -> None:
    try:
        if threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
            signal.signal(signal.SIGTERM, _on_sigterm)
    except (ValueError, AttributeError, OSError):  # a subinterpreter, a platform without it
        return


def _on_sigterm(number: int, frame: Any) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    _hand_over_what_is_left()
    signal.raise_signal(signal.SIGTERM)  # who asks for the exit status sees what he would have seen
