"""The exact helpers against scipy's own and against figures anybody can look up."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from suffice_analysis import estimate
from suffice_analysis.estimate import Estimate

counts = st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@given(counts, st.sampled_from([0.8, 0.9, 0.95, 0.99]))
def test_exact_and_wilson_equal_scipys(pair: tuple[int, int], level: float) -> None:
    successes, n = pair
    result = stats.binomtest(successes, n)
    exact = result.proportion_ci(level, method="exact")
    wilson = result.proportion_ci(level, method="wilson")
    assert estimate.clopper_pearson_interval(successes, n, level) == pytest.approx((exact.low, exact.high), abs=1e-9)
    assert estimate.wilson_interval(successes, n, level) == pytest.approx((wilson.low, wilson.high), abs=1e-9)


def test_zero_failures_bound_is_the_rule_of_three() -> None:
    # facts: 95 % upper bound of the failure rate after n answers without one
    assert [round(100 * (1 - estimate.exact_lower_bound(n, n)), 2) for n in (50, 100, 200, 300)] == [
        5.82,
        2.95,
        1.49,
        0.99,
    ]


def test_no_observations_say_nothing() -> None:
    assert estimate.wilson_interval(0, 0) == (0.0, 1.0)
    assert estimate.clopper_pearson_interval(0, 0) == (0.0, 1.0)
    assert estimate.exact_lower_bound(0, 0) == 0.0


@given(counts)
def test_jeffreys_interval_holds_its_mean_and_mirrors(pair: tuple[int, int]) -> None:
    successes, n = pair
    mean, low, high = estimate.beta_interval(successes, n - successes)
    other_mean, other_low, other_high = estimate.beta_interval(n - successes, successes)
    assert 0 <= low <= mean <= high <= 1
    assert (mean, low, high) == pytest.approx((1 - other_mean, 1 - other_high, 1 - other_low), abs=1e-9)


def test_a_chain_has_the_grade_of_its_weakest_link() -> None:
    assert estimate.weakest_grade(["replay", "prior", "live"]) == "prior"
    assert estimate.weakest_grade(["replay", "proxy"]) == "proxy"
    assert estimate.weakest_grade([]) == "prior"


def test_from_draws_takes_mean_and_equal_tails() -> None:
    draws = np.linspace(0.0, 1.0, 101)
    assert estimate.from_draws(draws, grade="proxy", n=7, method="m", seed=3) == Estimate(
        pytest.approx(0.5), pytest.approx(0.05), pytest.approx(0.95), "proxy", 7, "m", 3, 0.9
    )
    assert Estimate(0.5, 0.25, 0.75, "prior", 0, "m").width_points == 50.0


def test_logit_stays_finite() -> None:
    assert estimate.logit(0.0) == pytest.approx(-6.9068, abs=1e-4)
    assert estimate.logit(0.5) == 0.0
    assert estimate.logit(1.0) == pytest.approx(6.9068, abs=1e-4)
