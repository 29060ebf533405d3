"""The tasks that an analysis is told of: all of the last one, and of earlier ones a bounded number, users' first."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from suffice_store import Store, open_store
from suffice_store.arrow_schema import arrow_schema
from suffice_store.reads import results


def publish(store: Store, nth: int, tasks: dict[str, int]) -> None:
    """One analysis with these tasks and their numbers of calls."""
    analysis = f"a{nth}"
    zeros = {field.name: 0 for field in arrow_schema("tasks") if not field.nullable and pa.types.is_integer(field.type)}
    texts = {field.name: "" for field in arrow_schema("tasks") if not field.nullable and pa.types.is_string(field.type)}
    rows: list[dict[str, Any]] = [
        {**zeros, **texts, "project": "default", "analysis_id": analysis, "task_id": task_id, "name": f"{task_id} {nth}", "calls": calls}
        for task_id, calls in tasks.items()
    ]  # fmt: skip
    store.append({"tasks": pa.Table.from_pylist(rows, schema=arrow_schema("tasks"))})
    run = {"started_ns": nth, "published_ns": nth, "calls": 1, "task_count": len(rows), "basis": "month", "first_call_ns": None,
           "last_call_ns": None, "data_hash": "h", "seed": 0, "suffice_version": "0", "parameters": "{}"}  # fmt: skip
    store.command("publish_analysis", project="default", analysis_id=analysis, **run)


def known(store: Store) -> dict[str, tuple[str, bool]]:
    return {row["task_id"]: (row["name"], row["latest"]) for row in store.read("known_tasks").to_pylist()}


def test_what_is_known_does_not_grow_with_every_analysis(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(results, "EARLIER_TASKS", 3)
    with open_store(str(tmp_path / "calls.duckdb")) as store:
        publish(store, 1, {"named": 5, "old": 900})
        store.command("decide", project="default", kind="rename", task_id="named", value="Mine")
        for nth in range(2, 8):
            publish(store, nth, {"stays": 10, f"small{nth}": 1, f"large{nth}": 50})
        publish(store, 8, {"stays": 10, "new1": 1, "new2": 1, "new3": 1, "new4": 1})
        found = known(store)
    latest = {"stays", "new1", "new2", "new3", "new4"}
    assert {key for key, (_, newest) in found.items() if newest} == latest
    assert found["stays"] == ("stays 8", True)
    assert set(found) - latest == {"named", "large7", "small7"}


def test_an_analysis_of_one_service_forgets_no_other(tmp_path: Path) -> None:
    with open_store(str(tmp_path / "calls.duckdb")) as store:
        publish(store, 1, {"a": 5, "b": 5})
        publish(store, 2, {"a": 6})
        assert known(store) == {"a": ("a 2", True), "b": ("b 1", False)}
