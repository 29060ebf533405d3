from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from suffice_analysis.next_steps import find_next_steps
from suffice_dashboard import risk, steps
from suffice_store.rounding import about


def task(task_id: str, verdict: str = "likely", **more: Any) -> dict[str, Any]:
    return {"task_id": task_id, "name": task_id.upper(), "verdict": verdict, "calls": 500, "unpriced_calls": 0, "error_calls": 0,
            "paid_usd": Decimal("10"), "replaceability": 0.9, "replaceability_low": 0.8, "replaceability_high": 0.95, **more}  # fmt: skip


def saving(task_id: str, usd: float, **more: Any) -> dict[str, Any]:
    return {
        "task_id": task_id, "paid_usd": 2.0, "saving_usd": usd, "saving_low_usd": usd - 0.1, "saving_high_usd": usd + 0.1,
        "alternative": "hosted_slm", "position": 3, "model": "m", "basis": "per_1000_calls", "pays": True, "extra_wrong": 27.0, "quality_grade": "prior",
        "extra_wrong_low": 6.0, "extra_wrong_high": 54.0, **more,
    }  # fmt: skip


TASKS = [task("a"), task("b", "untested", replaceability_low=0.36, replaceability_high=0.92), task("c", "stays")]
SAVINGS = [saving("a", 0.5), saving("b", 0.9, extra_wrong=30.0), saving("c", 9.0), saving("", 90.0)]


def test_wrong_answers_are_said_of_the_tasks_own() -> None:
    assert risk.wrong_of_task(TASKS[0], SAVINGS[0]) == "about 27 of 100 of its answers (6–54)"
    assert risk.wrong_of_task(TASKS[0], saving("a", 1.0, extra_wrong=None)) == "not known"
    assert risk.wrong_of_task(TASKS[0], saving("a", 1.0, alternative="caching_batch")) == "none: it is the same model"
    assert risk.wrong_words(0.004, None, None) == "about 0.4 of 100 of its answers"


def test_wrong_answers_of_all_traffic_keep_their_basis() -> None:
    assert risk.wrong_answers(SAVINGS[0]) == "27 extra wrong answers (6–54) per 1,000 calls"
    assert (
        risk.wrong_answers(saving("", 5, alternative="caching_batch")) == "no extra wrong answers: it is the same model"
    )
    assert risk.wrong_answers(saving("", 5, extra_wrong=None)) == "extra wrong answers not known"


def test_steps_are_worded_as_tests_with_money_risk_and_expectation() -> None:
    found = find_next_steps(TASKS, SAVINGS)
    assert [steps.step_title(step) for step in found] == ["Test “A” against m", "Test “B” against m"]
    assert [steps.step_lines(step, row) for step, row in zip(found, TASKS, strict=False)] == [
        [
            "Hosted SLM: would save $0.50 ($0.40–$0.60).",
            "Wrong and not caught if all its calls moved: about 27 of 100 of its answers (6–54).",
            "A small model is expected to suffice for 90\u202f% (80–95) of its calls.",
        ],
        [
            "Hosted SLM: would save $0.90 ($0.80–$1.00).",
            "Wrong and not caught if all its calls moved: about 30 of 100 of its answers (6–54).",
            "A first test, expected to suffice for 36–92\u202f% of its calls.",
        ],
    ]


SPEND = steps.Spend(2.0, "per_1000_calls", 5.0)  # $2.00 per 1,000 calls, 5,000 of them recorded
PROVEN = task("p", "proven")
TESTED = [saving("p", 0.5, quality_grade="replay"), saving("a", 0.4, quality_grade="replay")]


def test_a_saving_is_said_as_a_share_of_all_spend_and_in_the_money_that_was_recorded() -> None:
    assert (
        steps.saving_words(0.5, 0.4, 0.6, SPEND)
        == "25\u202f% (20–30) of all spend: $2.50 ($2.00–$3.00) of the $10.00 recorded"
    )
    month = steps.Spend(2.0, "month")
    assert steps.saving_words(0.5, 0.4, 0.6, month) == "25\u202f% (20–30) of all spend: $0.50 ($0.40–$0.60) a month"
    assert steps.saving_words(0.5, -0.4, 0.6, month) == "$0.50 (−$0.40 to $0.60) a month"


def test_spend_is_that_of_all_traffic() -> None:
    assert steps.spend_of(SAVINGS, 5000) == SPEND
    assert steps.spend_of([saving("", 1.0, basis="month")], 5000) == steps.Spend(2.0, "month")
    assert steps.spend_of(SAVINGS[:1], 5000) is None
    assert steps.spend_of([saving("", 1.0, paid_usd=None)], 5000) is None


