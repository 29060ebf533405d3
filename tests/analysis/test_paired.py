"""Paired comparison: against published values, exactness by summing every outcome, what must hold for all counts."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special, stats

from suffice_analysis.paired import (
    EXACT_UP_TO,
    MARGIN,
    Pairs,
    difference_lower_bound,
    non_inferior,
    p_value,
    tango_score,
)


@st.composite
def pairs(draw: st.DrawFn, most: int = 40) -> Pairs:
    n = draw(st.integers(1, most))
    b = draw(st.integers(0, n))
    return Pairs(n, b, draw(st.integers(0, n - b)))


def score(n: int, b: int, c: int, difference: float) -> float:
    return float(tango_score(np.array(float(b)), np.array(float(c)), n, difference))


@pytest.mark.parametrize(
    ("n", "b", "c", "low", "high"),
    [(44, 0, 1, -0.0597, 0.1180), (59, 6, 5, -0.1381, 0.1013)],  # solved independently below, kept as golden values
)
def test_the_score_interval_solves_the_constrained_likelihood(n: int, b: int, c: int, low: float, high: float) -> None:
    """At each end of the two-sided 95 % interval |score| is 1.96, with the share found by brute force."""
    for end in (low, high):
        shares = np.linspace(max(0.0, -end) + 1e-9, (1 - end) / 2 - 1e-9, 200_001)
        likelihood = special.xlogy(b, shares) + special.xlogy(c, shares + end)
        likelihood += special.xlogy(n - b - c, 1 - 2 * shares - end)
        share = shares[np.argmax(likelihood)]
        brute = (c - b - n * end) / np.sqrt(n * (2 * share + end - end * end))
        assert score(n, b, c, end) == pytest.approx(brute, abs=2e-3)


def test_no_difference_is_mcnemar() -> None:
    assert score(100, 10, 25, 0.0) == pytest.approx((25 - 10) / np.sqrt(35))  # Q. McNemar 1947


@pytest.mark.parametrize("n", [10, 25, 50])
@pytest.mark.parametrize("share", [0.0, 0.004, 0.03, 0.1, 0.3, 0.47])
def test_the_error_of_the_first_kind_is_at_most_five_percent(n: int, share: float) -> None:
    """Every outcome summed: a candidate exactly 5 points worse is called non-inferior in 5 % or less."""
    wrongly = 0.0
    for c in range(n + 1):
        for b in range(n + 1 - c):
            if non_inferior(Pairs(n, b, c)):
                wrongly += stats.multinomial.pmf([b, c, n - b - c], n, [share + MARGIN, share, 1 - 2 * share - MARGIN])
    assert wrongly <= 0.05


@settings(max_examples=25)
@given(pairs())
def test_the_quick_answer_is_the_p_value_s(seen: Pairs) -> None:
    p = p_value(seen)
    if abs(p - 0.05) > 5e-4:  # the critical score is known to 0.0005
        assert non_inferior(seen) == (p <= 0.05)


@settings(max_examples=25)
@given(pairs())
def test_a_worse_answer_never_proves_more(seen: Pairs) -> None:
    if seen.only_candidate:
        worse = Pairs(seen.n, seen.only_baseline, seen.only_candidate - 1)
        assert p_value(worse) >= p_value(seen) - 1e-9
    if seen.only_baseline + seen.only_candidate < seen.n:
        worse = Pairs(seen.n, seen.only_baseline + 1, seen.only_candidate)
        assert p_value(worse) >= p_value(seen) - 1e-9


@settings(max_examples=25)
@given(pairs(30))
def test_the_bound_lies_under_what_was_seen(seen: Pairs) -> None:
    bound = difference_lower_bound(seen)
    assert -1.0 <= bound <= seen.difference
    if bound > -0.999:
        assert p_value(seen, bound - 0.002) <= 0.06


def test_equal_answers_prove_little_when_they_are_few() -> None:
    assert p_value(Pairs(25, 0, 0)) == pytest.approx(0.95**25)  # the candidate could still fail 1 in 20
    assert not non_inferior(Pairs(58, 0, 0))
    assert non_inferior(Pairs(59, 0, 0))  # 0.95^59 = 0.0485


def test_beyond_the_exact_sizes_the_approximation_takes_over() -> None:
    n = EXACT_UP_TO
    exact = p_value(Pairs(n, 40, 35))
    assert exact == pytest.approx(float(special.ndtr(-score(n, 40, 35, -MARGIN))), abs=2e-3)
    assert p_value(Pairs(n + 1, 40, 35)) == pytest.approx(exact, abs=2e-3)


def test_no_pairs_say_nothing() -> None:
    empty = Pairs(0, 0, 0)
    assert (p_value(empty), difference_lower_bound(empty), non_inferior(empty)) == (1.0, -1.0, False)
    assert (empty.difference, empty.discordance) == (0.0, 0.0)


@pytest.mark.parametrize("counts", [(10, -1, 0), (10, 6, 5), (-1, 0, 0)])
def test_counts_that_are_none_are_refused(counts: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match="not of one comparison"):
        Pairs(*counts)


def test_difference_and_discordance() -> None:
    seen = Pairs(200, 12, 8)
    assert (seen.difference, seen.discordance) == (-0.02, 0.1)
