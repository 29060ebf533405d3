"""Texts that were stored again are taken out again in the background: a step when little waits to be stored, then a rest."""

from __future__ import annotations

import logging
import threading
import time

from suffice.errors import SufficeError
from suffice_collector.collector import Collector
from suffice_collector.metrics import REPEATS
from suffice_store.compacting import Compaction, Step
from suffice_store.file_store import DatabaseStore

log = logging.getLogger("suffice.compaction")

FIRST_S, EVERY_S = 60.0, 300.0
BUSY_SPANS = 16_384  # a batch of the apply thread: with more waiting, storing has the processor for itself
RESTS = 3.0  # times what the step took, so that it has a quarter of a core at most
LEAST_REST_S = 1.0


class Compactor:
    """The thread that looks. ``start`` and ``close`` it with the server."""

    def __init__(self, collector: Collector, *, first_s: float = FIRST_S, every_s: float = EVERY_S) -> None:
        self._collector = collector
        self._first_s, self._every_s = first_s, every_s
        store = collector.store
        self._compaction = Compaction(store) if isinstance(store, DatabaseStore) else None
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="suffice-compaction", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        """Ends after the step under way."""
        self._closing.set()
        self._thread.join()

    def _run(self) -> None:
        wait = self._first_s
        while not self._closing.wait(wait):
            begun = time.monotonic()
            try:
                done = self._step()
            except SufficeError as refused:
                log.warning("compaction has to wait: %s", refused)
                done = Step()
            except Exception:
                log.exception("compaction failed; it is tried again")
                done = Step()
            rest = max(LEAST_REST_S, RESTS * (time.monotonic() - begun))
            wait = rest if done.more else self._every_s

    def _step(self) -> Step:
        if self._compaction is None or self._collector.ingest.backlog()[0] > BUSY_SPANS:
            return Step()
        done = self._compaction.step()
        if done.removed:
            self._collector.metrics.add(REPEATS, done.removed)
            log.info("%d of %d rows of %s repeated what was stored and are gone", done.removed, done.looked, done.table)
        return done
