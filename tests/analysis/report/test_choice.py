"""The rule by which one alternative is named first is said, and what it comes to is what is named."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from analysis.report.test_formats import make_report
from analysis.traffic import shop_traffic

from suffice_analysis.report.choice import ORDER, RULE, choice_sentences, rival_sentence, why
from suffice_analysis.report.model import Report
from suffice_store.console import format_usd_estimate


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Report:
    return make_report(tmp_path_factory.mktemp("choice"), shop_traffic())


def with_rows(report: Report, **by_name: dict[str, Any]) -> Report:
    """The totals of these alternatives changed, all others not paying."""
    return replace(report, totals=[r | by_name.get(r["alternative"], {"pays": False}) for r in report.totals])


def row(usd: float, wrong: float, grade: str = "prior") -> dict[str, Any]:
    return {"pays": True, "saving_usd": usd, "extra_wrong": wrong, "quality_grade": grade}


def test_of_what_was_not_tested_each_is_told_with_what_a_wrong_answer_brings(report: Report) -> None:
    two = with_rows(report, small_tier=row(10.0, 4.0), hosted_slm=row(12.0, 8.0))
    names = {r["alternative"]: r["model"] for r in two.totals}
    assert why(two) == (
        f"Here that is the vendor's small tier ({names['small_tier']}), by what each wrong answer brings: the vendor's small tier "
        f"({names['small_tier']}) {format_usd_estimate(2.5)}, a hosted small model ({names['hosted_slm']}) {format_usd_estimate(1.5)}."
    )
    assert two.recommended is not None
    assert two.recommended.row["alternative"] == "small_tier"


def test_what_was_tested_is_named_and_that_the_others_were_not(report: Report) -> None:
    tested = with_rows(report, small_tier=row(10.0, 4.0), hosted_slm=row(12.0, 8.0, "replay"))
    said = why(tested)
    assert said.startswith("Here that is a hosted small model (")
    assert "it was tested, the vendor's small tier (" in said
    assert said.endswith(") was not. What is said of it is expected: a test may turn the order round.")
    both = with_rows(
        report, small_tier=row(10.0, 4.0), hosted_slm=row(12.0, 8.0, "replay"), self_hosted_slm=row(9.0, 9.0)
    )
    assert " were not. What is said of them is expected" in why(both)


def test_one_alone_and_none(report: Report) -> None:
    alone = with_rows(report, hosted_slm=row(12.0, 0.0))
    assert why(alone).endswith(": no other pays.")
    assert "without any" in why(with_rows(report, hosted_slm=row(12.0, 0.0), small_tier=row(11.0, 2.0)))
    nothing = with_rows(report)
    assert choice_sentences(nothing) == [ORDER, RULE]


def test_the_nearest_rival_stands_beside_the_tested_one_with_both_figures() -> None:
    money = {"pays": True, "saving_low_usd": 0.1, "saving_high_usd": 0.2, "basis": "month"}
    caching = {
        "alternative": "caching_batch",
        "position": 1,
        "model": "",
        "saving_usd": 0.0,
        "quality_grade": "same model",
        "extra_wrong": 0.0,
    }
    tier = {
        "alternative": "small_tier",
        "position": 2,
        "model": "luna",
        "saving_usd": 0.151,
        "quality_grade": "prior",
        "extra_wrong": 3.2,
    }
    hosted = {
        "alternative": "hosted_slm",
        "position": 3,
        "model": "slm",
        "saving_usd": 0.154,
        "quality_grade": "replay",
        "extra_wrong": 12.0,
    }
    rows = [
        caching | money | {"pays": False},
        tier | money | {"one_off_usd": 2400.0},
        hosted | money | {"one_off_usd": 7200.0},
    ]
    assert rival_sentence(rows) == (
        "A hosted small model is named because it was tested; the vendor's small tier (luna) was not, and is expected to save $0.15 a month at 3 "
        "uncaught wrong answers and $2,400 once, against $0.15 at 12 uncaught wrong answers and $7,200 once: test it too before you decide."
    )
    assert rival_sentence([rows[0], rows[1], rows[2] | {"quality_grade": "prior"}]) == ""  # nothing was tested
    assert rival_sentence([rows[0], rows[1] | {"pays": False}, rows[2]]) == ""  # no rival
    assert rival_sentence([]) == ""
