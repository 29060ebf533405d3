"""Where bodies are built: in a thread of this process, and under load by compiled functions, else in a process of its own.

A small installation pays for neither (0.1 GB each). One that is busy first loads what reads our own SDK's spans by
columns; where that is not enough, or the spans are others', a second process uses both cores: Python builds in the one,
DuckDB writes in the other.
"""

from __future__ import annotations

import logging
import pickle
import subprocess
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from suffice_collector.build_process import BuildProcess
from suffice_collector.building import Builder, Built
from suffice_collector.columnar import start_compiling
from suffice_collector.columnar.kept import has_numba, is_compiled
from suffice_collector.duplicates import DuplicateFinder
from suffice_collector.journal import Entry
from suffice_collector.otlp_values import MalformedBodyError

log = logging.getLogger("suffice.ingest")

BUSY_SHARE = 0.4  # of a second spent on spans one by one: then either is worth its start
_WINDOW_S = 1.0


class BuildLane:
    """Builds in the order submitted. ``columnar`` (compiled functions) and ``process``: True at once, False never, None
    when the load asks for it, in this order."""

    def __init__(
        self,
        duplicates: DuplicateFinder | None = None,
        *,
        process: bool | None = None,
        columnar: bool | None = None,
    ) -> None:
        self._builder = Builder(duplicates)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="suffice-build")
        self._lock = threading.Lock()
        self._process: BuildProcess | None = None
        self._starting: BuildProcess | None = None  # loads its modules; until it has, the thread goes on
        self._wanted = process
        self._columnar = columnar is not False and has_numba()  # not tried yet
        self._loading: threading.Thread | None = None
        self._compiling: subprocess.Popen[bytes] | None = None
        self._window_began = time.monotonic()
        self._busy_s = 0.0
        if columnar:
            self._is_loading()
        if process:
            self._start()
            self._move()

    @property
    def in_process(self) -> bool:
        """Whether a process of its own builds."""
        return self._process is not None

    def submit(self, entry: Entry, *, mark_duplicates: bool = True) -> Future[Built]:
        """The future fails with MalformedBodyError or BodyTooLargeError for what can't be decoded."""
        done: Future[Built] = Future()
        done.set_running_or_notify_cancel()  # a client that hangs up must not stop it half way
        with self._lock:
            if self._process is not None:
                self._process.submit(entry, mark_duplicates, done)
            else:
                self._thread.submit(self._build, entry, mark_duplicates, done)
        return done

    def build(self, entry: Entry, *, mark_duplicates: bool = True) -> Built:
        """The same, waited for."""
        return self.submit(entry, mark_duplicates=mark_duplicates).result()

    def close(self) -> None:
        with self._lock:
            processes = self._process, self._starting
            self._process = self._starting = None
        for process in processes:
            if process is not None:
                process.close()
        self._thread.shutdown()
        if (compiling := self._compiling) is not None:
            compiling.terminate()
        if self._loading is not None:
            self._loading.join()

    def _build(self, entry: Entry, mark_duplicates: bool, done: Future[Built]) -> None:
        if self._process is not None:  # moved meanwhile
            self._process.submit(entry, mark_duplicates, done)
            return
        begun = time.monotonic()
        one_by_one = 1.0
        try:
            built = self._builder.build(entry, mark_duplicates=mark_duplicates)
            one_by_one = 1 - built.by_columns / max(1, built.count)
            done.set_result(built)
        except ValueError as refusal:
            done.set_exception(refusal.with_traceback(None))  # this frame holds ``done``: a cycle, with the body in it
        except BaseException as error:
            done.set_exception(error)
        now = time.monotonic()
        self._busy_s += (now - begun) * one_by_one
        if now - self._window_began >= _WINDOW_S:
            busy = self._busy_s / (now - self._window_began) > BUSY_SHARE
            self._window_began, self._busy_s = now, 0.0
            if busy and self._wanted is None and self._starting is None and not self._is_loading():
                self._start(lambda: self._thread.submit(self._move))

    def _is_loading(self) -> bool:
        """Whether compiled functions are on their way, asked for now or before."""
        if self._columnar:
            self._columnar = False
            self._loading = threading.Thread(target=self._load, name="suffice-columnar", daemon=True)
            self._loading.start()
        if self._loading is None:
            return False
        if not self._loading.is_alive():
            self._loading = None  # from the next window on it counts what is left
        return True

    def _load(self) -> None:
        if not is_compiled():
            begun = time.monotonic()
            self._compiling = start_compiling()
            if self._compiling.wait() != 0:
                return
            log.info("what reads spans by columns was compiled in %.0f s", time.monotonic() - begun)
        self._builder.read_columnar()

    def _start(self, on_ready: Callable[[], object] = lambda: None) -> None:
        try:
            with self._lock:  # so that it is known before it can die
                self._starting = BuildProcess(self._builder.duplicates.fetch, self._come_back, on_ready)
        except OSError as error:  # no memory, no processes left: go on here
            log.warning("building goes on in this process: %s", error)
            self._wanted = False

    def _move(self) -> None:
        """In the thread that builds, since what is remembered goes along. Who submits meanwhile doesn't wait."""
        duplicates = self._builder.duplicates
        duplicates.look_back()
        remembered = pickle.dumps(duplicates)
        with self._lock:
            if self._starting is not None:
                self._starting.begin(remembered)
                self._process, self._starting = self._starting, None

    def _come_back(self, process: BuildProcess) -> None:
        """The child has died: come back to the thread, whether or not anybody submits more."""
        with self._lock:
            if self._starting is process:
                self._starting = None
                log.error("the building process did not start; building goes on in this process")
                self._wanted = False
            if self._process is process:
                self._process = None
                log.error("the building process died; building goes on in this process")
                self._wanted = False
                self._rescue(process)

    def _rescue(self, process: BuildProcess) -> None:
        """What it left is built here, but not the body it died of."""
        left = process.left_over()
        if left:
            left[0][2].set_exception(MalformedBodyError("the body could not be decoded; the collector's log has more"))
        for entry, mark_duplicates, done in left[1:]:
            self._thread.submit(self._build, entry, mark_duplicates, done)
