"""Texts that were stored again are taken out again in the background: a step when little waits to be stored, then a rest."""

from __future__ import annotations

import logging
import time

from suffice_collector.background import Recurring
from suffice_collector.collector import Collector
from suffice_collector.metrics import REPEATS
from suffice_store.compacting import Compaction, Step
from suffice_store.file_store import DatabaseStore

log = logging.getLogger("suffice.compaction")

FIRST_S, EVERY_S = 60.0, 300.0
BUSY_SPANS = 16_384  # two batches of the apply thread: with more waiting, storing has the processor for itself
RESTS = 3.0  # times what the step took, so that it has a quarter of a core at most
LEAST_REST_S = 1.0


class Compactor(Recurring):
    """The thread that looks."""

    name = "compaction"

    def __init__(self, collector: Collector, *, first_s: float = FIRST_S, every_s: float = EVERY_S) -> None:
        super().__init__(first_s=first_s, every_s=every_s)
        self._collector = collector
        store = collector.store
        self._compaction = Compaction(store) if isinstance(store, DatabaseStore) else None

    def look(self) -> float:
        """One step, and a rest after it while there is more."""
        begun = time.monotonic()
        done = self._step()
        rest = max(LEAST_REST_S, RESTS * (time.monotonic() - begun))
        return rest if done.more else self.every_s

    def _step(self) -> Step:
        if self._compaction is None or self._collector.ingest.backlog()[0] > BUSY_SPANS:
            return Step()
        done = self._compaction.step()
        if done.removed:
            self._collector.metrics.add(REPEATS, done.removed)
            log.info("%d of %d rows of %s repeated what was stored and are gone", done.removed, done.looked, done.table)
        return done