def test_wrong_answers_and_the_way_back_are_counted_in_what_was_recorded() -> None:
    (step,) = find_next_steps([TASKS[0]], SAVINGS)
    stated = [{"name": "price_fall_per_year", "value": 0.0}, {"name": "slm_hours", "value": 24, "low": 8, "high": 80},
              {"name": "engineer_usd_per_hour", "value": 100, "low": 50, "high": 200}]  # fmt: skip
    row = SAVINGS[0] | {
        "one_off_usd": 2400.52,
        "details": '{"calls": 100, "one_off_range": [1500, 8500]}',
        "assumptions": json.dumps(stated),
        "alternative": "hosted_slm",
    }
    said = steps.step_lines(step, TASKS[0], row, SPEND)
    assert said[1] == (
        "Wrong and not caught if all its calls moved: about 27 of 100 of its answers (6–54), 135 of the 500 recorded."
    )
    assert said[2] == (
        "Effort: about $2,400 ($1,500–$8,500) once, 24 engineer's hours (8 to 80) at $100 ($50 to $200); back within 5 years only from "
        f"{about(2400.52 / 60 / row['saving_usd'] * 100)} of its calls a month on (500 recorded)."
    )
    assert steps.effort_words(row | {"details": "{}"}, SPEND).endswith("at $100 ($50 to $200).")  # of an older analysis
    month = row | {"basis": "month", "payback_days": 425.0}
    assert steps.effort_words(month).endswith("; back after 14 months at its 100 calls a month.")
    ranged = month | {"payback_days_low": 280.0, "payback_days_high": None}
    assert steps.effort_words(ranged).endswith("; back after 14 months (9 to never) at its 100 calls a month.")
    assert steps.effort_words(month | {"payback_days": None}).endswith(
        "; not back within 5 years at its 100 calls a month."
    )


@pytest.mark.parametrize(
    ("verdict", "changed", "title"),
    [
        ("proven", {"basis": "month", "payback_days": None}, "Leave “A” for now: proven, but moving it to m is not paid back within 5 years"),
        ("likely", {"basis": "month", "payback_days": None}, "Leave “A” for now: moving it to m is not paid back within 5 years"),
        ("proven", {"basis": "per_1000_calls"}, "Check the volume of “A”, then move it to m, proven by replay"),
        ("proven", {"basis": "month", "payback_days": 90.0}, "Move “A” to m, proven by replay"),
    ],
)  # fmt: skip
def test_what_does_not_bring_back_what_it_costs_is_no_plain_move(
    verdict: str, changed: dict[str, Any], title: str
) -> None:
    row = saving("a", 0.5, quality_grade="replay") | {"one_off_usd": 2400.0} | changed
    (step,) = find_next_steps([task("a", verdict)], [row])
    assert steps.step_title(step) == title


def test_what_was_tested_and_is_not_proven_says_what_would_settle_it() -> None:
    proven, tested = find_next_steps([PROVEN, TASKS[0]], TESTED)
    details = '{"status": "open", "needed": 7414, "asked": 900, "calls": 900}'
    settling = steps.settling_words([{"grade": "proxy", "value": 0.9, "details": details}], "a month")
    assert settling.startswith("All its 900 calls were asked. About 7,400 more answers")
    assert steps.step_title(tested) == "Settle “A” first: m was tested, not settled so far"
    assert settling in steps.step_lines(tested, TASKS[0], settling=settling)
    assert settling not in steps.step_lines(proven, PROVEN, settling=settling)
    assert steps.settling_words([], "a month") == ""


def test_the_first_step_is_said_with_its_share_and_its_risk() -> None:
    (step,) = find_next_steps([PROVEN], TESTED[:1])
    assert steps.next_sentence([step], SPEND) == (
        "Next: **move “P” to m, proven by replay**. It would save **25\u202f% (20–30) of all spend**; "
        "about 27 of 100 of its answers (6–54) would be wrong and not caught."
    )
    assert "save **$0.50 ($0.40–$0.60)**" in steps.next_sentence([step])
    assert steps.next_sentence([step], filtered=True).startswith("Next, of all traffic: **move “P”")


def test_what_nobody_tested_would_not_save_but_is_expected_to_if_all_of_it_moved() -> None:
    """Beside an expected share of 21 to 92 % a saving of 84 % read as more than could move at all."""
    (step,) = find_next_steps(TASKS[:1], SAVINGS[:1])
    assert ". If all of it moved, it is expected to save **" in steps.next_sentence([step])


def test_too_few_calls_are_not_said_to_pay_nothing() -> None:
    assert (
        steps.next_sentence([], too_few="no task has 100 calls yet")
        == "Next: record more calls; no task has 100 calls yet."
    )
    assert steps.next_sentence([]) == "Next: nothing pays to move on today's evidence."
