"""The published break-even table, recomputed; and the shape of the cost between its points."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suffice_analysis.savings import self_host

# Llama-3.1-8B FP8, one H100 SXM at 4.29 USD/h. Shape; USD per 1,000 requests at 100, 20, 5 % utilisation; price
# per 1,000 requests of gpt-6.1-sol and of the small tier; requests an hour at which one GPU breaks even with each.
TABLE = [
    (128, 128, 0.0054, 0.027, 0.108, 1.54, 2793, 0.0768, 55_859),
    (2048, 128, 0.0442, 0.221, 0.884, 5.376, 798, 0.2688, 15_960),
    (1000, 1000, 0.0783, 0.3915, 1.566, 12.0, 358, 0.60, 7_150),
    (5000, 500, 0.1722, 0.861, 3.445, 15.0, 286, 0.75, 5_720),
    (20000, 2000, 1.764, 8.82, 35.28, 60.0, 71.5, 3.0, 1_430),
]


@pytest.mark.parametrize("row", TABLE, ids=lambda row: f"{row[0]}/{row[1]}")
def test_the_published_table_within_one_percent(row: tuple[float, ...]) -> None:
    into, out, full, fifth, twentieth, large, large_even, small, small_even = row
    seconds = self_host.gpu_seconds(into, out)
    costs = [self_host.usd_per_1000_requests(seconds, 4.29, u) for u in (1.0, 0.2, 0.05)]
    assert costs == pytest.approx([full, fifth, twentieth], rel=0.01)
    evens = [self_host.break_even_requests_per_hour(4.29, usd / 1000) for usd in (large, small)]
    assert evens == pytest.approx([large_even, small_even], rel=0.01)


def test_at_five_percent_it_loses_to_the_small_tier_in_every_shape() -> None:
    for into, out, *_, small, _ in TABLE:
        seconds = self_host.gpu_seconds(into, out)
        assert self_host.usd_per_1000_requests(seconds, 4.29, 0.05) > small


@given(st.floats(0.01, 0.99), st.floats(0.1, 20))
def test_cost_falls_with_utilisation_and_rises_with_price(utilisation: float, price: float) -> None:
    cost = self_host.usd_per_1000_requests(0.05, price, utilisation)
    assert self_host.usd_per_1000_requests(0.05, price, utilisation * 1.01) < cost
    assert self_host.usd_per_1000_requests(0.05, price * 1.01, utilisation) > cost


@given(st.floats(1, 100_000), st.floats(1, 8_000))
def test_seconds_are_positive_and_in_proportion_to_size(into: float, out: float) -> None:
    seconds = self_host.gpu_seconds(into, out)
    assert 0 < seconds < 600
    assert self_host.gpu_seconds(into, out, params_b=4.0) == pytest.approx(seconds / 2)


def test_nothing_to_do_needs_one_gpu_still() -> None:
    assert [self_host.replicas_needed(b, 1.0) for b in (0.0, 0.2, 1.0, 1.2)] == [1, 1, 1, 2]
    assert self_host.replicas_needed(0.4, 5.0) == 2
    assert self_host.usd_per_1000_requests(0.05, 4.29, 0.0) == math.inf
    assert self_host.break_even_requests_per_hour(4.29, 0.0) == math.inf
