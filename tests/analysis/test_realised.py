"""A change of model is found, and what it saved at the same volume and mix; nothing is found where nothing changed."""

from __future__ import annotations

from typing import Any

import pytest
from analysis.switches import DAY_NS, simulated_switch

from suffice_analysis.moves import asks, evidence_hash, parse_moves
from suffice_analysis.realised import changed_tasks, find_change, find_realised, projected_usd


def row(day: int, model: str, calls: int, usd: float, size: int = 9, **more: Any) -> dict[str, Any]:
    return {
        "task_id": "t", "day": day * DAY_NS, "model": model, "service": "s", "slice_id": "", "size": size, "calls": calls,
        "priced_calls": calls, "paid_usd": usd * calls, "squares_usd": usd**2 * calls, "error_calls": 0, "retried_calls": 0,
        "judged_calls": 0, "good_calls": 0, **more,
    }  # fmt: skip


def test_a_simulated_switch_is_recovered_within_its_interval() -> None:
    """A small part of benchmarks/realised.py, which runs 200."""
    inside = 0
    for seed in range(1000, 1040):
        rows, truth = simulated_switch(seed, calls=300)
        (found,) = find_realised(rows)
        assert (found.before.model, found.after.model, found.since_ns) == ("old", "new", 10 * DAY_NS)
        inside += found.low <= truth <= found.high
    assert inside >= 0.88 * 40


def test_neither_more_calls_nor_larger_ones_count_as_saving() -> None:
    rows = [
        row(0, "old", 80, 2.0, size=9),
        row(0, "old", 20, 8.0, size=12),
        row(1, "new", 100, 1.0, size=9),
        row(1, "new", 900, 4.0, size=12),
    ]
    (found,) = find_realised(rows)
    assert found.before_usd == pytest.approx(1000 * 3.2)
    assert found.saving_usd == pytest.approx(1000 * (0.8 * 1.0 + 0.2 * 4.0))
    assert (found.low, found.high) == pytest.approx((1600, 1600))  # every call of a stratum cost the same
    assert found.covered == 1.0


def test_a_dearer_model_costs() -> None:
    (found,) = find_realised([row(0, "old", 50, 1.0), row(1, "new", 50, 3.0)])
    assert found.saving_usd == pytest.approx(-2000)


def test_what_is_not_on_both_sides_is_left_out_and_told() -> None:
    rows = [row(0, "old", 75, 1.0), row(0, "old", 25, 5.0, size=13), row(1, "new", 60, 0.5)]
    (found,) = find_realised(rows)
    assert (found.saving_usd, found.covered) == (pytest.approx(500), 0.75)


def test_errors_retries_and_outcomes_stand_before_and_after() -> None:
    rows = [
        row(0, "old", 50, 1.0, error_calls=1),
        row(1, "new", 40, 0.5, error_calls=4, retried_calls=3, judged_calls=20, good_calls=19),
    ]
    (found,) = find_realised(rows)
    assert (found.before.error_calls, found.after.error_calls, found.after.retried_calls) == (1, 4, 3)
    assert (found.before.judged_calls, found.after.good_calls, found.after.judged_calls) == (0, 19, 20)


@pytest.mark.parametrize(
    "rows",
    [
        [row(0, "old", 50, 1.0), row(1, "old", 50, 1.0)],
        [row(0, "old", 50, 1.0), row(1, "new", 29, 1.0)],  # too few to speak of
        [row(0, "old", 29, 1.0), row(1, "new", 500, 1.0)],
        [row(day, "old" if day % 2 else "new", 50, 1.0, size=day) for day in (0, 1)],  # nothing to compare
        [row(0, "old", 50, 1.0, priced_calls=0), row(1, "new", 50, 1.0)],
    ],
)  # fmt: skip
def test_nothing_is_said_where_nothing_can_be(rows: list[dict[str, Any]]) -> None:
    assert find_realised(rows) == []


def test_a_trial_on_the_side_is_no_change() -> None:
    assert (
        find_change([row(day, model, calls, 1.0) for day in range(9) for model, calls in (("old", 90), ("new", 10))])
        is None
    )


def test_days_by_model_tell_which_tasks_have_changed() -> None:
    """What is told of a task's days alone picks those that something is said of when their calls are looked at."""
    moved, _ = simulated_switch(3, calls=300)
    same = [row | {"task_id": "same", "model": "old"} for row in moved]
    few = [row | {"task_id": "few", "calls": 1} for row in moved[:3]]
    rows = [*moved, *same, *few]
    days = [{name: row[name] for name in ("task_id", "day", "model", "calls")} for row in rows]
    assert changed_tasks(days) == [each.task_id for each in find_realised(rows)] == [moved[0]["task_id"]]
    assert changed_tasks([]) == []


def test_the_projection_is_per_thousand_of_the_tasks_calls() -> None:
    saving = {"saving_usd": 6.0, "saving_low_usd": 4.0, "saving_high_usd": 8.0, "details": '{"calls": 2000}'}
    assert projected_usd(saving) == (3.0, 2.0, 4.0)
    assert projected_usd(saving | {"details": "{}"}) is None
    assert projected_usd(None) is None


def test_moves_are_read_in_order_and_an_unsaid_change_is_asked_about() -> None:
    def said(state: str, at: int) -> dict[str, Any]:
        value = f'{{"state": "{state}", "owner": "Ann", "reason": "why"}}'
        return {"kind": "move", "task_id": "t", "value": value, "decided_by": None, "recorded_ns": at}

    other = {"kind": "rename", "task_id": "t", "value": '"Name"', "decided_by": None, "recorded_ns": 0}
    changes = find_realised([row(0, "old", 50, 1.0), row(1, "new", 50, 0.5)])
    testing = parse_moves([other, said("proposed", 1), said("testing", 2)])
    assert [(m.state, m.owner, m.recorded_ns) for m in testing["t"]] == [("proposed", "Ann", 1), ("testing", "Ann", 2)]
    assert asks(testing, changes) == changes
    assert asks(parse_moves([said("moved", 1)]), changes) == []


def test_the_evidence_hash_changes_with_the_evidence_alone() -> None:
    rows: dict[str, list[dict[str, Any]]] = {"estimates": [{"value": 0.5}], "evidence": [], "savings": []}
    first = evidence_hash(lambda name, **_: rows[name], "t")
    assert first == evidence_hash(lambda name, **_: [r | {"analysis_id": "other"} for r in rows[name]], "t")
    assert len(first) == 16
    rows["estimates"] = [{"value": 0.6}]
    assert evidence_hash(lambda name, **_: rows[name], "t") != first
