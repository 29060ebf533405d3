"""What is spent once: all of it before a proof, of what is proven only what is still to be done, with a word on what was left out."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from analysis.cases import SHARED, TIER, make_case, make_tested_case

from suffice_analysis.savings.alternatives import ALTERNATIVES, Case
from suffice_analysis.savings.basis import Basis
from suffice_analysis.savings.sentences import beside_the_money
from suffice_analysis.savings.stack import savings_rows

MONTH = Basis("month", 100.0, 30.0, 3.0)
ENGINEERING = 24 * 100.0
REPLAY = 300 * 0.004  # each judged at the price of a call today: 40 USD for 10,000
BEFORE = {"engineering", "replay", "fine_tuning"}


def proven(model: str = "house-8b", task_id: str = "t_1") -> Case:
    return replace(make_tested_case(model, (0.05, 0.1), task_id=task_id), verdict="proven")


def rows_of(*cases: Case) -> dict[tuple[str, str], dict[str, Any]]:
    rows = savings_rows(cases, MONTH, total_paid=40.0 * len(cases), seed=SHARED.seed)
    return {(row["task_id"], row["alternative"]): row for row in rows}


def once(row: dict[str, Any]) -> dict[str, float]:
    return dict(json.loads(row["details"])["one_off"])


def left_out(row: dict[str, Any]) -> dict[str, Any] | None:
    name = f"left_out_once_{row['alternative']}"
    return next((each for each in json.loads(row["assumptions"]) if each["name"] == name), None)


def test_of_a_proven_model_only_its_integration_is_still_to_be_paid() -> None:
    row = rows_of(proven())["t_1", "hosted_slm"]
    assert once(row) == {"engineering": ENGINEERING}
    assert row["one_off_usd"] == ENGINEERING


def test_a_model_that_was_not_the_one_replayed_has_all_of_it_before_it() -> None:
    rows = rows_of(proven())
    assert set(once(rows["t_1", "small_tier"])) == {"engineering", "replay"}
    assert set(once(rows["t_1", "self_hosted_slm"])) == BEFORE
    assert once(rows["t_1", "caching_batch"]) == {"engineering": 4 * 100.0}
    assert [name for name in ALTERNATIVES if left_out(rows["t_1", name])] == ["hosted_slm"]


def test_a_vendors_small_tier_can_be_the_proven_one() -> None:
    rows = rows_of(proven(TIER.price.model))
    assert set(once(rows["t_1", "small_tier"])) == {"engineering"}
    assert set(once(rows["t_1", "hosted_slm"])) == BEFORE


@pytest.mark.parametrize("verdict", ["likely", "untested", "stays"])
def test_what_was_replayed_without_a_proof_has_the_next_replay_before_it(verdict: str) -> None:
    row = rows_of(replace(make_tested_case("house-8b", (0.05, 0.1)), verdict=verdict))["t_1", "hosted_slm"]
    assert set(once(row)) == BEFORE
    assert left_out(row) is None


def test_the_total_adds_up_what_is_left_of_each() -> None:
    rows = rows_of(proven(), make_case(task_id="t_2"))
    total = rows["", "hosted_slm"]
    parts = [once(rows[task, "hosted_slm"]) for task in ("t_1", "t_2")]
    assert once(total) == pytest.approx(
        {key: sum(part.get(key, 0.0) for part in parts) for key in ("engineering", "replay", "fine_tuning")}
    )
    assert once(total)["replay"] == pytest.approx(REPLAY)
    assert total["payback_days"] < rows_of(make_case(), make_case(task_id="t_2"))["", "hosted_slm"]["payback_days"]


def test_the_assumptions_say_what_was_left_out_and_why() -> None:
    rows = rows_of(proven(), proven(task_id="t_2"), make_case(task_id="t_3"))
    told = [left_out(rows[task, "hosted_slm"]) for task in ("t_1", "t_2", "")]
    one, other, both = [each for each in told if each is not None]
    tuning = once(rows["t_3", "hosted_slm"])["fine_tuning"] * 8 / 8.79  # of 8B, what a model of unknown size counts as
    assert one["value"] == pytest.approx(REPLAY + tuning)
    assert both["value"] == pytest.approx(one["value"] + other["value"])
    assert one["unit"] == "USD, not counted: replay and fine-tuning of 1 proven task"
    assert both["unit"] == "USD, not counted: replay and fine-tuning of 2 proven tasks"
    assert both["source"] == "the replay that proved it is paid for; a model proven as it is needs no fine-tuning"


def test_the_sentence_says_it_too() -> None:
    said = " ".join(beside_the_money(rows_of(proven(), make_case(task_id="t_2"))["", "hosted_slm"], 0))
    assert (
        "fine-tuning $21, replay $1.20; replay and fine-tuning of 1 proven task not counted, as the one is done and the other not needed;"
        in said
    )
    assert "not counted" not in " ".join(beside_the_money(rows_of(make_case())["", "hosted_slm"], 0))
