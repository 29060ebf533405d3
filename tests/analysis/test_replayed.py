"""What replayed calls say: exact intervals, proof, few replays beside a prior, totals that cover."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from suffice_analysis.estimate import BAR, clopper_pearson_interval
from suffice_analysis.replayed import (
    ENOUGH,
    METHOD_EXACT,
    METHOD_WEIGHED,
    Replayed,
    estimate_replayed,
    proof_p_value,
    replayed_draws,
    sound_reference,
    total_replayed,
    with_ends,
)

PRIOR = np.random.default_rng(1).beta(8, 2, 4_000)


@st.composite
def replays(draw: st.DrawFn, least: int = 0, most: int = 300) -> Replayed:
    n = draw(st.integers(least, most))
    return Replayed(draw(st.integers(0, n)), n)


@given(replays(least=ENOUGH))
def test_enough_replays_speak_alone(seen: Replayed) -> None:
    estimate = estimate_replayed(seen, PRIOR, seed=5)
    assert (estimate.low, estimate.high) == clopper_pearson_interval(seen.acceptable, seen.n)
    assert (estimate.value, estimate.grade, estimate.n) == (seen.acceptable / seen.n, "replay", seen.n)
    assert estimate.method == METHOD_EXACT
    assert estimate == estimate_replayed(seen, 1 - PRIOR, seed=5)  # whatever the prior said


@pytest.mark.parametrize("n", [25, 50, 100, 200])
@pytest.mark.parametrize("truth", [0.38, 0.6, 0.85, 0.95, 0.98])
def test_the_interval_covers_every_truth(n: int, truth: float) -> None:
    """Summed over every outcome, not simulated: 90 % or more."""
    covered = 0.0
    for k in range(n + 1):
        estimate = estimate_replayed(Replayed(k, n), PRIOR, seed=1)
        covered += stats.binom.pmf(k, n, truth) * (estimate.low <= truth <= estimate.high)
    assert 0.90 <= covered <= 0.995


def test_no_replay_is_the_prior() -> None:
    estimate = estimate_replayed(Replayed(0, 0), PRIOR, seed=1)
    assert (estimate.grade, estimate.n) == ("prior", 0)
    assert estimate.value == pytest.approx(0.8, abs=0.01)
    assert replayed_draws(Replayed(0, 0), PRIOR, seed=1) is PRIOR


def test_few_replays_move_a_prior_that_they_contradict() -> None:
    agreeing = estimate_replayed(Replayed(8, 10), PRIOR, seed=1)
    against = estimate_replayed(Replayed(1, 10), PRIOR, seed=1)
    assert agreeing.method == METHOD_WEIGHED
    assert agreeing.value == pytest.approx(0.79, abs=0.04)
    assert agreeing.width_points < 100 * np.subtract(*reversed(clopper_pearson_interval(8, 10)))
    assert against.value < 0.35


@given(replays(), st.integers(0, 1000))
def test_draws_are_shares_and_repeat(seen: Replayed, seed: int) -> None:
    draws = replayed_draws(seen, PRIOR, seed=seed)
    assert draws.shape == PRIOR.shape
    assert draws.min() >= 0
    assert draws.max() <= 1
    np.testing.assert_array_equal(draws, replayed_draws(seen, PRIOR, seed=seed))


def test_draws_agree_with_the_exact_interval() -> None:
    draws = replayed_draws(Replayed(180, 200), np.zeros(40_000), seed=2)
    low, high = clopper_pearson_interval(180, 200)
    assert np.quantile(draws, 0.05) == pytest.approx(low, abs=0.006)
    assert np.quantile(draws, 0.95) == pytest.approx(high, abs=0.006)


@given(
    replays(),
    st.tuples(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1)).map(sorted),
    st.integers(0, 1000),
)
def test_draws_take_the_ends_of_the_interval_that_is_told(seen: Replayed, ends: list[float], seed: int) -> None:
    low, value, high = ends
    before = replayed_draws(seen, PRIOR, seed=seed)
    draws = with_ends(before, value, low, high)
    assert np.quantile(draws, [0.05, 0.5, 0.95]) == pytest.approx([low, value, high], abs=2e-3)
    assert 0 <= draws.min() <= draws.max() <= 1
    by_size = np.argsort(before, kind="stable")
    assert (np.diff(draws[by_size]) >= 0).all(), "what is larger stays larger: errors that tasks share add up as before"


class TestProof:
    def test_by_hand(self) -> None:
        assert proof_p_value(Replayed(59, 59)) == pytest.approx(0.95**59)  # 0.0485: the fewest that prove it
        assert proof_p_value(Replayed(58, 58)) == pytest.approx(0.95**58)
        assert proof_p_value(Replayed(0, 0)) == 1.0
        assert proof_p_value(Replayed(0, 40)) == 1.0

    @given(replays(most=200))
    def test_is_the_binomial_tail(self, seen: Replayed) -> None:
        tail = stats.binom.sf(seen.acceptable - 1, seen.n, BAR)
        assert proof_p_value(seen) == pytest.approx(tail, abs=1e-12)

    @pytest.mark.parametrize("n", [30, 59, 100, 400])
    def test_at_the_bar_at_most_five_percent_are_proven(self, n: int) -> None:
        wrongly = sum(stats.binom.pmf(k, n, BAR) for k in range(n + 1) if proof_p_value(Replayed(k, n)) <= 0.05)
        assert wrongly <= 0.05


def test_a_broken_reference_is_no_reference() -> None:
    """RouteLLM's high_school_mathematics has the large model right in 3 %: an error in reading its answers."""
    assert not sound_reference(8, 270)
    assert sound_reference(150, 270)
    assert sound_reference(1, 3)  # too few to say
    assert sound_reference(0, 0)  # no outcomes known


class TestTotal:
    def test_many_tasks_near_certain_are_not_pulled_to_the_middle(self) -> None:
        """112 tasks at 0.97 with 25 replays each: the plain sum of draws covered in 0 of 50."""
        random = np.random.default_rng(11)
        covered = 0
        for repeat in range(50):
            parts = [(Replayed(int(k), 25), 1.0) for k in random.binomial(25, 0.97, 112)]
            total = total_replayed(parts, seed=repeat, draws=500)
            covered += total.low <= 0.97 <= total.high
        assert covered >= 40  # 44 expected at least; two standard errors less

    def test_one_task_is_its_own_total(self) -> None:
        seen = Replayed(50, 50)
        assert total_replayed([(seen, 3.0)], seed=1) == estimate_replayed(seen, PRIOR, seed=1)

    def test_weights_count(self) -> None:
        total = total_replayed([(Replayed(100, 100), 3.0), (Replayed(0, 100), 1.0)], seed=1)
        assert total.value == pytest.approx(0.75, abs=1e-9)
        assert (total.grade, total.n) == ("replay", 200)
        assert total.low < 0.75 <= total.high

    @pytest.mark.parametrize("parts", [[], [(Replayed(30, 30), 0.0)], [(Replayed(3, 3), 1.0)]])
    def test_nothing_to_add_up_is_refused(self, parts: list[tuple[Replayed, float]]) -> None:
        with pytest.raises(ValueError, match="some weight"):
            total_replayed(parts, seed=1)


def test_counts_that_are_none_are_refused() -> None:
    with pytest.raises(ValueError, match="not counts"):
        Replayed(3, 2)
