"""The next steps: never what makes no claim, likely before untested, with wrong answers of the task's own."""

from __future__ import annotations

import json
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
    assert step == NextStep(
        "a", "Task a", "likely", "small_tier", "tiny", 3.0, 1.5, 6.0, 0.05, 0.025, 0.1, 400.0, recorded_calls=200
    )
    assert not step.test_first


def test_a_step_about_a_slice_says_the_calls_of_the_slice() -> None:
    part = task("s") | {"of_task": "a", "calls": 150}
    (step,) = find_next_steps([part], [saving("s", 3.0)])
    assert (step.task_id, step.recorded_calls) == ("a", 150)


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


def test_a_sum_of_just_what_a_total_moves_has_the_ends_that_were_simulated_together() -> None:
    steps = find_next_steps([task("a"), task("b", calls=600)], [saving("a", 3.0), saving("b", 1.0, wrong=180.0)])
    ends = {"saving_low_usd": 2.5, "saving_high_usd": 7.0, "extra_wrong_low": 160.0, "extra_wrong_high": 320.0}

    def total(*moved: str, alternative: str = "small_tier") -> dict[str, Any]:
        details = json.dumps({"moved_tasks": list(moved)})
        return saving("", 4.0, wrong=200.0) | ends | {"alternative": alternative, "details": details}

    joint = StepsSum(4.0, 2.5, 7.0, pytest.approx(0.125), pytest.approx(0.1), pytest.approx(0.2), joint=True)
    assert add_up(steps, [total("b", "a", alternative="hosted_slm"), total("b", "a")]) == joint
    for other in (
        total("a"),
        total("a", "b", "c"),
        total("a", "b", alternative="hosted_slm"),
        total("a", "b") | {"details": None},
    ):
        assert add_up(steps, [other]) == add_up(steps)


def stated(alternative: str, once: float | None, **details: Any) -> dict[str, Any]:
    """A row of savings with what is spent once and the assumptions that a sum needs."""
    values = {"self_host_hours": 80, "engineer_usd_per_hour": 100, "price_fall_per_year": 0.3}
    told = [{"name": name, "value": value, "unit": "", "source": ""} for name, value in values.items()]
    more = {
        "alternative": alternative,
        "one_off_usd": once,
        "assumptions": json.dumps(told),
        "details": json.dumps(details),
    }
    return saving("", 3_000.0) | more


def summed(*rows: dict[str, Any]) -> StepsSum:
    named = {name: row | {"task_id": name} for name, row in zip("abc", rows, strict=False)}
    total = add_up(find_next_steps([task(name) for name in named], named.values()))
    assert total is not None
    return total


def test_the_sum_says_when_what_is_spent_once_is_back() -> None:
    """At 6,000 a month 4,800 are back in about 24 days, some hours later as prices fall."""
    both = summed(stated("hosted_slm", 2_400.0), stated("hosted_slm", 2_400.0))
    assert both.one_off_usd == 4_800
    assert both.payback_days == pytest.approx(4_800 / 6_000 * 30.4375, rel=0.02)
    assert both.payback_days is not None
    assert both.payback_days > 4_800 / 6_000 * 30.4375
    assert both.payback_calls == 800


def test_gpus_that_two_share_are_set_up_once() -> None:
    both = summed(stated("self_hosted_slm", 10_400.0), stated("self_hosted_slm", 10_400.0))
    assert both.one_off_usd == 10_400 + 2_400
    assert summed(stated("self_hosted_slm", 10_400.0), stated("hosted_slm", 2_400.0)).one_off_usd == 12_800


def test_a_sum_that_is_not_known_is_none() -> None:
    assert summed(stated("hosted_slm", None), stated("hosted_slm", 2_400.0)).one_off_usd is None
    older = stated("self_hosted_slm", 10_400.0) | {"assumptions": "[]"}
    assert summed(older, older).one_off_usd is None
    owed = summed(stated("hosted_slm", 2_400.0, floor={"contract": "c"}), stated("hosted_slm", 2_400.0))
    assert (owed.one_off_usd, owed.payback_days, owed.floored) == (4_800, None, True)
    assert summed(stated("hosted_slm", 1e9), stated("hosted_slm", 1.0)).payback_days is None


