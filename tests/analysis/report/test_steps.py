"""Next steps in sentences: the decision, its effort and the volume that pays for it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from analysis.report.test_formats import make_report
from analysis.traffic import shop_traffic

from suffice_analysis.next_steps import NextStep
from suffice_analysis.report.model import Report
from suffice_analysis.report.steps import back_words, effort_sentence, next_steps, sum_sentence


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Report:
    return make_report(tmp_path_factory.mktemp("steps"), shop_traffic())


def changed(report: Report, verdict: str, basis: str = "month", **row: Any) -> Report:
    """Its tasks that may move with this verdict, tested, their rows of savings changed."""
    tasks = [
        replace(
            t,
            row={**t.row, "verdict": verdict},
            alternatives=[{**a, "quality_grade": "replay", "basis": basis, **row} for a in t.alternatives],
        )
        for t in report.tasks
        if t.row["verdict"] == "likely"
    ]
    return replace(report, tasks=tasks, analysis=report.analysis | {"basis": basis})


@pytest.mark.parametrize(
    ("verdict", "basis", "row", "begins", "ends"),
    [
        ("proven", "month", {"payback_days": 425.0}, "Move, it is proven: ", " once, back after 14 months at today's 310 calls a month."),
        ("proven", "month", {"payback_days": None}, "Proven, but leave for now: ", ", not back within 5 years at today's 310 calls a month."),
        ("likely", "month", {"payback_days": None}, "Leave for now: ", ", not back within 5 years at today's 310 calls a month."),
        ("likely", "month", {"payback_days": 41.0}, "Test, then move: ", " once, back after 41 days at today's 310 calls a month."),
        ("untested", "month", {"payback_days": 41.0}, "Test first: ", " once, back after 41 days at today's 310 calls a month."),
        ("proven", "per_1000_calls", {"payback_days": None}, "Proven; check its volume, then move: ", " of its calls a month on (120 recorded)."),
        ("proven", "month", {"one_off_usd": None}, "Move, it is proven: ", " of its answers wrong and uncaught."),
    ],
)  # fmt: skip
def test_each_decision_is_told_against_the_volume(
    report: Report, verdict: str, basis: str, row: dict[str, Any], begins: str, ends: str
) -> None:
    said = next_steps(changed(report, verdict, basis, **row))[0]
    assert said.startswith(begins)
    assert said.endswith(ends)


def test_the_effort_is_said_once_with_what_it_is_made_of(report: Report) -> None:
    said = effort_sentence(report)
    assert said == (
        "What is spent once is assumed, not measured: for each task 8 engineer's hours (2 to 24) at $100 ($50 to $200); the range "
        "beside an amount covers 90 % of the simulated cases. Prices are assumed to fall by 30 % a year and the saving with them, so 5 years bring back what "
        "28 months at today's prices would."
    )
    little = effort_sentence(changed(report, "likely", "per_1000_calls"))
    assert little == (
        f"{said} Less than 7 days of calls are timed, so how many a month are is not known: compare what is needed with yours."
    )
    assert effort_sentence(replace(report, tasks=[])) == ""


def test_the_sum_leaves_out_what_waits(report: Report) -> None:
    assert sum_sentence(report) == ""  # both wait
    said = sum_sentence(changed(report, "proven", payback_days=425.0))
    assert said.startswith("These 2 tasks together: $")
    assert (
        " once, not back within 5 years at today's 610 calls a month." in said
    )  # the shop's own money brings it back never


def test_a_payback_that_is_not_known_is_not_told(report: Report) -> None:
    step: NextStep = replace(report.next_steps[0], one_off_usd=None)
    assert back_words(step, report) == ""
    no_volume = replace(report.next_steps[0], payback_days=425.0, calls=None)
    assert back_words(no_volume, report) == "back after 14 months at today's volume"
