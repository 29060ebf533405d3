"""What was tested and is not settled is said alike everywhere, on the right side of its bar, and never as probably sufficing."""

from __future__ import annotations

from typing import Any

import pytest

from suffice_analysis.next_steps import find_next_steps
from suffice_analysis.report.wording import verdict_words
from suffice_analysis.slice_words import apart_sentence
from suffice_analysis.unsettled import OPEN, OVER, SHORT, is_unsettled, unsettled_part, unsettled_sentence
from suffice_dashboard import insights, pieces

TRIAGE: dict[str, Any] = {
    "task_id": "t", "name": "triage", "verdict": "likely", "grade": "replay", "replaceability": 849 / 900, "replaceability_low": 0.929,
    "replaceability_high": 0.955, "bar": 0.95, "evidence_n": 900, "calls": 900, "unpriced_calls": 0, "error_calls": 0, "paid_usd": 4.0,
    "ignored": False,
}  # fmt: skip


def saving(task_id: str, usd: float, **more: Any) -> dict[str, Any]:
    return {
        "task_id": task_id, "alternative": "hosted_slm", "position": 3, "model": "m", "pays": True, "basis": "month", "paid_usd": 4.0,
        "saving_usd": usd, "saving_low_usd": usd, "saving_high_usd": usd, "extra_wrong": 4.0, "extra_wrong_low": 2.0,
        "extra_wrong_high": 8.0, "quality_grade": "replay",
    } | more  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({}, f"{SHORT} (94.3 %; bar 95 %; n = 900)"),
        ({"verdict": "untested", "replaceability": 0.7}, f"{SHORT} (70.0 %; bar 95 %; n = 900)"),
        ({"replaceability": 0.97, "evidence_n": 40}, f"{OVER} (97.0 %; bar 95 %; n = 40)"),
        ({"replaceability": 0.95}, f"{OVER} (95.0 %; bar 95 %; n = 900)"),
        ({"bar": 0.9}, f"{OVER} (94.3 %; bar 90 %; n = 900)"),
        ({"grade": "live", "bar": None}, f"{OPEN} (94.3 %; n = 900)"),
        ({"replaceability": None, "evidence_n": None}, f"{OPEN} (bar 95 %)"),
        ({"verdict": "proven"}, ""),  # settled
        ({"verdict": "stays"}, ""),
        ({"grade": "proxy"}, ""),  # nobody tested it
        ({"grade": None}, ""),
    ],
)
def test_the_words_say_on_which_side_of_the_bar_it_stands(changed: dict[str, Any], said: str) -> None:
    row = TRIAGE | changed
    assert unsettled_sentence(row) == said
    assert is_unsettled(row) == bool(said)


def test_report_and_dashboard_say_the_same_words() -> None:
    words = SHORT[:1].upper() + SHORT[1:]
    assert verdict_words(TRIAGE) == SHORT
    assert f"◐ {words}<" in pieces.task_badge(TRIAGE)
    assert insights.task_sentence(TRIAGE) == f"**{words}** (94.3 %; bar 95 %; n = 900): not proven, not ruled out."
    (step,) = find_next_steps([TRIAGE], [saving("t", 3.0)])
    assert (step.decision, step.unsettled) == ("settle", f"{SHORT} (94.3 %; bar 95 %; n = 900)")
    untried = TRIAGE | {"grade": "proxy"}
    assert verdict_words(untried) == "likely, to be tested"
    assert pieces.task_badge(untried) == pieces.verdict_badge("likely")
    assert "probably suffices" in insights.task_sentence(untried)
    (step,) = find_next_steps([untried], [saving("t", 3.0, quality_grade="proxy")])
    assert (step.decision, step.unsettled) == ("test", "")


def test_the_expected_sum_says_how_much_of_it_is_not_settled() -> None:
    proven = TRIAGE | {"task_id": "p", "verdict": "proven"}
    rows = [saving("", 5.0), saving("t", 3.0), saving("p", 2.0), saving("t", 9.0, alternative="small_tier")]
    assert unsettled_part([TRIAGE, proven], rows, "hosted_slm") == (
        f"Of the saving $3.00 is of “triage”, {SHORT} (94.3 %; bar 95 %; n = 900)."
    )
    assert unsettled_part([proven], rows, "hosted_slm") == ""
    assert unsettled_part([TRIAGE | {"ignored": True}], rows, "hosted_slm") == ""
    assert unsettled_part([TRIAGE], [saving("t", 3.0, pays=False)], "hosted_slm") == ""
    many = [TRIAGE | {"task_id": str(n), "name": f"n{n}"} for n in range(4)]
    said = unsettled_part(many, [saving(str(n), 1.0 + n) for n in range(4)], "hosted_slm")
    assert said.startswith("Of the saving $10.00 is of “n3”, ")
    assert said.endswith(" and 2 more.")


def test_a_page_says_once_what_the_test_said() -> None:
    said = f"{SHORT[:1].upper()}{SHORT[1:]} (94.3 %; bar 95 %; n = 900): m answered 849 of 900 as well as recorded."
    assert insights.verdict_words(TRIAGE | {"verdict_reason": said}) == (
        f"**{SHORT[:1].upper()}{SHORT[1:]}** (94.3 %; bar 95 %; n = 900): not proven, not ruled out. m answered 849 of 900 as well as recorded."
    )
    assert insights.verdict_words(TRIAGE | {"verdict_reason": "As it was."}).endswith("ruled out. As it was.")


@pytest.mark.parametrize(
    ("slices", "verdict", "begins"),
    [
        (["likely", "untested"], "stays", "The whole stays by all of its evidence"),
        (["likely", "stays"], "stays", ""),  # one of them is as the whole
        (["likely"], "proven", ""),
        ([None], "stays", ""),
        ([], "stays", ""),
    ],
)
def test_why_no_slice_has_the_verdict_of_the_whole(slices: list[str | None], verdict: str, begins: str) -> None:
    rows = [{"verdict": each, "counted_apart": False} for each in slices]
    said = apart_sentence(rows, verdict)
    assert said.startswith(begins)
    assert bool(said) == bool(begins)
    assert apart_sentence([{"verdict": "likely", "counted_apart": True}], verdict).startswith(
        "As a whole it does not move"
    )
