"""The collector takes repeated texts out by itself, when little waits, and says how many."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from collector.otlp_samples import chat_body
from collector.processes import wait_until
from store.synthetic import START_NS, call_record

from suffice_collector import compaction
from suffice_collector.collector import Collector
from suffice_collector.compaction import Compactor
from suffice_collector.ingest import Ingest, now_entry
from suffice_collector.metrics import REPEATS
from suffice_store.appending import build_tables
from suffice_store.file_store import FileStore


@pytest.fixture
def collector(tmp_path: Path) -> Iterator[Collector]:
    """Three texts, each stored three times."""
    with FileStore(str(tmp_path / "s.duckdb"), exact_rows=0) as store:
        for restart in range(3):
            store.forget_seen()
            store.append(build_tables([call_record(0)], START_NS + restart))
        ingest = Ingest(store, tmp_path / "journal", build_process=False)
        yield Collector(store, ingest)
        ingest.close()


def rows(collector: Collector) -> int:
    with collector.store.connected() as connection:  # type: ignore[attr-defined]
        return int(connection.scalar(sa.select(sa.func.count()).select_from(sa.table("messages"))))


def test_repeats_go_while_the_collector_goes_on(collector: Collector) -> None:
    compactor = Compactor(collector, first_s=0.01, every_s=0.05)
    compactor.start()
    try:
        wait_until(lambda: rows(collector) == 3, "the repeats to be gone")
        collector.store.forget_seen()  # type: ignore[attr-defined]
        collector.ingest.accept_blocking(now_entry(chat_body(2)))
        wait_until(lambda: collector.store.read("overview").to_pylist()[0]["calls"] == 3, "3 calls")
    finally:
        compactor.close()
    assert collector.metrics.total(REPEATS) >= 6
    assert "suffice_repeats_removed_total 6" in collector.metrics.render([])


def test_it_waits_while_much_is_to_be_stored(collector: Collector, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compaction, "BUSY_SPANS", -1)
    compactor = Compactor(collector)
    assert (compactor._step().looked, rows(collector)) == (0, 9)
    monkeypatch.setattr(compaction, "BUSY_SPANS", 0)
    assert (compactor._step().removed, rows(collector)) == (6, 3)


def test_a_failure_is_not_the_end(collector: Collector, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compaction, "LEAST_REST_S", 0.01)
    compactor, tries = Compactor(collector, first_s=0.01, every_s=0.01), []
    original = compactor._step

    def step() -> compaction.Step:
        tries.append(1)
        if len(tries) == 1:
            raise RuntimeError("once")
        return original()

    monkeypatch.setattr(compactor, "_step", step)
    compactor.start()
    try:
        wait_until(lambda: rows(collector) == 3, "the repeats to be gone")
    finally:
        compactor.close()