def proven(**more: Any) -> dict[str, Any]:
    return saving("a", 3.0) | {"quality_grade": "replay", "one_off_usd": 2_400.0} | more


@pytest.mark.parametrize(
    ("verdict", "row", "decision"),
    [
        ("proven", proven(basis="month", payback_days=400.0), "move"),
        ("proven", proven(basis="month", payback_days=None), "wait"),
        ("proven", proven(basis="per_1000_calls", payback_days=None), "check_volume"),
        ("proven", proven(one_off_usd=None), "move"),  # an older analysis does not tell
        ("likely", proven(basis="month", payback_days=400.0), "test"),
        ("likely", proven(basis="month", payback_days=None), "wait"),  # what it would prove is not worth the move
        ("likely", proven(basis="per_1000_calls"), "test"),
        ("untested", proven(basis="month", payback_days=400.0), "test_first"),
    ],
)
def test_what_does_not_bring_back_what_it_costs_is_not_moved(verdict: str, row: dict[str, Any], decision: str) -> None:
    (step,) = find_next_steps([task("a", verdict)], [row])
    assert (step.decision, step.waits) == (decision, decision == "wait")


def test_what_waits_comes_last() -> None:
    rows = [
        proven(basis="month", payback_days=None),
        proven(basis="month", payback_days=90.0) | {"task_id": "b", "saving_usd": 1.0},
    ]
    steps = find_next_steps([task("a", "proven"), task("b", "untested")], rows)
    assert [(step.task_id, step.decision) for step in steps] == [("b", "test_first"), ("a", "wait")]


def test_the_volume_that_pays_is_told_in_the_tasks_own_calls() -> None:
    """3,000 USD are saved by 200 of its calls; at level prices 2,400 USD need 40 a month, so 2.67 calls."""
    level = [{"name": "price_fall_per_year", "value": 0.0, "unit": "", "source": ""}]
    row = stated("hosted_slm", 2_400.0, calls=200.0, one_off_range=[1_500.0, 8_500.0]) | {
        "assumptions": json.dumps(level)
    }
    both = summed(row, row | {"saving_usd": 1_000.0})
    (one, other) = find_next_steps(
        [task("a"), task("b")], [row | {"task_id": "a"}, row | {"task_id": "b", "saving_usd": 1_000.0}]
    )
    assert one.back_from_calls == pytest.approx(2_400 / 60 / 3_000 * 200)
    assert other.back_from_calls == pytest.approx(2_400 / 60 / 1_000 * 200)
    assert both.back_from_calls == pytest.approx(4_800 / 60 / 4_000 * 400)
    assert (one.one_off_low_usd, one.one_off_high_usd) == (1_500.0, 8_500.0)
    assert (both.one_off_low_usd, both.one_off_high_usd) == (3_000.0, 17_000.0)
    shared = summed(row | {"alternative": "self_hosted_slm"}, row | {"alternative": "self_hosted_slm"})
    assert (shared.one_off_low_usd, shared.one_off_high_usd) == (None, None)  # of GPUs that both share it is not known


def test_failed_and_unpriced_calls_gave_no_answer_that_was_counted() -> None:
    (step,) = find_next_steps([task("a", error_calls=40, unpriced_calls=60)], [saving("a", 3.0, wrong=20.0)])
    assert (step.answers, step.extra_wrong_share) == (200.0, 0.1)


def test_moved_answers_are_those_the_total_counts() -> None:
    tasks = [task("a"), task("b"), task("c", "stays"), task("d", calls=99), task("e")]
    savings = [saving(t, 3.0) for t in "abcd"] + [saving("e", -1.0)]
    assert moved_answers(tasks, savings, "small_tier") == 800.0
