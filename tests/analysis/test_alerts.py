"""What an analysis raises: a proof once, a proof that no longer holds, a saving that falls short of the projection."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from analysis.replay.endpoint import serving
from analysis.switches import simulated_switch
from analysis.traffic import by_instructions, shop_traffic

from suffice_analysis import alerts, pipeline
from suffice_analysis.realised import find_realised
from suffice_analysis.replay.budget import Budget, Limits
from suffice_analysis.replay.campaign import Order, open_campaign
from suffice_analysis.replay.candidates import Candidate
from suffice_store import Store, open_store
from suffice_store.alerts_file import Thresholds

TASK = {"task_id": "t", "name": "labels", "verdict": "likely"}
DAY = 86_400 * 10**9


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(str(tmp_path / "calls.duckdb")) as opened:
        shop_traffic(480).fill(opened)
        yield opened


def raised(store: Store) -> list[tuple[str, str]]:
    return [(row["kind"], row["title"]) for row in store.read("alerts").to_pylist()]


def test_a_proof_is_raised_once_and_its_ageing_once(store: Store) -> None:
    """A real campaign: proven, then answered by another version of the candidate, which reopens it."""
    pipeline.analyze(store, find=by_instructions)
    assert alerts.raise_alerts(store, "default") == 0
    task = next(row for row in store.read("tasks").to_pylist() if row["kind"] == "classification")

    def label(body: dict[str, Any], _: int) -> str:
        return str(body["messages"][-1]["content"]).split()[2].strip(":")

    with serving(label) as endpoint:
        candidate = Candidate(model="tiny", url=endpoint.url, parallel=2, timeout_s=5)
        open_campaign(store, "default", Order(task["task_id"], candidate)).run(Budget(Limits()))
        pipeline.analyze(store, find=by_instructions)
        assert alerts.raise_alerts(store, "default") == 1
        assert alerts.raise_alerts(store, "default") == 0
        (alert,) = store.read("alerts").to_pylist()
        assert (alert["kind"], alert["subject"]) == ("task_proven", task["task_id"])
        assert alert["sentence"].startswith(f"tiny suffices for “{task['name']}”: 100 % (")
        endpoint.model = "tiny-2"
        open_campaign(store, "default", Order(task["task_id"], candidate, wanted=150)).run(Budget(Limits()))
    pipeline.analyze(store, find=by_instructions)
    assert alerts.raise_alerts(store, "default") == 1
    assert alerts.raise_alerts(store, "default") == 0
    assert sorted(raised(store)) == [
        ("evidence_aged", f"Evidence aged: {task['name']}"),
        ("task_proven", f"Proven: {task['name']}"),
    ]


def result(**changes: Any) -> Any:
    given = {
        "candidate": "tiny",
        "variant": "as_is",
        "reopened": "",
        "status": "proven",
        "rows": [{"recorded_ns": 10 * DAY}],
    }
    return SimpleNamespace(**{**given, **changes})


@pytest.mark.parametrize(
    ("changes", "days", "why"),
    [
        ({}, 100, []),
        ({}, 101, ["its newest answer is 91 days old"]),
        ({"status": "open"}, 500, []),
        ({"reopened": "the task's template changed"}, 11, ["the task's template changed"]),
    ],
)
def test_a_proof_ages_by_time_and_by_what_changed(changes: dict[str, Any], days: int, why: list[str]) -> None:
    found = alerts.aged(TASK, [result(**changes)], Thresholds(), days * DAY)
    assert [each["details"]["why"] for each in found] == why


def test_a_day_more_does_not_raise_an_old_proof_again() -> None:
    names = {alerts.aged(TASK, [result()], Thresholds(), days * DAY)[0]["happened"] for days in (120, 121, 500)}
    assert len(names) == 1


def test_a_saving_below_its_projection_is_raised() -> None:
    rows, truth = simulated_switch(1)
    (change,) = find_realised(rows)
    assert alerts.saving_below(TASK, change, (truth, truth * 0.9, truth * 1.1)) == []
    assert alerts.saving_below(TASK, change, None) == []
    (alert,) = alerts.saving_below(TASK, change, (truth * 2, truth * 1.8, truth * 2.2))
    assert alert["sentence"].startswith("“labels” moved from old to new and saves $")
    later = dataclasses.replace(change, saving_usd=change.saving_usd * 0.99)
    assert alerts.saving_below(TASK, later, (truth * 2, 0, 0))[0]["happened"] == alert["happened"]


def test_the_projection_is_that_of_before_the_change() -> None:
    """After it the baseline is the new model, and what is projected then is something else."""
    rows, _ = simulated_switch(1)
    (change,) = find_realised(rows)
    asked: list[dict[str, Any]] = []

    class Reads:
        def read(self, name: str, **given: Any) -> Any:
            asked.append({"name": name, **given})
            analyses = [
                {"analysis_id": "new", "published_ns": change.since_ns + 1},
                {"analysis_id": "old", "published_ns": change.since_ns - 1},
            ]
            return SimpleNamespace(to_pylist=lambda: analyses if name == "analyses" else [])

    alerts._projection(Reads(), "default", change, [])  # type: ignore[arg-type]
    assert asked[-1] == {"name": "savings", "project": "default", "analysis_id": "old", "task_id": "t"}
