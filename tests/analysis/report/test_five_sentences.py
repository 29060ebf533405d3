"""The report's sentence on what to do first: tested where it was tested, else as expected: no test confirms a saving at the expected share."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from analysis.cases import make_case, make_tested_case
from analysis.report.test_formats import make_report
from analysis.traffic import shop_traffic

from suffice_analysis.report.five_sentences import _saving_sentence, headlines
from suffice_analysis.report.model import Report
from suffice_analysis.savings.alternatives import Case
from suffice_analysis.savings.basis import Basis
from suffice_analysis.savings.stack import savings_rows


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Report:
    return make_report(tmp_path_factory.mktemp("sentences"), shop_traffic())


MONTH = Basis("month", 100.0, 30.0, 3.0)


def sentence(report: Report, case: Case, basis: Basis = MONTH) -> str:
    rows = savings_rows([case], basis, total_paid=40.0, seed=0)
    return _saving_sentence(replace(report, totals=[row for row in rows if row["task_id"] == ""]))


def test_what_was_replayed_is_to_be_moved(report: Report) -> None:
    said = sentence(report, make_tested_case("house-8b", (0.05, 0.1)))
    assert said.startswith("To move first: a hosted small model (house-8b, tested) saves $")
    assert "expected" not in said


def test_what_was_not_is_to_be_tested(report: Report) -> None:
    said = sentence(report, make_case())
    assert said.startswith("To test first: ")
    assert ", not tested) is expected to save $" in said
    assert "confirm" not in said


def test_what_it_takes_once_is_told_against_the_volume(report: Report) -> None:
    """A hundred times the observed calls a month bring it back in weeks; a tenth of them never, so nothing is recommended; where
    nobody knows how many calls a month are, it is said from how many on."""
    case = make_tested_case("house-8b", (0.05, 0.1))
    assert re.search(
        r"\. It takes \$2,4\d0 \(\$[\d,]+–\$[\d,]+\) once, back after \d+ days at today's volume\.$",
        sentence(report, case),
    )
    alone = replace(
        report, tasks=[replace(t, alternatives=[]) for t in report.tasks]
    )  # none of which is worth its own move
    little = sentence(alone, case, Basis("month", 0.1, 30.0, 3.0))
    assert little.startswith(
        "Nothing pays for its move within 5 years; nearest: a hosted small model (house-8b, tested)"
    )
    assert little.endswith("once, not back within 5 years at today's volume.")
    unknown = sentence(report, case, Basis("per_1000_calls", 0.1, None, 1.0))
    assert unknown.startswith("To move first, if there are enough calls: ")
    assert re.search(r"once, back within 5 years only from [\d,]+ calls a month of all traffic on\.$", unknown)


def test_what_is_expected_stays_and_gets_worse_adds_up_to_all(report: Report) -> None:
    narrow = {"value": 0.4, "low": 0.39, "high": 0.41}
    told = replace(report, shares={"expected_share_calls": report.shares["expected_share_calls"] | narrow})
    said = headlines(told)[1]
    assert said.startswith(
        "A small model is expected to take over 40 % (39–41 %) of the calls; 50 % of the calls stay and 10 % "
    )
    assert said.endswith("would move and be answered worse.")
    wide = replace(
        report, shares={"expected_share_calls": report.shares["expected_share_calls"] | {"low": 0.0, "high": 0.9}}
    )
    assert "answered worse" not in headlines(wide)[1]  # of no value nothing is left
