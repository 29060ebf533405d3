"""A model that was replayed is offered at its own price and with its own answers; the others say that theirs are taken from it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from analysis.cases import SHARED, TIER, TODAY, make_case

from suffice_analysis.estimate import Estimate
from suffice_analysis.replaceability import DRAWS, Replaceability
from suffice_analysis.replay.counts import Counts
from suffice_analysis.replay.results import Result
from suffice_analysis.savings.alternatives import Case
from suffice_analysis.savings.basis import Basis
from suffice_analysis.savings.cases import ANY_SIZE_B, _at_a_host
from suffice_analysis.savings.stack import savings_rows

MONTH = Basis("month", 1.0, 30.0, 3.0)
MEASURED = Estimate(0.9, 0.88, 0.92, "replay", 400, "exact", 0)


def result(model: str, price: tuple[float, float] | None) -> Result:
    counts = Counts(passed=360, failed=40, unjudged=0, unavailable=0, lost=0, design_effect=1.0, clusters=400)
    asked: Any = ("t_1", model, "as_is", 0.95, "fixed", counts, 0.88, 0.92, 1.0, "open", "", [])
    return Result(*asked, model=model, price=price)


def case_of(model: str, price: tuple[float, float] | None) -> Case:
    """A task whose replaceability is what that model reached."""
    case, seen = make_case(), result(model, price)
    known = Replaceability("t_1", MEASURED, np.full(DRAWS, 0.9), True)
    candidate = _at_a_host(seen, TIER) or case.candidate
    return replace(case, replaceability=known, candidate=candidate, tested=(seen.candidate, seen.model))


def by_name(case: Case) -> dict[str, dict[str, Any]]:
    rows = savings_rows([case], MONTH, total_paid=40.0, seed=SHARED.seed)
    return {row["alternative"]: row for row in rows if row["task_id"]}


def test_it_is_the_hosted_one_at_the_price_that_was_given() -> None:
    row = by_name(case_of("house-8b", (0.05, 0.1)))["hosted_slm"]
    assert (row["model"], row["quality"], row["quality_grade"]) == ("house-8b", 0.9, "replay")
    worked = json.loads(row["details"])["workings"]
    assert (worked["input_price"], worked["output_price"], worked["params_b"]) == (0.05, 0.1, ANY_SIZE_B)
    assert "not tested" not in row["note"]


def test_others_are_expected_not_tested_and_say_whose_answers_stand_in() -> None:
    rows = by_name(case_of("house-8b", (0.05, 0.1)))
    for name in ("small_tier", "self_hosted_slm"):
        assert rows[name]["quality_grade"] == "prior"
        assert "Its answers were not tested: what house-8b reached is taken for them." in rows[name]["note"]


def test_without_a_price_it_can_t_be_offered_and_the_catalogue_s_is_not_called_tested() -> None:
    row = by_name(case_of("house-8b", None))["hosted_slm"]
    assert row["model"] == make_case().candidate.model  # type: ignore[union-attr]
    assert row["quality_grade"] == "prior"


def test_the_vendors_small_tier_replayed_has_its_own_share_and_not_a_shifted_one() -> None:
    rows = by_name(case_of(TIER.price.model, (0.1, 0.5)))
    assert (rows["small_tier"]["quality"], rows["small_tier"]["quality_grade"]) == (pytest.approx(0.9), "replay")
    assert rows["hosted_slm"]["quality_grade"] == "prior"
    expected = by_name(case_of("house-8b", (0.05, 0.1)))["small_tier"]
    assert expected["quality"] > 0.9  # a vendor's is thought to be better than an SLM


def test_what_is_caught_is_what_its_failures_show() -> None:
    """40 failed, none of them out of form: a check of form would have caught none (Jeffreys: half of one in 41)."""
    silent = by_name(replace(case_of("house-8b", (0.05, 0.1)), failures=(0, 40)))
    assert silent["hosted_slm"]["caught"] == pytest.approx(1_000 * 0.5 / 41)
    assert silent["hosted_slm"]["extra_wrong"] == pytest.approx(1_000 * 40.5 / 41)
    assert silent["hosted_slm"]["caught_high"] < 100
    shown = by_name(replace(case_of("house-8b", (0.05, 0.1)), failures=(40, 40)))
    assert shown["hosted_slm"]["extra_wrong"] == pytest.approx(1_000 * 0.5 / 41)
    assumed = shown["self_hosted_slm"]  # of a model nobody tested, half of the answers that a program can check
    assert assumed["caught"] == pytest.approx(assumed["extra_wrong"], rel=0.02)


def test_failures_that_a_check_of_form_sees() -> None:
    rows = [
        {"verdict": v, "failure": f}
        for v, f in (("fail", "wrong"), ("fail", "format"), ("fail", "refusal"), ("pass", None))
    ]
    assert replace(result("house-8b", None), rows=rows).failures_seen_by_form == 2


def test_nothing_tested_changes_nothing() -> None:
    case = make_case()
    assert case.tested == ()
    rows = by_name(case)
    assert {name: row["quality_grade"] for name, row in rows.items()} == {
        "caching_batch": "same model", "small_tier": "prior", "hosted_slm": "prior", "self_hosted_slm": "prior",
    }  # fmt: skip
    assert TODAY.model == rows["caching_batch"]["model"]
