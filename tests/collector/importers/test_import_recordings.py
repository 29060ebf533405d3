"""The real logs: all of them, twice, and threaded without any id."""

from __future__ import annotations

from pathlib import Path

import pytest

from suffice_collector.importers.contract import Context
from suffice_collector.importers.running import import_files
from suffice_store.file_store import FileStore

pytestmark = pytest.mark.shared


def test_4894_real_calls(shared_data: Path, tmp_path: Path) -> None:
    files = sorted((shared_data / "calls").glob("*.jsonl.gz"))
    context = Context(now_ns=1_790_000_000_000_000_000)
    with FileStore(str(tmp_path / "t.duckdb")) as store:
        first = import_files(store, files, context)
        second = import_files(store, files, context)
        calls = store.read("analysis_calls").select(["call_id", "external_id", "run_id", "chain_before"]).to_pylist()
        links = {each["call_id"]: each["previous_call_id"] for each in store.read("links").to_pylist()}
        overview = store.read("overview").to_pylist()[0]
    assert [(each.read, each.added, each.skipped, each.damage) for each in first] == [
        (700, 700, {}, None),
        (1208, 1208, {}, None),
        (676, 676, {}, None),
        (2310, 2310, {}, None),
    ]
    assert [(each.added, each.known) for each in second] == [(0, 700), (0, 1208), (0, 676), (0, 2310)]
    assert (overview["calls"], overview["estimated_calls"], overview["untimed_calls"]) == (4894, 4894, 4894)

    runs = {each["call_id"]: each["run_id"] for each in calls}
    history = [each for each in calls if each["external_id"].startswith("tau_bench/") and each["chain_before"]]
    linked = [each for each in history if links.get(each["call_id"])]
    assert len(history) == 2150
    assert len(linked) >= 0.99 * len(history)
    right = sum(runs[links[each["call_id"]]] == each["run_id"] for each in linked)
    assert right >= 0.99 * len(linked)  # the run's id is used here to check the links, not to make them
