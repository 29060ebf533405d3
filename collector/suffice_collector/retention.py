"""Retention: once an hour each project's policy is looked at, and what is too old or too much goes as a deletion."""

from __future__ import annotations

import time
from datetime import date

from suffice_collector.background import Recurring
from suffice_collector.collector import Collector
from suffice_store.environments import EVERY
from suffice_store.file_store import DatabaseStore
from suffice_store.keeping import cut_ns, read_policies
from suffice_store.selection import Selection
from suffice_store.sizes import project_bytes

FIRST_S, EVERY_S = 60.0, 3600.0
EPOCH_DAY = date(1970, 1, 1).toordinal()


def due(store: DatabaseStore, now_ns: int) -> list[Selection]:
    """What the policies say has to go now; whole days, so that a file is rewritten at most once a day for each."""
    with store.connected() as connection:
        policies = read_policies(connection)
    selections = []
    for policy in policies:
        sizes = project_bytes(store) if policy.max_bytes is not None else {}
        days = store.read("spend", project=policy.project, by="day", environment=EVERY).to_pylist()
        total = sum(row["calls"] for row in days) or 1
        size = sizes.get(policy.project, 0)
        stored = [(_day(row["key"]), size * row["calls"] // total) for row in days if row["key"]]
        if (cut := cut_ns(policy, stored, now_ns)) is not None:
            selections.append(Selection(project=policy.project, before_ns=cut))
    return selections


class Keeper(Recurring):
    """The thread that looks."""

    name = "retention"

    def __init__(self, collector: Collector, *, first_s: float = FIRST_S, every_s: float = EVERY_S) -> None:
        super().__init__(first_s=first_s, every_s=every_s)
        self._collector = collector

    def look(self) -> float:
        """Carry out what is due."""
        self.keep()
        return self.every_s

    def keep(self) -> None:
        """Carry out what is due, one project after the other."""
        store, maintenance = self._collector.store, self._collector.maintenance
        if not isinstance(store, DatabaseStore) or maintenance is None:
            return
        for selection in due(store, time.time_ns()):
            maintenance.delete(selection, "retention", "", "the project's policy")
            maintenance.wait()


def _day(text: str) -> int:
    return date.fromisoformat(text).toordinal() - EPOCH_DAY
