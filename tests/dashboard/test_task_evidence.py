"""What the Task page says of a task that was replayed: the replay first, whose answers a candidate has, and what is left to do."""

from __future__ import annotations

import json
from typing import Any

import pytest

from suffice_analysis.next_steps import find_next_steps
from suffice_dashboard import insights, steps
from suffice_dashboard.views.task import best_first, candidates_table
from suffice_dashboard.what_if import caught_percent


def estimate(grade: str, value: float | None, proven: bool = False) -> dict[str, Any]:
    return {"grade": grade, "value": value, "proven": proven}


def test_what_was_tested_goes_before_what_is_expected_and_the_proven_before_the_rest() -> None:
    expected, refuted = estimate("proxy", 0.99), estimate("replay", 0.97)
    proven, unknown = estimate("replay", 0.96, proven=True), estimate("prior", None)
    assert best_first([expected, unknown, refuted, proven]) == [proven, refuted, expected, unknown]
    live = estimate("live", 0.5)
    assert best_first([proven, live])[0] == live


@pytest.mark.parametrize(
    ("grade", "said"),
    [
        ("prior", "acceptable share of any of them: 90 % (88–92), grade prior"),
        ("replay", "none of them was tested; house-8b was, and reached 90 % (88–92)"),
    ],
)
def test_candidates_are_never_called_tested(grade: str, said: str) -> None:
    row = {
        "alternative": "hosted_slm", "model": "house-8b", "quality": 0.9, "quality_low": 0.88, "quality_high": 0.92,
        "quality_grade": grade, "details": json.dumps({"candidates": [{"model": "granite", "reason": "8B"}]}),
    }  # fmt: skip
    assert said in candidates_table([row]).replace("\u202f", " ").replace("\u00a0", " ")


def test_the_slider_rests_where_the_figures_do() -> None:
    assert caught_percent([{"caught": 6.0, "extra_wrong": 14.0}, {"caught": None, "extra_wrong": None}]) == 30
    assert caught_percent([]) == 0


def saving(grade: str) -> dict[str, Any]:
    return {
        "task_id": "a", "alternative": "hosted_slm", "position": 3, "model": "house-8b", "pays": True, "basis": "month", "paid_usd": 8.0,
        "saving_usd": 3.0, "saving_low_usd": 2.0, "saving_high_usd": 4.0, "extra_wrong": 4.0, "extra_wrong_low": 2.0,
        "extra_wrong_high": 8.0, "quality_grade": grade,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("verdict", "grade", "title", "last"),
    [
        ("proven", "replay", "Move “A” to house-8b, proven by replay", "It sufficed for"),
        (
            "likely",
            "replay",
            "Settle “A” first: house-8b was tested, short of the bar so far (90.0 %; bar 95 %; n = 900)",
            "It sufficed for",
        ),
        ("likely", "prior", "Test “A” against house-8b", "A small model is expected"),
    ],
)
def test_a_step_is_a_move_only_where_that_model_is_proven(verdict: str, grade: str, title: str, last: str) -> None:
    task = {
        "task_id": "a", "name": "A", "verdict": verdict, "calls": 200, "unpriced_calls": 0, "error_calls": 0, "paid_usd": 4.0,
        "replaceability": 0.9, "replaceability_low": 0.88, "replaceability_high": 0.92, "ignored": False, "grade": grade,
        "bar": 0.95, "evidence_n": 900,
    }  # fmt: skip
    (step,) = find_next_steps([task], [saving(grade)])
    assert steps.step_title(step) == title
    assert steps.step_lines(step, task)[-1].startswith(last)


def test_the_alternative_to_move_to_names_the_model_that_was_tested() -> None:
    row = saving("replay") | {"task_id": ""}
    said = insights.savings_sentence([row])
    assert "the alternative to move to first is **hosted SLM** (house-8b, which was tested)" in said
    assert said.endswith("No task of it is proven yet.")
    each = [saving("replay"), saving("replay") | {"task_id": "b"}]
    tasks = [{"task_id": key, "verdict": verdict, "calls": 200} for key, verdict in (("a", "proven"), ("b", "likely"))]
    said = insights.savings_sentence([row], each, tasks)
    assert said.endswith("Of it **$3.00 ($2.00–$4.00)** is of 1 proven task; the rest is expected.")
