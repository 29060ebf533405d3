"""What holds for every stack of savings, and one worked by hand."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from analysis.cases import make_case
from hypothesis import given, settings
from hypothesis import strategies as st

from suffice_analysis.savings.alternatives import ALTERNATIVES, Case
from suffice_analysis.savings.assumptions import Scenario
from suffice_analysis.savings.basis import Basis
from suffice_analysis.savings.caching import Repeated, assumed_words
from suffice_analysis.savings.fleet import World
from suffice_analysis.savings.payback import needed_usd_per_month
from suffice_analysis.savings.runs import Dependence
from suffice_analysis.savings.sentences import beside_the_money, per_words, priced_share
from suffice_analysis.savings.stack import Around, savings_rows
from suffice_analysis.savings.terms import Floor, Terms

MONTH = Basis("month", 2.0, 15.2, 3.0)
PER_1000 = Basis("per_1000_calls", 0.1, None, 1.0)


def rows_of(case: Case, basis: Basis = PER_1000) -> dict[tuple[str, str], dict[str, Any]]:
    rows = savings_rows([case], basis, total_paid=case.paid, seed=0)
    return {(r["task_id"], r["alternative"]): r for r in rows}


def test_worked_by_hand_hosted() -> None:
    # 10,000 calls: 10M tokens in, 2M out, paid 40 USD: 4 USD per 1,000 calls. The candidate's prices and lengths:
    case = make_case()
    assert case.candidate is not None
    assert case.replaceability is not None
    price, share = case.candidate.price, case.replaceability.estimate.value
    slm = 10 * price.input + 2 * 1.15 * price.output
    caught = (1 - share) * 10_000 * 0.5
    expected = slm + caught * 40 / 10_000 + 0.02 * 40
    row = rows_of(case)["t_1", "hosted_slm"]
    assert row["paid_usd"] == pytest.approx(4.0)
    assert row["projected_usd"] == pytest.approx(expected * 0.1)
    assert row["saving_usd"] == pytest.approx(4.0 - expected * 0.1)
    assert row["extra_wrong"] == pytest.approx(caught * 0.1)  # half of the wrong ones are caught, half are silent
    assert row["break_even_wrong_usd"] == pytest.approx(row["saving_usd"] / row["extra_wrong"])
    assert row["quality"] == share


def test_worked_by_hand_caching() -> None:
    # Half of 10M input tokens repeat; 80 % of that is served at 0.2 instead of 2 USD: 4M x 1.8 = 7.2 USD of 40.
    row = rows_of(make_case(repeated=0.5, streamed_calls=1))["t_1", "caching_batch"]
    assert row["saving_usd"] == pytest.approx(0.72)
    assert (row["quality"], row["extra_wrong"], row["quality_grade"]) == (1.0, 0.0, "same model")


def test_caching_says_what_no_call_told() -> None:
    case = make_case(repeated=0.5, streamed_calls=1)
    silent = replace(case, repeated=Repeated(0.5, 0.0, stated=False, timed=False))
    cached = (
        "No call states cached tokens: it is assumed that nothing is cached today; what is already saves nothing more."
    )
    times = (
        "No call has a time: calls of one run are assumed to follow within the 5 minutes that a cached prefix lives."
    )
    assert rows_of(case)["t_1", "caching_batch"]["note"] == ""
    rows = rows_of(silent)
    assert rows["t_1", "caching_batch"]["note"] == f"{cached} {times}"
    total = rows["", "caching_batch"]
    assert beside_the_money(total, 0)[1:3] == [cached, times]
    named = {entry["name"]: entry["value"] for entry in json.loads(total["assumptions"])}
    assert named["cached_today"] == 0.0
    assert "cached_today" not in rows_of(case)["", "caching_batch"]["assumptions"]
    assert assumed_words(3, 2, 0) == [cached.replace("No call", "In 2 of 3 tasks no call")]


def test_batch_is_only_the_upper_end_and_only_where_answers_may_wait() -> None:
    waits = rows_of(make_case())["t_1", "caching_batch"]
    talks = rows_of(make_case(hci="yes"))["t_1", "caching_batch"]
    assert (waits["saving_usd"], waits["saving_high_usd"]) == (0.0, pytest.approx(2.0))
    assert (talks["saving_usd"], talks["saving_high_usd"]) == (0.0, 0.0)


@settings(max_examples=25, deadline=None)
@given(
    usd=st.decimals(Decimal("0.001"), Decimal(100_000), places=3),
    mean=st.floats(-2, 4),
    repeated=st.floats(0, 1),
    month=st.booleans(),
)
def test_what_holds_for_every_stack(usd: Decimal, mean: float, repeated: float, month: bool) -> None:
    rows = rows_of(make_case(mean=mean, repeated=repeated, paid_usd=usd), MONTH if month else PER_1000)
    for task_id in ("t_1", ""):
        stack = [rows[task_id, name] for name in ALTERNATIVES]
        assert [r["position"] for r in stack] == [1, 2, 3, 4]
        paid = stack[0]["paid_usd"]
        marginal = [r["marginal_usd"] for r in stack]
        assert all(m >= 0 for m in marginal)
        assert sum(marginal) <= paid * (1 + 1e-9)
        assert sum(marginal) == pytest.approx(max(0.0, *(r["saving_usd"] for r in stack)), abs=1e-9 * paid)
        for r in stack:
            assert r["saving_low_usd"] <= r["saving_usd"] <= r["saving_high_usd"] <= paid * (1 + 1e-9)
            assert r["projected_usd"] == pytest.approx(paid - r["saving_usd"])
            assert r["pays"] == (r["saving_usd"] > 0)
            if r["quality"] is not None:
                assert 0 <= r["quality_low"] <= r["quality"] <= r["quality_high"] <= 1
                assert 0 <= r["extra_wrong_low"] <= r["extra_wrong"] <= r["extra_wrong_high"]
                assert 0 <= r["caught_low"] <= r["caught"] <= r["caught_high"]


@settings(max_examples=15, deadline=None)
@given(st.floats(1.01, 50))
def test_savings_grow_with_what_is_paid_and_with_quality(factor: float) -> None:
    plain, dearer = make_case(), make_case(paid_usd=Decimal(40) * Decimal(factor))
    better = make_case(mean=3.0)
    for name in ("small_tier", "hosted_slm"):
        saving = rows_of(plain)["t_1", name]["saving_usd"]
        assert rows_of(dearer)["t_1", name]["saving_usd"] > saving
        assert rows_of(better)["t_1", name]["saving_usd"] > saving


@settings(max_examples=15, deadline=None)
@given(st.floats(1.0, 1000), st.floats(1.1, 100))
def test_self_hosting_gets_cheaper_a_call_with_volume(volume: float, growth: float) -> None:
    def per_call(factor: float) -> float:
        basis = Basis("month", factor, 30.0, 1.0)
        row = rows_of(make_case(), basis)["t_1", "self_hosted_slm"]
        return float(row["projected_usd"]) / factor

    # Never dearer than before a GPU had to be added: within one replica's share.
    assert per_call(volume * growth) <= per_call(volume) * 2.0
    assert per_call(volume * 1000) < per_call(1.0)


def test_one_gpu_is_paid_however_little_is_asked() -> None:
    row = rows_of(make_case(), Basis("month", 0.001, 30.0, 1.0))["", "self_hosted_slm"]
    assert row["projected_usd"] > 730 * 4.29
    assert not row["pays"]
    assert "does not pay" in row["note"]
    named = {a["name"]: a["value"] for a in json.loads(row["assumptions"])}
    assert named["gpus"] == 1.0
    assert named["usd_per_1000_calls_at_5_percent_utilisation"] == pytest.approx(
        20 * named["usd_per_1000_calls_at_100_percent_utilisation"]
    )


def test_what_stays_is_priced_but_not_moved() -> None:
    rows = rows_of(make_case(verdict="stays"))
    assert rows["t_1", "hosted_slm"]["saving_usd"] > 0
    assert "stays on the LLM" in rows["t_1", "hosted_slm"]["note"]
    total = rows["", "hosted_slm"]
    assert (total["saving_usd"], total["projected_usd"], total["pays"]) == (0.0, total["paid_usd"], False)


def test_unpriced_is_null_and_said_never_zero() -> None:
    case = make_case(paid_usd=None, unpriced_calls=10_000, priced_input_tokens=0, priced_output_tokens=0)
    rows = {(r["task_id"], r["alternative"]): r for r in savings_rows([case], PER_1000, total_paid=None, seed=0)}
    for row in rows.values():
        assert row["paid_usd"] is None
        assert row["saving_usd"] is None
        assert "price" in row["note"]
    assert rows["t_1", "hosted_slm"]["extra_wrong"] > 0


def test_calls_without_a_price_are_told_with_the_totals_and_change_no_number() -> None:
    """1,400 of 10,000 calls without a price: the amounts stay those of all traffic, and say that 86 % of it is priced."""
    around = Around(priced_of=(10_000, 1_400))
    whole, told = (
        savings_rows([make_case()], PER_1000, total_paid=40.0, seed=0, around=each) for each in (None, around)
    )
    money = ("paid_usd", "projected_usd", "saving_usd", "saving_low_usd", "saving_high_usd")
    assert [[r[key] for key in money] for r in told] == [[r[key] for key in money] for r in whole]
    for row in told[-4:]:
        assert "1,400 unpriced calls are in no amount and go on costing what they cost." in row["note"]
        assert (priced_share(row), per_words(row)) == ("86 %", "per 1,000 calls, 86 % of them priced")
        assert per_words({**row, "basis": "month"}) == "a month, 86 % of the calls priced"
    assert {(priced_share(row), per_words(row)) for row in whole[-4:]} == {("", "per 1,000 calls")}
    (one,) = {
        priced_share(row)
        for row in savings_rows([], PER_1000, total_paid=1.0, seed=0, around=Around(priced_of=(9_999, 1)))
    }
    assert one == "over 99 %", "never 100 % where one is not"


def test_no_tasks_no_savings() -> None:
    rows = savings_rows([], PER_1000, total_paid=None, seed=0)
    assert [(r["alternative"], r["saving_usd"]) for r in rows] == [(name, None) for name in ALTERNATIVES]
    assert savings_rows([], MONTH, total_paid=0.0, seed=0)[0]["saving_usd"] == 0.0


def test_each_row_lists_what_it_rests_on() -> None:
    for row in rows_of(make_case()).values():
        entries = json.loads(row["assumptions"])
        assert entries
        assert all(e["source"] and e["unit"] and e["name"] for e in entries)


def test_the_same_seed_gives_the_same_rows() -> None:
    assert rows_of(make_case()) == rows_of(make_case())


def test_wrong_answers_are_caught_or_silent_and_both_are_counted() -> None:
    row = rows_of(make_case())["t_1", "hosted_slm"]
    assert row["caught"] + row["extra_wrong"] == pytest.approx((1 - row["quality"]) * 1000)
    assert row["answers"] == pytest.approx(1000)
    parts = json.loads(row["details"])["parts"]
    assert sum(parts.values()) == pytest.approx(row["projected_usd"])
    assert parts["escalation"] == pytest.approx(row["caught"] * 0.004)  # a call of today costs 40 / 10,000


def test_the_contract_price_is_what_was_paid() -> None:
    plain, agreed = rows_of(make_case()), rows_of(replace(make_case(), price_factor=0.8))
    for name in ALTERNATIVES:
        assert agreed["t_1", name]["paid_usd"] == pytest.approx(3.2)
        assert agreed["t_1", name]["saving_usd"] <= plain["t_1", name]["saving_usd"]
    named = {a["name"]: a["value"] for a in json.loads(agreed["t_1", "hosted_slm"]["assumptions"])}
    assert named["contract_price"] == 0.8


def test_what_is_spent_once_and_when_it_is_back() -> None:
    rows = rows_of(make_case(), Basis("month", 100.0, 30.0, 2.0))
    hosted = rows["", "hosted_slm"]
    once = json.loads(hosted["details"])["one_off"]
    assert set(once) == {"engineering", "replay", "fine_tuning"}
    assert once["engineering"] == 24 * 100
    assert once["replay"] == pytest.approx(300 * 0.004)
    assert hosted["one_off_usd"] == pytest.approx(sum(once.values()))
    assert 0 < hosted["payback_days_low"] <= hosted["payback_days"]
    assert hosted["payback_days_high"] is None or hosted["payback_days_high"] >= hosted["payback_days"]
    assert rows["", "caching_batch"]["payback_days"] is None  # nothing repeats, so nothing is saved
    little = rows_of(make_case(), Basis("month", 0.1, 30.0, 2.0))["", "hosted_slm"]
    assert little["saving_usd"] > 0
    assert little["payback_days"] is None  # 4 USD a month never bring 2,400 back within five years
    few = rows_of(make_case())["", "hosted_slm"]
    assert few["payback_days"] is None
    assert json.loads(few["details"])["payback_calls"] == pytest.approx(few["one_off_usd"] / few["saving_usd"] * 1000)
    low, high = json.loads(few["details"])["pays_from_range"]
    needed = needed_usd_per_month(few["one_off_usd"], 0.3)
    assert low < needed / few["saving_usd"] < high
    assert "pays_from_range" not in json.loads(rows["", "self_hosted_slm"]["details"])  # whole GPUs: own_gpus.py


def test_where_no_task_s_saving_is_known_the_total_says_why_and_not_that_it_does_not_pay() -> None:
    case = make_case()
    assert case.today is not None
    unpriced = replace(case, today=replace(case.today, cache_read=None))
    rows = rows_of(unpriced)
    assert rows["t_1", "caching_batch"]["saving_usd"] is None
    assert rows["", "caching_batch"]["note"] == "No price of cached input is known for today's model."


def test_what_a_commitment_holds_is_not_cashable_until_its_day() -> None:
    contract = {
        "name": "c",
        "provider": "openai",
        "model": "",
        "discount": Decimal(0),
        "valid_from_day": 0,
        "valid_to_day": None,
    }
    terms = Terms([contract], {"c": Floor("c", date(2027, 3, 31), 120, 0.0)}, today=150)
    rows = savings_rows([make_case()], Basis("month", 100.0, 30.0, 2.0), total_paid=40.0, seed=0, around=Around(terms))
    free = rows_of(make_case(), Basis("month", 100.0, 30.0, 2.0))
    for row in rows:
        if row["alternative"] == "hosted_slm":
            floor = json.loads(row["details"])["floor"]
            assert (floor["contract"], floor["until"]) == ("c", "2027-03-31")
            assert floor["cash_usd"] < 0 < row["saving_usd"]
            assert row["payback_days"] > 120 > free[row["task_id"], "hosted_slm"]["payback_days"]


def test_what_moves_the_answer_most_stands_first() -> None:
    rows = rows_of(make_case(), Basis("month", 100.0, 30.0, 2.0))
    for name in ALTERNATIVES[1:]:
        row = rows["", name]
        bars = json.loads(row["details"])["tornado"]
        widths = [abs(b["at_high_usd"] - b["at_low_usd"]) for b in bars]
        assert widths == sorted(widths, reverse=True)
        assert "replaceability" in {b["name"] for b in bars}
        for bar in bars:
            assert min(bar["at_low_usd"], bar["at_high_usd"]) <= row["saving_usd"] + 1e-9
            assert max(bar["at_low_usd"], bar["at_high_usd"]) >= row["saving_usd"] - 1e-9
        falling = json.loads(row["details"])["falling"]
        assert falling["today_halves_usd"] <= falling["all_halve_usd"] <= row["saving_usd"]


def test_whole_runs_stand_beside_the_total() -> None:
    around = Around(runs=[{"t_1": 4}] * 10, dependence=Dependence(0.3, np.full(200, 0.3), 100))
    rows = savings_rows([make_case()], PER_1000, total_paid=40.0, seed=0, around=around)
    found = {
        r["alternative"]: json.loads(r["details"])["runs"]
        for r in rows
        if r["task_id"] == "" and "runs" in r["details"]
    }
    assert set(found) == set(ALTERNATIVES[1:])
    assert found["hosted_slm"]["low"] < found["hosted_slm"]["value"] < found["hosted_slm"]["high"]
    assert found["small_tier"]["value"] > found["hosted_slm"]["value"]  # the better model, the more whole runs


@settings(max_examples=10, deadline=None)
@given(st.floats(0.05, 0.9), st.floats(1.05, 10))
def test_self_hosting_gets_cheaper_with_utilisation_and_dearer_with_the_gpus_price(
    utilisation: float, dearer: float
) -> None:
    case = make_case()
    plain = Scenario.expected().but(assumed_utilisation=utilisation)

    def usd(scenario: Scenario) -> float:
        moved = World.of([case], PER_1000, scenario).move("self_hosted_slm", case, 0.9)
        assert moved is not None
        return float(moved.usd)

    assert usd(plain.but(assumed_utilisation=utilisation * 1.1)) < usd(plain)
    assert usd(plain.but(gpu_usd_per_hour=plain["gpu_usd_per_hour"] * dearer)) > usd(plain)


def test_the_note_says_how_many_wrong_answers_a_check_stops_where_there_are_any() -> None:
    row = rows_of(make_case())["t_1", "hosted_slm"]
    wrong = row["caught"] + row["extra_wrong"]
    assert f"A check of form would stop about {row['caught']:,.0f} of {wrong:,.0f} wrong answers" in row["note"]
    few = rows_of(make_case(), Basis("per_1000_calls", 1e-4, None, 1.0))["t_1", "hosted_slm"]
    assert few["caught"] + few["extra_wrong"] < 0.5
    assert "check of form" not in few["note"]
