"""The next steps: never what makes no claim, likely before untested, with wrong answers of the task's own."""

from __future__ import annotations

from typing import Any

import pytest

from suffice_analysis.next_steps import NextStep, StepsSum, add_up, find_next_steps, moved_answers


def task(task_id: str, verdict: str = "likely", **more: Any) -> dict[str, Any]:
    row = {"task_id": task_id, "name": f"Task {task_id}", "verdict": verdict, "calls": 200, "unpriced_calls": 0,
           "error_calls": 0, "paid_usd": 4.0, "replaceability": 0.8, "ignored": False}  # fmt: skip
    return row | more


def saving(task_id: str, usd: float, wrong: float = 20.0, paid: float = 8.0) -> dict[str, Any]:
    return {"task_id": task_id, "alternative": "small_tier", "position": 2, "model": "tiny", "pays": usd > 0,
            "paid_usd": paid, "saving_usd": usd, "saving_low_usd": usd / 2, "saving_high_usd": usd * 2,
            "quality_grade": "prior", "extra_wrong": wrong, "extra_wrong_low": wrong / 2, "extra_wrong_high": wrong * 2}  # fmt: skip


def test_a_step_counts_wrong_answers_of_the_tasks_own() -> None:
    """4 USD observed are 8 per basis, so 200 calls are 400: 20 wrong ones are 5 of 100."""
    (step,) = find_next_steps([task("a")], [saving("a", 3.0), saving("", 99.0)])
    assert step == NextStep("a", "Task a", "likely", "small_tier", "tiny", 3.0, 1.5, 6.0, 0.05, 0.025, 0.1, 400.0)
    assert not step.test_first


def test_only_a_proven_task_of_a_tested_model_is_ready_to_move() -> None:
    tested = saving("a", 3.0) | {"quality_grade": "replay"}
    assert [find_next_steps([task("a", verdict)], [row])[0].proven for verdict, row in (
        ("proven", tested), ("proven", saving("a", 3.0)), ("likely", tested),
    )] == [True, False, False]  # fmt: skip


def test_a_proven_one_goes_before_a_likely_one_that_saves_more() -> None:
    tested = saving("b", 1.0) | {"quality_grade": "replay"}
    steps = find_next_steps([task("a"), task("b", "proven")], [saving("a", 9.0), tested])
    assert [(step.task_id, step.proven) for step in steps] == [("b", True), ("a", False)]


def test_likely_ones_first_then_untested_by_what_is_at_stake() -> None:
    tasks = [task("a", "untested"), task("b", "untested"), task("c"), task("d")]
    savings = [saving("a", 7.0, paid=8.0), saving("b", 5.0, paid=30.0), saving("c", 1.0), saving("d", 2.0)]
    steps = find_next_steps(tasks, savings)
    assert [(s.task_id, s.test_first) for s in steps] == [("d", False), ("c", False), ("b", True)]


@pytest.mark.parametrize("left_out", [{"calls": 99}, {"verdict": "stays"}, {"ignored": True}, {"replaceability": None}])
def test_what_makes_no_claim_is_no_step(left_out: dict[str, Any]) -> None:
    assert find_next_steps([task("a") | left_out], [saving("a", 3.0)]) == []


def test_what_does_not_pay_is_no_step() -> None:
    assert find_next_steps([task("a")], [saving("a", -1.0)]) == []


def test_the_sum_adds_money_and_weighs_wrong_answers_by_answers() -> None:
    steps = find_next_steps([task("a"), task("b", calls=600)], [saving("a", 3.0), saving("b", 1.0, wrong=180.0)])
    assert add_up(steps) == StepsSum(4.0, 2.0, 8.0, pytest.approx(0.125), pytest.approx(0.0625), pytest.approx(0.25))
    assert add_up([]) is None


def test_failed_and_unpriced_calls_gave_no_answer_that_was_counted() -> None:
    (step,) = find_next_steps([task("a", error_calls=40, unpriced_calls=60)], [saving("a", 3.0, wrong=20.0)])
    assert (step.answers, step.extra_wrong_share) == (200.0, 0.1)


def test_moved_answers_are_those_the_total_counts() -> None:
    tasks = [task("a"), task("b"), task("c", "stays"), task("d", calls=99), task("e")]
    savings = [saving(t, 3.0) for t in "abcd"] + [saving("e", -1.0)]
    assert moved_answers(tasks, savings, "small_tier") == 800.0
