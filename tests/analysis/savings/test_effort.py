"""What moving takes once: its hours and rate with their ranges, and the volume that pays for it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from analysis.cases import make_case

from suffice_analysis.savings.assumptions import Scenario
from suffice_analysis.savings.basis import Basis
from suffice_analysis.savings.effort import (
    Assumed,
    hours_of,
    hours_words,
    once_range,
    once_words,
    pays_from_calls,
    pays_from_range,
    pays_from_words,
    range_of,
)
from suffice_analysis.savings.stack import savings_rows

PER_1000 = Basis("per_1000_calls", 0.1, None, 1.0)


def row(name: str, basis: Basis = PER_1000) -> dict[str, Any]:
    rows = savings_rows([make_case()], basis, total_paid=40.0, seed=0)
    return next(r for r in rows if (r["task_id"], r["alternative"]) == ("t_1", name))


def test_hours_and_rate_are_those_of_the_alternative() -> None:
    assert hours_of(row("hosted_slm")) == (Assumed(24, 8, 80), Assumed(100, 50, 200))
    assert hours_words(row("hosted_slm")) == "24 engineer's hours (8 to 80) at $100 ($50 to $200)"
    assert hours_words(row("small_tier")).startswith("8 engineer's hours (2 to 24) at ")
    assert hours_words(row("self_hosted_slm")).endswith(" at $100 ($50 to $200), and 80 once for the GPUs")
    assert hours_words(row("hosted_slm") | {"assumptions": "[]"}) == ""


def test_a_value_of_ones_own_has_no_range() -> None:
    own = [{"name": "slm_hours", "value": 16}, {"name": "engineer_usd_per_hour", "value": 90}]
    assert hours_words({"alternative": "hosted_slm", "assumptions": json.dumps(own)}) == "16 engineer's hours at $90"


def test_the_range_is_that_of_the_simulated_hours_at_the_simulated_rates() -> None:
    """Fine-tuning and the judge of a replay are cents beside them."""
    drawn, found = Scenario.drawn(seed=0, draws=4_000), range_of(row("hosted_slm"))
    usd = sorted(drawn["slm_hours"] * drawn["engineer_usd_per_hour"])
    assert found == pytest.approx((usd[200], usd[3_800]), rel=0.03)
    assert found[0] < row("hosted_slm")["one_off_usd"] < found[1]
    assert range_of(row("hosted_slm") | {"details": "{}"}) is None  # of an older analysis


def test_an_amount_with_its_range_in_words() -> None:
    assert once_range(2_401.7, 1_523.0, 8_467.0) == ("$2,400", "$1,500–$8,500")
    assert once_words(2_401.7, 1_523.0, 8_467.0) == "$2,400 ($1,500–$8,500)"
    assert once_words(2_401.7) == "$2,400"
    assert once_range(None, None, None) == ("–", "")
    assert once_range(100.0, 100.0, 100.0) == ("$100", "")


def test_the_volume_that_pays_brings_it_back_in_exactly_five_years() -> None:
    """Of as many calls a month the analysis itself says so: a little more is back, a little less is not."""
    per_1000 = row("hosted_slm")
    calls = pays_from_calls(per_1000, 1_000.0)
    assert calls is not None
    for times, back in ((1.01, True), (0.99, False)):
        month = Basis("month", times * calls / 10_000, 30.0, 1.0)  # 10,000 calls were observed
        assert (row("hosted_slm", month)["payback_days"] is not None) is back


def test_the_volume_has_an_interval_of_the_draws() -> None:
    per_1000 = row("hosted_slm")
    calls, (low, high) = pays_from_calls(per_1000, 1_000.0), pays_from_range(per_1000, 1_000.0)
    assert calls is not None
    assert low is not None
    assert high is not None
    assert low < calls < high
    assert pays_from_range(per_1000, 2_000.0) == pytest.approx((2 * low, 2 * high))
    assert pays_from_range(per_1000 | {"details": "{}"}, 1_000.0) == (None, None)
    assert pays_from_range(row("self_hosted_slm"), 1_000.0) == (None, None)


def test_the_volume_and_its_interval_in_words() -> None:
    assert pays_from_words(181_234.0) == "180,000"
    assert pays_from_words(181_234.0, 90_100.0, 604_000.0) == "180,000 (90,000 to 600,000)"
    assert pays_from_words(2.81e8, 9.0e7, None) == "280 million (90 million to no volume)"


@pytest.mark.parametrize(
    "changed", [{"one_off_usd": None}, {"saving_usd": 0.0}, {"saving_usd": None}, {"assumptions": "[]"}]
)
def test_where_it_is_not_known_nothing_is_said(changed: dict[str, Any]) -> None:
    assert pays_from_calls(row("hosted_slm") | changed, 1_000.0) is None
    assert pays_from_calls(row("hosted_slm"), None) is None
