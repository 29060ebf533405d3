"""Totals are kept ready in the background, so that the first reader of a million calls need not wait for them."""

from __future__ import annotations

from suffice_collector.background import Recurring
from suffice_collector.collector import Collector
from suffice_store.file_store import DatabaseStore
from suffice_store.rollup import Rollup

EVERY_S = 1.0


class TotalsKeeper(Recurring):
    """The thread that looks."""

    name = "totals"

    def __init__(self, collector: Collector, *, first_s: float = 0.0, every_s: float = EVERY_S) -> None:
        super().__init__(first_s=first_s, every_s=every_s)
        store = collector.store
        self._rollup: Rollup | None = store.rollup if isinstance(store, DatabaseStore) else None
        self._begun = False

    def look(self) -> float:
        """Add up what came since the last look."""
        if self._rollup is not None:
            if not self._begun:
                self._rollup.begin()
                self._begun = True
            self._rollup.keep()
        return self.every_s
