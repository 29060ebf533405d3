from __future__ import annotations

from decimal import Decimal
from typing import Any

from suffice_analysis.next_steps import find_next_steps
from suffice_dashboard import risk, steps


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
            "Would save $0.50 ($0.40–$0.60): Hosted SLM.",
            "Wrong and not caught if all its calls moved: about 27 of 100 of its answers (6–54).",
            "A small model is expected to suffice for 90\u202f% (80–95) of its calls.",
        ],
        [
            "Would save $0.90 ($0.80–$1.00): Hosted SLM.",
            "Wrong and not caught if all its calls moved: about 30 of 100 of its answers (6–54).",
            "A first test, expected to suffice for 36–92\u202f% of its calls.",
        ],
    ]


def test_the_sum_of_the_steps_has_money_with_interval_and_wrong_answers() -> None:
    found = find_next_steps(TASKS, SAVINGS)
    assert steps.together(found) == (
        "Together: $1.40 ($1.20–$1.60), and wrong and not caught about 28 of 100 of their answers (6–54)."
    )
    assert steps.together(found[:1]) == steps.together([]) == ""
