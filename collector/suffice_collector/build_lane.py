"""Where bodies are built: in a thread of this process, and under load by compiled functions, else in a process of its own.

A small installation pays for neither (0.1 GB each). One that is busy first loads what reads our own SDK's spans by
columns; where that is not enough, or the spans are others', a second process uses both cores: Python builds in the one,
DuckDB writes in the other.
"""

from __future__ import annotations

import contextlib
import logging
import pickle
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from suffice_collector.build_process import BuildProcess
from suffice_collector.building import Builder, Built
from suffice_collector.columnar import start_compiling
from suffice_collector.columnar.kept import has_numba, is_compiled
from suffice_collector.duplicates import DuplicateFinder
from suffice_collector.journal import Entry
from suffice_collector.otlp_values import MalformedBodyError

log = logging.getLogger("suffice.ingest")

Job = tuple[Entry, bool, "Future[Built]"]  # whether duplicates are to be marked

MOST_AT_ONCE = 32  # bodies; what waits longer would wait for all of them
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
        self._waiting: deque[Job] = deque()
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
        else:
            self._thread.submit(self._builder.duplicates.look_back)  # so that the first body need not wait for it

    @property
    def in_process(self) -> bool:
        """Whether a process of its own builds."""
        return self._process is not None

    def wait_loaded(self, timeout_s: float) -> None:
        """For compiled functions that were asked for at once."""
        if (loading := self._loading) is not None:
            loading.join(timeout_s)

    def submit(self, entry: Entry, *, mark_duplicates: bool = True) -> Future[Built]:
        """The future fails with MalformedBodyError or BodyTooLargeError for what can't be decoded."""
        done: Future[Built] = Future()
        done.set_running_or_notify_cancel()  # a client that hangs up must not stop it half way
        with self._lock:
            if self._process is not None:
                self._process.submit(entry, mark_duplicates, done)
            else:
                self._wait((entry, mark_duplicates, done))
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

    def _build_waiting(self) -> None:
        """All that wait, unless an earlier turn took them."""
        jobs: list[Job] = []
        with contextlib.suppress(IndexError):
            while len(jobs) < MOST_AT_ONCE and (not jobs or (jobs[0][1] and self._waiting[0][1])):
                jobs.append(self._waiting.popleft())
        if not jobs:
            return
        if self._process is not None:  # moved meanwhile
            for job in jobs:
                self._process.submit(*job)
            return
        begun = time.monotonic()
        one_by_one = 1.0
        try:
            outcomes = self._build(jobs)
        except BaseException as error:
            outcomes = [error] * len(jobs)
        built = [each for each in outcomes if isinstance(each, Built)]
        if built:
            one_by_one = 1 - sum(each.by_columns for each in built) / max(1, sum(each.count for each in built))
        while jobs:  # this frame must not hold a future with its error and the body in it
            _, _, done = jobs.pop(0)
            outcome = outcomes.pop(0)
            if isinstance(outcome, Built):
                done.set_result(outcome)
            else:
                done.set_exception(outcome)
        now = time.monotonic()
        self._busy_s += (now - begun) * one_by_one
        if now - self._window_began >= _WINDOW_S:
            busy = self._busy_s / (now - self._window_began) > BUSY_SHARE
            self._window_began, self._busy_s = now, 0.0
            if busy and self._wanted is None and self._starting is None and not self._is_loading():
                self._start(lambda: self._thread.submit(self._move))

    def _build(self, jobs: Sequence[Job]) -> list[Built | BaseException]:
        if jobs[0][1]:
            return [*self._builder.build_all([entry for entry, _, _ in jobs])]
        try:
            return [self._builder.build(jobs[0][0], mark_duplicates=False)]
        except ValueError as refusal:
            return [refusal.with_traceback(None)]

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
        for job in left[1:]:
            self._wait(job)

    def _wait(self, job: Job) -> None:
        self._waiting.append(job)
        self._thread.submit(self._build_waiting)
