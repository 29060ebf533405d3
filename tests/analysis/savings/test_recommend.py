"""The alternative that is named first weighs wrong answers against money, and says the price of one."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suffice_analysis.savings.recommend import Recommendation, first_choice, rank_tests, recommend

NAMES = ("caching_batch", "small_tier", "hosted_slm", "self_hosted_slm")


def rows(*pairs: tuple[float | None, float], task_id: str = "") -> list[dict[str, Any]]:
    """Alternatives in their order, each (saving, extra wrong answers)."""
    return [
        {"task_id": task_id, "alternative": name, "position": n, "saving_usd": usd, "extra_wrong": wrong, "quality_grade": "prior",
         "pays": usd is not None and usd > 0}
        for n, (name, (usd, wrong)) in enumerate(zip(NAMES, pairs, strict=False), 1)
    ]  # fmt: skip


def test_one_cent_more_is_not_worth_38_more_wrong_answers() -> None:
    offered = rows((0.0, 0), (0.81, 67), (0.82, 105), (-3.0, 105))
    found = recommend(offered)
    assert found is not None
    assert (found.row["alternative"], found.more) == ("small_tier", offered[2])
    assert found.usd_per_wrong == pytest.approx(0.81 / 67)
    assert (found.more_usd, found.more_wrong) == pytest.approx((0.01, 38))


def test_twice_the_money_for_half_as_many_again_is() -> None:
    offered = rows((0.0, 0), (40, 60), (90, 100))
    assert recommend(offered) == Recommendation(offered[2], 0.9)


def test_a_small_saving_is_not_named_however_safe() -> None:
    offered = rows((0.0, 0), (0.01, 0.01), (5, 60))
    assert recommend(offered) == Recommendation(offered[2], 5 / 60)


def test_of_two_with_the_same_quality_the_cheaper() -> None:
    offered = rows((0.0, 0), (None, 0), (40, 100), (60, 100))
    assert recommend(offered) == Recommendation(offered[3], 0.6)


def test_the_price_of_a_wrong_answer_counts_only_what_caching_does_not_save() -> None:
    offered = rows((30.0, 0), (50, 10))
    assert recommend(offered) == Recommendation(offered[1], 2.0)


def test_what_was_tested_goes_before_what_is_expected_to_save_more() -> None:
    offered = rows((0.0, 0), (90, 10), (40, 60), (30, 5))
    offered[2]["quality_grade"] = "replay"
    found = recommend(offered)
    assert found is not None
    assert (found.row["alternative"], found.more) == ("hosted_slm", offered[1])
    assert (found.more_usd, found.more_wrong) == (50, -50)


def test_a_tested_one_that_does_not_pay_is_not_named() -> None:
    offered = rows((0.0, 0), (90, 10), (-40, 60))
    offered[2]["quality_grade"] = "replay"
    assert recommend(offered) == Recommendation(offered[1], 9.0)


def test_what_saves_no_more_than_caching_is_not_recommended() -> None:
    offered = rows((30.0, 0), (30, 10), (20, 10))
    assert recommend(offered) is None
    assert first_choice(offered) == offered[0]
    assert first_choice(rows((0.0, 0), (-1, 5))) is None
    assert recommend([]) is None


def test_without_a_wrong_answer_there_is_no_price() -> None:
    offered = rows((0.0, 0), (3, 0))
    assert recommend(offered) == Recommendation(offered[1], None)


@given(st.lists(st.tuples(st.floats(-10, 100), st.floats(0, 100)), min_size=4, max_size=4))
def test_nothing_named_is_beaten_on_both(pairs: list[tuple[float, float]]) -> None:
    offered = rows((pairs[0][0], 0.0), *pairs[1:])
    found = recommend(offered)
    if found is None:
        base = max(offered[0]["saving_usd"], 0.0)
        assert all(r["saving_usd"] <= base for r in offered[1:])
        return
    for other in offered[1:]:
        better = other["saving_usd"] > found.row["saving_usd"] and other["extra_wrong"] < found.row["extra_wrong"]
        assert not better
    if found.more is not None:
        assert found.more_usd > 0
        assert found.more_wrong >= 0


def test_tests_are_ranked_by_the_saving_of_what_is_recommended() -> None:
    def task(task_id: str, value: float | None = 0.7, verdict: str = "untested", **more: Any) -> dict[str, Any]:
        return {"task_id": task_id, "replaceability": value, "verdict": verdict, **more}

    savings = [r for i, usd in enumerate((5, 9, 50, 50, 50, 0)) for r in rows((0, 0), (usd, 1), task_id=f"t{i}")]
    tasks = [task("t0", 0.95, "likely"), task("t1"), task("t2", verdict="stays"), task("t3", None),
             task("t4", ignored=True), task("t5"), task("t6")]  # fmt: skip
    assert [(t["task_id"], best.row["saving_usd"]) for t, best in rank_tests(tasks, savings)] == [("t1", 9), ("t0", 5)]
