"""Ingest: a body in, made into rows (else refused), on disk (else not acknowledged), applied soon after.

    accept -> build thread -> journal thread (group fdatasync) -> 200
                                  `-> apply thread -> store

One build thread: with two, on two cores, the apply thread starved (25 against 36 thousand spans a second).
"""

from __future__ import annotations

import asyncio
import threading
import time
from concurrent.futures import Future
from pathlib import Path

from suffice.errors import SufficeError
from suffice_collector.apply import Applier, Durable
from suffice_collector.build_lane import BuildLane
from suffice_collector.building import Built
from suffice_collector.duplicates.look_back import finder_for
from suffice_collector.journal import Entry, Journal, Position, read_entries, segments
from suffice_collector.signals import TRACES, Signal
from suffice_store.store import Store

MAX_BACKLOG_SPANS = 65_536  # acknowledged, not yet in the store: some two seconds of work
MAX_BUILT_SPANS = 32_768  # of them with their rows in memory: some 200 MB
MAX_BACKLOG_BYTES = 512 * 1024 * 1024
PACE_S = 0.25  # a request waits at most so long for the store to catch up: what is built beyond is built twice


class BusyError(Exception):
    """More is waiting than may wait. Answered with 503 and Retry-After."""


class Ingest:
    """Starts its threads when made; replays what an earlier process acknowledged and did not apply."""

    def __init__(
        self,
        store: Store,
        folder: Path,
        *,
        applied: int | None = None,
        max_backlog_spans: int = MAX_BACKLOG_SPANS,
        max_backlog_bytes: int = MAX_BACKLOG_BYTES,
        build_process: bool | None = None,
        columnar: bool | None = None,
    ) -> None:
        """``applied`` is the journal position that the store holds, encoded; None before the first.

        ``build_process``, ``columnar``: see BuildLane.
        """
        self._max_spans, self._max_bytes = max_backlog_spans, max_backlog_bytes
        self._lock = threading.Lock()
        self._waiting_spans = 0
        self._waiting_bytes = 0
        self._closed = False
        self._settled = threading.Condition()
        self._oldest_ns = 0
        after = None if applied is None else Position.decode(applied)
        earlier = segments(folder)
        self._journal = Journal(folder, first_segment=1 + (after.segment if after else 0))
        self._applied = self._journal.before  # by the replay
        self._builder = BuildLane(finder_for(store), process=build_process, columnar=columnar)
        self._applier = Applier(
            store, self._builder, replay=read_entries(folder, after, earlier), on_applied=self._on_applied
        )

    async def accept(self, entry: Entry) -> Built:
        """Returns once the entry is on disk. The caller reserved ``len(entry.body)`` bytes, which pass to the backlog.

        Raises MalformedBodyError, BodyTooLargeError, BusyError, JournalUnavailableError; nothing is kept then.
        """
        try:
            await self._keep_pace()
            built = await asyncio.wrap_future(self._builder.submit(entry))
        except BaseException:
            self.release(len(entry.body))
            raise
        if (writing := self._write(entry, built)) is not None:
            try:
                await asyncio.wrap_future(writing)
            except Exception:
                self._take_back(entry, built)
                raise
        return built

    async def _keep_pace(self) -> None:
        """Waits while the store is behind, so that senders go at its speed instead of being refused and sending again."""
        deadline = time.monotonic() + PACE_S
        while self._waiting_spans >= MAX_BUILT_SPANS and time.monotonic() < deadline and not self._closed:  # noqa: ASYNC110  (told by another thread)
            await asyncio.sleep(PACE_S / 25)

    def accept_blocking(self, entry: Entry) -> Built:
        """The same for a thread of this process (the spool, gRPC). Reserves by itself."""
        self.reserve(len(entry.body))
        try:
            built = self._builder.build(entry)
        except BaseException:
            self.release(len(entry.body))
            raise
        if (writing := self._write(entry, built)) is not None:
            try:
                writing.result()
            except Exception:
                self._take_back(entry, built)
                raise
        return built

    def reserve(self, size: int) -> None:
        """Room for bytes that are being received. Raises BusyError."""
        with self._lock:
            if self._closed or self._waiting_spans >= self._max_spans or self._waiting_bytes + size > self._max_bytes:
                raise BusyError(
                    "the collector is shutting down; send again"
                    if self._closed
                    else f"{self._waiting_spans} spans wait to be stored; send again in a second"
                )
            self._waiting_bytes += size

    def release(self, size: int) -> None:
        with self._lock:
            self._waiting_bytes -= size

    def status(self) -> str:
        """``ok``, or one line that says what is wrong: until the replay is done, reads lack acknowledged calls."""
        if self._applier.failing:
            return f"not storing: {self._applier.failing}"
        if self._journal.failing:
            return f"not taking: {self._journal.failing}"
        return "ok" if self._applier.replayed.is_set() else "replaying"

    def wait_replayed(self, timeout_s: float | None = None) -> bool:
        return self._applier.replayed.wait(timeout_s)

    def wait_loaded(self, timeout_s: float) -> None:
        """Until what reads spans is as fast as it gets. Requests that come earlier are taken, but share the interpreter
        with the loading: the first ones of a busy collector took a second."""
        self._builder.wait_loaded(timeout_s)

    def backlog(self) -> tuple[int, int, float]:
        """Spans and bytes that wait to be stored, and for how many seconds the oldest of them has."""
        with self._lock:
            waits = (time.time_ns() - self._oldest_ns) / 1e9 if self._waiting_spans and self._oldest_ns else 0.0
            return self._waiting_spans, self._waiting_bytes, waits

    def try_build(self, entry: Entry) -> Built:
        """What the entry would become; nothing is kept. Raises MalformedBodyError, BodyTooLargeError."""
        return self._builder.build(entry, mark_duplicates=False)

    def settle(self, timeout_s: float) -> None:
        """What was acknowledged until now is in the store, and the journal has forgotten it. Raises SufficeError."""
        deadline = time.monotonic() + timeout_s
        end = self._journal.rotate().result(timeout_s)
        if not self._applier.replayed.wait(timeout_s) or self._applier.failing:
            raise SufficeError(f"the journal was not replayed within {timeout_s:.0f} s: try again later")
        with self._settled:
            while self._applied < end:
                left = deadline - time.monotonic()
                if left <= 0 or self._applier.failing:
                    why = self._applier.failing or f"not done within {timeout_s:.0f} s"
                    raise SufficeError(f"what was acknowledged is not in the store yet ({why}): try again later")
                self._settled.wait(min(left, 1.0))
        self._journal.forget(end)

    def close(self) -> bool:
        """Drains: everything acknowledged is in the store, or (False) stays in the journal for the next start."""
        with self._lock:
            self._closed = True
        self._journal.close()
        drained = self._applier.close()
        self._builder.close()
        if drained:
            self._journal.applied_all()
        return drained

    def _write(self, entry: Entry, built: Built) -> Future[Position] | None:
        """Gives the entry to the journal; None where there is nothing to keep."""
        if built.count == 0:
            self.release(len(entry.body))
            return None
        with self._lock:
            if not self._waiting_spans:
                self._oldest_ns = entry.received_ns
            self._waiting_spans += built.count
            rows = built if self._waiting_spans <= MAX_BUILT_SPANS else None  # the others are built again

        def durable(position: Position) -> None:
            self._applier.put(Durable(position, entry, built.count, rows, built.marks))

        return self._journal.append(entry, durable)

    def _take_back(self, entry: Entry, built: Built) -> None:
        self._applier.keep(built)
        self._subtract(built.count, len(entry.body))

    def _subtract(self, spans: int, size: int) -> None:
        with self._lock:
            self._waiting_spans -= spans
            self._waiting_bytes -= size

    def _on_applied(self, position: Position, batch: list[Durable]) -> None:
        live = [each for each in batch if each.live]
        self._subtract(sum(each.spans for each in live), sum(len(each.entry.body) for each in live))
        self._journal.applied(position)
        with self._lock:
            self._oldest_ns = batch[-1].entry.received_ns  # what waits is younger than what was just stored
        with self._settled:
            self._applied = max(self._applied, position)
            self._settled.notify_all()


def now_entry(
    body: bytes, *, json: bool = False, gzip: bool = False, signal: Signal = TRACES, project: str = ""
) -> Entry:
    """A body that has just come, for ``project`` whatever it says itself."""
    return Entry(body, json, gzip, time.time_ns(), signal.code, project)
