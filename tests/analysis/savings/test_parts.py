"""Basis, prices, caching: the parts that savings are made of."""

from __future__ import annotations

import numpy as np
import pytest
from analysis.cases import make_profile
from analysis.traffic import CALLS_SCHEMA, DAY_NS, PRICE, Traffic

from suffice_analysis.discovery.types import MessageText
from suffice_analysis.inputs import Inputs
from suffice_analysis.savings.basis import find_basis, peak_factor
from suffice_analysis.savings.caching import Repeated, repeated_input
from suffice_analysis.savings.cases import price_today
from suffice_analysis.savings.prices import find_price, small_tier


def times(*days: float) -> np.ndarray:
    return np.array([d * DAY_NS for d in days])


def test_a_week_of_timed_calls_is_projected_to_a_month() -> None:
    basis = find_basis(times(*np.linspace(0, 10, 101)))
    assert (basis.name, basis.days) == ("month", pytest.approx(10.0))
    assert basis.factor == pytest.approx(30.4375 / 10)


@pytest.mark.parametrize(
    "started",
    [times(0, 6.9), np.array([]), np.array([np.nan] * 5), np.append(times(0, 30), [np.nan])],
    ids=["short", "none", "untimed", "too few timed"],
)
def test_else_amounts_are_per_1000_calls(started: np.ndarray) -> None:
    basis = find_basis(started)
    assert basis.name == "per_1000_calls"
    assert basis.factor == (1000 / started.size if started.size else 0.0)


def test_a_peak_is_the_minute_that_95_percent_of_the_calls_do_not_exceed() -> None:
    minutes = 10 * 24 * 60
    even = times(*((np.arange(minutes) + 0.5) / (24 * 60)))  # in the middle of each: a day's float is no exact minute
    assert peak_factor(even, 10.0) == pytest.approx(1.0)
    # 900 minutes of one call and one of 100: 10 % of the calls come in that minute, so room must be made for it; of 40 not.
    sparse = (np.arange(900) * 16 + 0.5) / (24 * 60)
    mean = 1000 / minutes
    assert peak_factor(times(*sparse, *([5.0] * 100)), 10.0) == pytest.approx(101 / mean, rel=0.02)
    assert peak_factor(times(*sparse, *([5.0] * 40)), 10.0) == pytest.approx(1 / (940 / minutes))
    assert peak_factor(np.array([]), 10.0) == 1.0


def test_a_year_is_spoken_of_from_28_days_on() -> None:
    assert find_basis(times(0, *np.linspace(0, 27.9, 99))).annual is False
    assert find_basis(times(0, *np.linspace(0, 28.0, 99))).annual is True
    assert find_basis(times(0, 1)).annual is False


def test_the_best_fitting_price_wins() -> None:
    prefix = PRICE | {"model": "gpt-6*", "input_usd_per_mtok": 9}
    own = PRICE | {"project": "default", "provider": "", "input_usd_per_mtok": 1}
    batch = PRICE | {"tier": "batch", "input_usd_per_mtok": 0.5}
    assert [
        found.input if (found := find_price(rows, "openai", "gpt-6.1-sol")) else None
        for rows in ([prefix], [prefix, PRICE], [PRICE, own], [batch], [PRICE | {"provider": "azure"}])
    ] == [9.0, 2.0, 1.0, None, None]


def test_a_small_tier_takes_the_stores_price_before_the_files() -> None:
    by_file = small_tier([], "anthropic")
    assert by_file is not None
    assert (by_file.price.model, by_file.price.input) == ("claude-haiku-5-5", 0.1)
    by_store = small_tier([PRICE | {"model": "gpt-6-luna", "input_usd_per_mtok": 3}], "openai")
    assert by_store is not None
    assert by_store.price.input == 3.0
    assert small_tier([], "nobody") is None


def inputs_of(traffic: Traffic) -> Inputs:
    import pyarrow as pa

    texts = {k: MessageText(m["role"], m["content"]) for k, m in traffic.messages.items()}
    return Inputs(pa.Table.from_pylist(traffic.calls, schema=CALLS_SCHEMA), texts, {})


def test_a_long_prefix_seen_within_five_minutes_is_repeated() -> None:
    traffic = Traffic()
    system = "rule " * 4000
    for i, minute in enumerate((0, 4, 8, 30)):
        traffic.call([("system", system), ("user", f"q{i}")], "a", started_ns=minute * 60 * 10**9 + 1)
    found = repeated_input(inputs_of(traffic), [0, 1, 2, 3])
    assert found.repeated == pytest.approx(0.5, abs=0.01)  # the second and the third, not the first and the last
    assert (found.served, found.unused) == (0.0, found.repeated)


def test_short_prefixes_and_other_runs_without_times_are_not_repeated() -> None:
    short, untimed = Traffic(), Traffic()
    for i in range(4):
        short.call([("system", "short"), ("user", f"q{i}")], "a", started_ns=i)
        untimed.call([("system", "rule " * 4000), ("user", f"q{i}")], "a", started_ns=None, run_id=f"r{i // 2}")
    assert repeated_input(inputs_of(short), range(4)) == Repeated(0.0, 0.0)
    assert repeated_input(inputs_of(untimed), range(4)).repeated == pytest.approx(0.5, abs=0.01)
    assert repeated_input(inputs_of(untimed), []) == Repeated(0.0, 0.0)


def test_of_two_models_each_ones_tokens_are_cached_at_its_own_price() -> None:
    """Two calls each of 5,000 and of 15,000 tokens: the second of each repeats, so one part of the first model's price and three of
    the other's: input (2 + 3 x 6) / 4 = 5, cached (0.2 + 3 x 0.6) / 4 = 0.5."""
    traffic = Traffic()
    for i in range(4):
        model, tokens = (("small", 5_000), ("dear", 15_000))[i // 2]
        text = [("system", "rule " * 4000), ("user", "q")]
        traffic.call(text, "a", started_ns=i + 1, model=model, input_tokens=tokens, cache_read_tokens=None)
    inputs = inputs_of(traffic)
    found = repeated_input(inputs, range(4))
    assert (found.stated, found.timed) == (False, True)
    provider = traffic.calls[0]["provider"]
    assert found.by_model == pytest.approx({(provider, "small"): 5_000.0, (provider, "dear"): 15_000.0})
    rows = [
        PRICE | {"provider": "", "model": model, "input_usd_per_mtok": usd, "cache_read_usd_per_mtok": usd / 10}
        for model, usd in (("small", 2.0), ("dear", 6.0))
    ]
    profile = make_profile(models={"small": 2, "dear": 2})
    price = price_today(rows, profile, found.by_model)
    assert price is not None
    assert (price.model, price.input, price.cache_read) == ("dear and small", pytest.approx(5.0), pytest.approx(0.5))
    alone = price_today(rows, profile, {(provider, "small"): 9.0, (provider, "unpriced"): 90.0})
    assert alone is not None
    assert (alone.model, alone.input) == ("small", 2.0)
    without = price_today([rows[0], rows[1] | {"cache_read_usd_per_mtok": None}], profile, found.by_model)
    assert without is not None
    assert without.cache_read == pytest.approx((0.2 + 3 * 6.0) / 4), (
        "who has no price of cached input saves nothing by it"
    )


def test_what_the_cache_served_already_is_not_saved_again() -> None:
    assert Repeated(0.6, 0.5).unused == pytest.approx(0.1)
    assert Repeated(0.3, 0.5).unused == 0.0
