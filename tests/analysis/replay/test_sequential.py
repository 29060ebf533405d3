"""The running interval holds at every look, is not much wider than one for a single look, and stops at the right verdict."""

from __future__ import annotations

import numpy as np
import pytest

from suffice_analysis.estimate import clopper_pearson_interval
from suffice_analysis.replay.sequential import (
    Running,
    confidence_bounds,
    expected_answers,
    log_evidence,
    log_proof,
)

CAMPAIGNS = 120  # 2,000 and more in benchmarks/replay.py
LOOKS = (5, 10, 20, 40, 60, 100, 150, 200)


def campaign(rng: np.random.Generator, share: float) -> Running:
    answers = rng.random(LOOKS[-1]) < share
    running = Running()
    for n in LOOKS:
        passed = int(answers[:n].sum())
        running.look(passed, n - passed)
    return running


@pytest.mark.parametrize("share", [0.5, 0.84, 0.95, 0.99])
def test_it_holds_at_all_looks_together(share: float) -> None:
    rng = np.random.default_rng(11)
    held = sum(r.low <= share <= r.high for r in (campaign(rng, share) for _ in range(CAMPAIGNS)))
    assert held / CAMPAIGNS >= 0.9 - 2 * (0.9 * 0.1 / CAMPAIGNS) ** 0.5


@pytest.mark.parametrize("share", [0.3, 0.5, 0.84, 0.95, 0.98])
def test_at_200_it_is_at_most_1_6_times_as_wide_as_for_one_look(share: float) -> None:
    passed = round(200 * share)
    low, high = confidence_bounds(passed, 200)
    once = clopper_pearson_interval(passed, 200)
    assert 1 < (high - low) / (once[1] - once[0]) <= 1.61


def test_the_capital_is_a_fair_bet() -> None:
    """Its expectation over all outcomes of n answers is 1 at the null, for both sides."""
    from scipy import stats

    for share in (0.2, 0.5, 0.95):
        for above in (True, False):
            n = 30
            capital = [float(np.exp(log_evidence(k, n, np.array(share), above=above))) for k in range(n + 1)]
            assert np.dot(capital, stats.binom.pmf(range(n + 1), n, share)) == pytest.approx(1.0, abs=1e-6)


def test_against_a_lower_share_the_capital_shrinks() -> None:
    """H0 is "at most the bar": below it the expectation is under 1."""
    from scipy import stats

    capital = [float(np.exp(log_proof(k, 40, 0.95))) for k in range(41)]
    assert np.dot(capital, stats.binom.pmf(range(41), 40, 0.9)) < 1


def test_answers_between_0_and_1_bet_less_than_their_halves() -> None:
    """A run's mean of one half is worth no more than the mean of a pass and a fail."""
    between = log_proof(10.5, 11)
    both = np.logaddexp(log_proof(11, 11), log_proof(10, 11)) - np.log(2)
    assert between <= both + 1e-9


def test_bounds_only_narrow_and_unjudged_widens() -> None:
    running = Running()
    seen = []
    for n in (10, 20, 30):
        running.look(n, 0)
        seen.append((running.low, running.high))
    assert seen == sorted(seen)
    with_doubt = Running()
    with_doubt.look(20, 0, 10)
    assert with_doubt.low < seen[-1][0]
    assert with_doubt.high == 1.0


def test_nothing_says_nothing() -> None:
    running = Running()
    assert running.look(0, 0) == "open"
    assert (running.low, running.high, running.p_value) == (0.0, 1.0, 1.0)


@pytest.mark.parametrize(("passed", "failed", "status"), [(200, 0, "proven"), (20, 20, "refuted"), (95, 5, "open")])
def test_verdicts(passed: int, failed: int, status: str) -> None:
    assert Running().look(passed, failed) == status


def test_proven_and_its_p_value_say_the_same() -> None:
    for passed in range(60, 201, 10):
        running = Running()
        running.look(passed, 0)
        assert (running.status == "proven") == (running.p_value <= 0.05)


def test_how_many_answers_it_takes() -> None:
    assert expected_answers(0.95) == float("inf")
    assert expected_answers(0.5) < expected_answers(0.85) < expected_answers(0.93)
    assert 60 < expected_answers(1.0) < 120
