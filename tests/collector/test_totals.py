"""Totals are ready before anybody asks, and go on being while calls come in."""

from __future__ import annotations

from pathlib import Path

from collector.processes import wait_until
from store.synthetic import START_NS, call_record

from suffice_collector.collector import Collector
from suffice_collector.ingest import Ingest
from suffice_collector.totals import TotalsKeeper
from suffice_store.appending import build_tables
from suffice_store.file_store import FileStore
from suffice_store.rollup import Rollup


def test_totals_are_kept_ready(tmp_path: Path) -> None:
    with FileStore(str(tmp_path / "s.duckdb")) as store:
        store.rollup = rollup = Rollup(store, inline_rows=5)  # for more a reader does not wait
        store.append(build_tables([call_record(n) for n in range(10)], START_NS))
        assert rollup.current("default") is None
        ingest = Ingest(store, tmp_path / "journal", build_process=False)
        keeper = TotalsKeeper(Collector(store, ingest), every_s=0.05)
        keeper.start()
        try:
            wait_until(lambda: rollup.current("default") is not None, "the totals")
            store.append(build_tables([call_record(n) for n in range(10, 20)], START_NS))
            wait_until(lambda: rollup.current("default") is not None, "the totals of twenty calls")
            assert store.read("overview")["calls"].to_pylist() == [20]
        finally:
            keeper.close()
            ingest.close()
