"""Beyond the best before, and the price of a wrong answer: task by task, one figure for both."""

from __future__ import annotations

import json
from typing import Any

import pytest
from analysis.cases import make_case

from suffice_analysis.savings.alternatives import ALTERNATIVES
from suffice_analysis.savings.basis import Basis
from suffice_analysis.savings.marginal import beyond, stacked
from suffice_analysis.savings.recommend import recommend
from suffice_analysis.savings.stack import savings_rows

PER_1000 = Basis("per_1000_calls", 0.1, None, 1.0)


def row(name: str, saving: float, wrong: float = 0.0) -> dict[str, Any]:
    return {"task_id": "", "alternative": name, "saving_usd": saving, "extra_wrong": wrong, "note": "", "details": {},
            "break_even_wrong_usd": None, "pays": saving > 0, "quality_grade": "prior"}  # fmt: skip


def test_what_caching_saves_on_other_tasks_takes_nothing_from_a_move() -> None:
    """Caching saves 1.67 on c; the small tier 5.27 on a and 0.95 on b, at 70 wrong answers; the host 5.00 and 1.00, at 104."""
    totals = [row("caching_batch", 1.67), row("small_tier", 6.22, 70.0), row("hosted_slm", 6.0, 104.0)]
    found = stacked(totals, [{"c": 1.67}, {"a": 5.27, "b": 0.95}, {"a": 5.0, "b": 1.0}])
    assert [each["marginal_usd"] for each in found] == pytest.approx([1.67, 6.22, 0.05])
    assert [each["break_even_wrong_usd"] for each in found] == [
        None,
        pytest.approx(6.22 / 70),
        pytest.approx(6.0 / 104),
    ]
    named = recommend(found)
    assert named is not None
    assert named.usd_per_wrong == pytest.approx(6.22 / 70)


def test_what_caching_saves_on_the_same_task_is_no_reason_to_move_it() -> None:
    """Of task a caching saves 2 of the 5: only 3 are bought with the 10 wrong answers."""
    totals = stacked([row("caching_batch", 3.0), row("small_tier", 5.0, 10.0)], [{"a": 2.0, "c": 1.0}, {"a": 5.0}])
    assert (totals[1]["marginal_usd"], totals[1]["break_even_wrong_usd"]) == (3.0, pytest.approx(0.3))
    assert json.loads(totals[1]["details"])["caching_usd"] == 2.0


def test_a_move_that_saves_less_than_caching_does_elsewhere_is_recommended_all_the_same() -> None:
    totals = stacked([row("caching_batch", 3.0), row("small_tier", 1.0, 10.0)], [{"c": 3.0}, {"a": 1.0}])
    found = recommend(totals)
    assert found is not None
    assert found.usd_per_wrong == pytest.approx(0.1)


def test_a_fleet_is_taken_whole_with_its_losses() -> None:
    best = {"a": 4.0, "b": 4.0}
    assert beyond("hosted_slm", {"a": 7.0, "b": 2.0}, best) == 3.0
    assert beyond("self_hosted_slm", {"a": 7.0, "b": 2.0}, best) == 1.0
    assert beyond("self_hosted_slm", {"a": 5.0, "b": 2.0}, best) == 0.0


def test_the_totals_of_the_analysis_are_the_sums_of_their_tasks() -> None:
    """One task that only caching saves on, two that move, one of which caching could serve too."""
    cases = [make_case(repeated=0.5, verdict="stays"), make_case(task_id="t_2"), make_case(task_id="t_3", repeated=0.5)]
    rows = savings_rows(cases, PER_1000, total_paid=120.0, seed=0)
    of = {(each["task_id"], each["alternative"]): each for each in rows}
    moved = {name: ("t_1", "t_3") if name == "caching_batch" else ("t_2", "t_3") for name in ALTERNATIVES}
    for name in ALTERNATIVES[:3]:
        assert of["", name]["marginal_usd"] == pytest.approx(
            sum(of[task, name]["marginal_usd"] for task in moved[name])
        )
    tier = of["", "small_tier"]
    assert sorted(json.loads(tier["details"])["moved_tasks"]) == ["t_2", "t_3"]
    same = of["t_3", "caching_batch"]["saving_usd"]
    assert tier["break_even_wrong_usd"] == pytest.approx((tier["saving_usd"] - same) / tier["extra_wrong"])
    found = recommend([of["", name] for name in ALTERNATIVES])
    assert found is not None
    assert found.usd_per_wrong == pytest.approx(found.row["break_even_wrong_usd"])
