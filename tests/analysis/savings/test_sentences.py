"""The sentences beside the money: whole, from a row; each rule for little data and for what does not pay."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from analysis.cases import make_case, make_tested_case

from suffice_analysis.savings.basis import Basis
from suffice_analysis.savings.row_details import details_of
from suffice_analysis.savings.runs import Dependence
from suffice_analysis.savings.sentences import at_stake, beside_the_money, replay_sentence
from suffice_analysis.savings.stack import Around, savings_rows
from suffice_analysis.savings.terms import Floor, Terms

NOW = 20_800 * 86_400 * 10**9  # 2026-12-13
PER_1000 = Basis("per_1000_calls", 0.1, None, 1.0)
CONTRACT = {
    "name": "c",
    "provider": "openai",
    "model": "",
    "discount": Decimal(0),
    "valid_from_day": 0,
    "valid_to_day": None,
}


def row(basis: Basis, name: str = "hosted_slm", **around: Any) -> dict[str, Any]:
    case = make_case()
    assert case.replaceability is not None
    certain = replace(case.replaceability.estimate, value=0.9, low=0.9, high=0.9)
    case = replace(case, replaceability=replace(case.replaceability, estimate=certain, draws=np.full(4000, 0.9)))
    rows = savings_rows([case], basis, total_paid=40.0, seed=0, around=Around(**around))
    return next(r for r in rows if r["alternative"] == name and r["task_id"] == "")


def test_a_month_of_a_large_task_says_it_all() -> None:
    runs: dict[str, Any] = {"runs": [{"t_1": 6}], "dependence": Dependence(0.3, np.full(200, 0.3), 99)}
    said = beside_the_money(row(Basis("month", 100.0, 30.0, 3.0), **runs), NOW)
    assert said[0].startswith("About 100,000 answers a month would be worse. Of these a check of form ")
    assert said[0].endswith("The saving is gone when an unnoticed one costs more than $0.073.")
    assert said[1] == "In **62 %** of the runs every moved call would be acceptable (6.0 moved calls a run)."
    assert re.fullmatch(
        r"Set-up costs about \$2,400 \(\$1,[\d]00–\$8,[\d]00\) once: engineering \$2,400, fine-tuning \$21, replay \$1\.20; "
        r"for each task 24 engineer's hours \(8 to 80\) at \$100 \(\$50 to \$200\)\. It is back after 20 days \(\d+ to \d+\) at "
        r"today's volume: \*\*2027-01-02\*\* if moved at once\.",
        said[2],
    )
    assert (
        said[3]
        == "If today's model halved its price, it would save $1,790 a month; if every vendor did, it would save $1,820."
    )
    assert said[4].startswith("Over a year at this rate: $43,800")


def test_under_28_days_nothing_is_said_of_a_year() -> None:
    said = beside_the_money(row(Basis("month", 100.0, 27.0, 3.0)), NOW)
    assert not [s for s in said if "year at this rate" in s]


def test_under_7_days_the_set_up_is_back_from_a_volume_on() -> None:
    """2,422.55 once at 3.647 per 1,000 calls: as in 1,038.5 a year while prices fall by 30 %, so from 24,000 calls a month on."""
    said = beside_the_money(row(Basis("per_1000_calls", 0.1, None, 1.0)), NOW)
    assert said[1].endswith(
        "It is back within 5 years only from about 24,000 (14,000 to 100,000) calls a month of all traffic on."
    )


def test_what_a_check_stops_is_told_with_what_that_rests_on() -> None:
    """Of a tested model whose wrong answers all had the right form it is said why a check stops none of them."""
    assumed = beside_the_money(row(PER_1000), NOW)[0]
    assert "would stop 50 (" in assumed
    assert "), which is assumed, not tested; today's model answers those again, and that cost is counted." in assumed
    assert "right form" not in assumed
    tested = make_tested_case("house-8b", (0.05, 0.1))
    rows = savings_rows([tested], PER_1000, total_paid=40.0, seed=0)
    said = beside_the_money(next(r for r in rows if (r["task_id"], r["alternative"]) == ("", "hosted_slm")), NOW)[0]
    assert re.search(r"would stop 1 \(\d–\d\), going by its tested answers;", said)
    assert (
        "They have the right form and the wrong content, which no such check sees; judging 2 % of the moved calls"
        in said
    )


@pytest.mark.parametrize(
    ("basis", "name", "says"),
    [
        (
            Basis("month", 0.1, 30.0, 3.0),
            "hosted_slm",
            "is not back within 5 years: **at today's volume it does not pay**.",
        ),
        (
            Basis("month", 0.1, 30.0, 3.0),
            "self_hosted_slm",
            "never comes back, as nothing is saved: **it does not pay**.",
        ),
    ],
    ids=["too little", "dearer"],
)
def test_where_it_does_not_pay_it_says_so(basis: Basis, name: str, says: str) -> None:
    assert [s for s in beside_the_money(row(basis, name), NOW) if s.endswith(says)]


def test_a_commitment_is_named_with_its_day() -> None:
    terms = Terms([CONTRACT], {"c": Floor("c", date(2027, 3, 31), 120, 0.0)}, 150)
    said = beside_the_money(row(Basis("month", 100.0, 30.0, 3.0), terms=terms), NOW)
    assert (
        "**Not cashable until 2027-03-31**: the commitment of c is owed anyway; before it costs $73.00 more (a month)."
        in said
    )


def test_a_wide_interval_reads_untested() -> None:
    wide = {
        "alternative": "hosted_slm",
        "quality_grade": "prior",
        "quality_low": 0.3,
        "quality_high": 0.71,
        "paid_usd": 12.0,
    }
    assert at_stake(wide) == "untested: $12.00 at stake"
    assert at_stake(wide | {"quality_grade": "replay"}) == "tested: $12.00 at stake"
    assert at_stake(wide | {"quality_high": 0.7}) is None
    assert at_stake(wide | {"alternative": "caching_batch"}) is None
    assert at_stake(wide | {"quality_low": None}) is None


def test_a_row_of_an_older_analysis_says_nothing() -> None:
    assert beside_the_money(row(Basis("month", 100.0, 30.0, 3.0)) | {"details": None}, NOW) == []
    assert details_of({"details": json.dumps({"a": 1})}) == {"a": 1}


def test_what_would_settle_a_task_and_what_waits() -> None:
    need = {"replays_needed": 800, "settles": 0.81, "proves": 0.17, "at_stake_usd": 204.4, "waiting_usd": 192.8}
    assert replay_sentence(need, "a month") == (
        "Asking a small model 800 of its calls settles it with a chance of 81 % (proves it: 17 %, rules it out: 64 %). $204 a month is "
        "at stake, a saving of $193 waits for it."
    )
    assert replay_sentence(
        need | {"replays_needed": None, "settles": 0.4, "at_stake_usd": None, "waiting_usd": None}, "a month"
    ) == ("Its share lies too near the bar: 2,400 replayed calls settle it with a chance of 40 % only.")
    assert replay_sentence({}, "a month") is None


@pytest.mark.parametrize(
    ("details", "said"),
    [
        ({"status": "open", "needed": 740, "asked": 200, "calls": 900}, "About 740 more answers would settle it."),
        ({"status": "open", "needed": 7414, "asked": 900, "calls": 900},
         "All its 900 calls were asked. About 7,400 more answers would settle it. That takes more traffic, or another candidate."),
        ({"status": "open", "needed": None, "asked": 900, "calls": 900},
         "Its share lies too near the bar: no number of answers that one would ask settles it."),
        ({"status": "open", "needed": 740}, "About 740 more answers would settle it."),
        ({"status": "proven", "needed": 0, "asked": 480, "calls": 700}, None),
        ({"status": "refuted", "needed": 0, "asked": 80, "calls": 700}, None),
    ],
)  # fmt: skip
def test_what_settles_a_task_that_was_replayed(details: dict[str, Any], said: str | None) -> None:
    assert replay_sentence(details, "a month") == said
