"""Many looks: Holm by hand, its order, and that nothing is proven by choosing the best of many."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from suffice_analysis.estimate import BAR
from suffice_analysis.multiplicity import holm, proven_candidates, proven_together
from suffice_analysis.replayed import Replayed, proof_p_value

p_values = st.lists(st.floats(0, 1), min_size=1, max_size=20)


def test_by_hand() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([]) == []
    assert holm([0.9, 0.9]) == [1.0, 1.0]


@given(p_values)
def test_adjusted_values_are_no_smaller_and_keep_their_order(given_values: list[float]) -> None:
    adjusted = holm(given_values)
    assert all(a >= p for a, p in zip(adjusted, given_values, strict=True))
    assert max(adjusted) <= 1.0
    ranked = [a for _, a in sorted(zip(given_values, adjusted, strict=True))]
    assert ranked == sorted(ranked)


def test_a_candidate_pays_for_the_others() -> None:
    assert proven_candidates({"a": 0.04}) == ["a"]
    assert proven_candidates({"a": 0.04, "b": 0.5}) == []
    assert proven_candidates({"a": 0.02, "b": 0.001, "c": 0.9}) == ["b", "a"]
    assert proven_candidates({}) == []


def test_the_total_pays_for_the_tasks() -> None:
    assert proven_together({"t1": [0.03]}) == {"t1"}
    assert proven_together({"t1": [0.03], "t2": [0.9]}) == set()
    assert proven_together({"t1": [0.001, 0.5], "t2": [0.03], "t3": []}) == {"t1"}
    assert proven_together({}) == set()


def test_forty_tasks_of_fourteen_candidates_at_the_bar_prove_nothing() -> None:
    """At most 5 % of simulations with any share proven; tested one by one, every one has some."""
    random = np.random.default_rng(3)
    p_of = [proof_p_value(Replayed(k, 200)) for k in range(201)]
    wrong = alone = 0
    for _ in range(300):
        tasks = {str(t): [p_of[k] for k in random.binomial(200, BAR - 1e-4, 14)] for t in range(40)}
        wrong += bool(proven_together(tasks))
        alone += min(p for values in tasks.values() for p in values) <= 0.05
    assert wrong <= 0.05 * 300 + 2 * np.sqrt(300 * 0.05 * 0.95)
    assert alone == 300
