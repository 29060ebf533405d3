"""A model that was replayed is offered at its own price and with its own answers; the others say that theirs are taken from it."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from analysis.cases import SHARED, TIER, TODAY, make_case, make_result, make_tested_case

from suffice_analysis.replaceability import DRAWS, Replaceability
from suffice_analysis.report.wording import quality_grade_words
from suffice_analysis.savings.alternatives import Case
from suffice_analysis.savings.basis import Basis
from suffice_analysis.savings.cases import ANY_SIZE_B
from suffice_analysis.savings.recommend import recommend, share_tested
from suffice_analysis.savings.stack import savings_rows

MONTH = Basis("month", 1.0, 30.0, 3.0)


def by_name(case: Case) -> dict[str, dict[str, Any]]:
    rows = savings_rows([case], MONTH, total_paid=40.0, seed=SHARED.seed)
    return {row["alternative"]: row for row in rows if row["task_id"]}


def test_it_is_the_hosted_one_at_the_price_that_was_given() -> None:
    row = by_name(make_tested_case("house-8b", (0.05, 0.1)))["hosted_slm"]
    assert (row["model"], row["quality"], row["quality_grade"]) == ("house-8b", 0.9, "replay")
    worked = json.loads(row["details"])["workings"]
    assert (worked["input_price"], worked["output_price"], worked["params_b"]) == (0.05, 0.1, ANY_SIZE_B)
    assert "not tested" not in row["note"]


def test_others_are_expected_not_tested_and_say_whose_answers_stand_in() -> None:
    rows = by_name(make_tested_case("house-8b", (0.05, 0.1)))
    for name in ("small_tier", "self_hosted_slm"):
        assert rows[name]["quality_grade"] == "prior"
        assert "Its answers were not tested: what house-8b reached is taken for them" in rows[name]["note"]
    assert "moved up, as a vendor's small model is thought to be better" in rows["small_tier"]["note"]


def test_what_another_model_reached_is_known_less_well_than_by_the_test_itself() -> None:
    """An interval that holds at every look is wide after seven answers: who was not asked even these is not known better."""
    case, seen = make_tested_case("house-8b", (0.05, 0.1)), make_result("house-8b", (0.05, 0.1))
    seen = replace(seen, counts=replace(seen.counts, passed=3, failed=4, clusters=7), low=0.05, high=0.93)
    draws = seen.draws(np.random.default_rng(1).beta(2, 2, DRAWS), 7)
    known = Replaceability(case.profile.task_id, seen.estimate(7), draws, True)
    rows = by_name(replace(case, replaceability=known))
    tested, carried = rows["hosted_slm"], rows["self_hosted_slm"]
    assert (tested["quality_low"], tested["quality_high"]) == (0.05, 0.93)
    assert carried["quality"] == tested["quality"]
    assert carried["quality_low"] <= 0.05
    assert carried["quality_high"] >= 0.93
    assert carried["extra_wrong_high"] >= tested["extra_wrong_high"]
    assert rows["small_tier"]["quality_high"] >= 0.93


def test_the_total_too_says_that_the_share_is_carried_over_and_not_of_its_kind() -> None:
    tested, untested = make_tested_case("house-8b", (0.05, 0.1)), make_case()
    other = replace(untested, profile=replace(untested.profile, task_id="t_2"))

    def told(cases: list[Case]) -> dict[str, str]:
        rows = savings_rows(cases, MONTH, total_paid=80.0, seed=SHARED.seed)
        return {row["alternative"]: quality_grade_words(row) for row in rows if not row["task_id"]}

    assert told([tested]) == {
        "caching_batch": "same model", "small_tier": "carried over from house-8b", "hosted_slm": "tested",
        "self_hosted_slm": "carried over from house-8b",
    }  # fmt: skip
    assert told([tested, other])["small_tier"] == "in part carried over from house-8b"
    assert told([other])["small_tier"] == "by its kind"


def test_what_was_tested_for_most_of_its_saving_goes_before_what_was_not_tested_at_all() -> None:
    """One slice that nobody tested made an untested model the one named first, of a report with two proven tasks."""
    tested, small = (
        make_tested_case("house-8b", (0.05, 0.1)),
        {"calls": 200, "input_tokens": 200_000, "output_tokens": 40_000},
    )
    priced = {"priced_input_tokens": 200_000, "priced_output_tokens": 40_000, "paid_usd": Decimal("0.8")}
    little = make_case(task_id="t_2", **small, **priced)
    rows = [r for r in savings_rows([tested, little], MONTH, total_paid=80.0, seed=SHARED.seed) if not r["task_id"]]
    hosted = next(row for row in rows if row["alternative"] == "hosted_slm")
    assert hosted["quality_grade"] == "prior"  # the weakest grade in it
    assert 0.5 < share_tested(hosted) < 1
    found = recommend(rows)
    assert found is not None
    assert found.row["alternative"] == "hosted_slm"
    plain = [r for r in savings_rows([make_case()], MONTH, total_paid=80.0, seed=SHARED.seed) if not r["task_id"]]
    assert {share_tested(row) for row in plain} == {0.0}
    assert share_tested({"saving_usd": 1.0, "details": "{}"}) == 0.0


def test_without_a_price_it_can_t_be_offered_and_the_catalogue_s_is_not_called_tested() -> None:
    row = by_name(make_tested_case("house-8b", None))["hosted_slm"]
    assert row["model"] == make_case().candidate.model  # type: ignore[union-attr]
    assert row["quality_grade"] == "prior"


def test_the_vendors_small_tier_replayed_has_its_own_share_and_not_a_shifted_one() -> None:
    rows = by_name(make_tested_case(TIER.price.model, (0.1, 0.5)))
    assert (rows["small_tier"]["quality"], rows["small_tier"]["quality_grade"]) == (pytest.approx(0.9), "replay")
    assert rows["hosted_slm"]["quality_grade"] == "prior"
    expected = by_name(make_tested_case("house-8b", (0.05, 0.1)))["small_tier"]
    assert expected["quality"] > 0.9  # a vendor's is thought to be better than an SLM


def test_what_is_caught_is_what_its_failures_show() -> None:
    """40 failed, none of them out of form: a check of form would have caught none (Jeffreys: half of one in 41)."""
    silent = by_name(make_tested_case("house-8b", (0.05, 0.1)))
    assert silent["hosted_slm"]["caught"] == pytest.approx(1_000 * 0.5 / 41)
    assert silent["hosted_slm"]["extra_wrong"] == pytest.approx(1_000 * 40.5 / 41)
    assert silent["hosted_slm"]["caught_high"] < 100
    shown = by_name(make_tested_case("house-8b", (0.05, 0.1), failures=(40, 40)))
    assert shown["hosted_slm"]["extra_wrong"] == pytest.approx(1_000 * 0.5 / 41)
    carried = shown["self_hosted_slm"]  # nobody tested it: its answers are taken to fail as the tested ones did
    assert carried["extra_wrong"] == pytest.approx(1_000 * 0.5 / 41)
    assumed = by_name(make_case())[
        "self_hosted_slm"
    ]  # nothing was tested: half of the answers that a program can check
    assert assumed["caught"] == pytest.approx(assumed["extra_wrong"], rel=0.02)


def test_failures_that_a_check_of_form_sees() -> None:
    rows = [
        {"verdict": v, "failure": f}
        for v, f in (("fail", "wrong"), ("fail", "format"), ("fail", "refusal"), ("pass", None))
    ]
    assert replace(make_result("house-8b", None), rows=rows).failures_seen_by_form == 2


def test_nothing_tested_changes_nothing() -> None:
    case = make_case()
    assert case.tested == ()
    rows = by_name(case)
    assert {name: row["quality_grade"] for name, row in rows.items()} == {
        "caching_batch": "same model", "small_tier": "prior", "hosted_slm": "prior", "self_hosted_slm": "prior",
    }  # fmt: skip
    assert TODAY.model == rows["caching_batch"]["model"]
