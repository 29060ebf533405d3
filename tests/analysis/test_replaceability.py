"""The posterior: wide where little is known, pulled by evidence, its shared error never averaged away."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from suffice_analysis import replaceability as r
from suffice_analysis.estimate import Estimate
from suffice_analysis.prior import FEW_CALLS, Prior
from suffice_analysis.proxy import Predictability

SHARED = r.SharedError(0)


def prior(mean: float = 1.0, sd: float = 1.0) -> Prior:
    return Prior(mean, sd, [])


def skill(share: float, n: int = 300) -> Predictability:
    return Predictability(share, 0.0, share, share, share, round(share * n), n, share, 9, False)


@given(st.floats(-2, 3), st.floats(0.6, 2.5))
def test_an_interval_holds_its_value(mean: float, sd: float) -> None:
    e = r.estimate_replaceability("t_1", 500, prior(mean, sd), None, SHARED).estimate
    assert 0 < e.low < e.value < e.high < 1
    assert (e.grade, e.n, e.level) == ("prior", 0, 0.9)


def test_the_prior_interval_is_the_logit_normals() -> None:
    e = r.estimate_replaceability("t_1", 500, prior(1.0, 1.0), None, SHARED).estimate
    exact = [1 / (1 + math.exp(-(1.0 + z))) for z in (-1.6449, 1.6449)]
    assert (e.low, e.high) == pytest.approx(exact, abs=0.02)


def test_foretold_answers_raise_the_estimate_and_its_grade() -> None:
    values = [
        r.estimate_replaceability("t_1", 500, prior(0.0), proxy, SHARED).estimate
        for proxy in (None, skill(0.3), skill(0.6), skill(0.95))
    ]
    assert [v.grade for v in values] == ["prior", "proxy", "proxy", "proxy"]
    assert [v.value for v in values] == sorted(v.value for v in values)
    assert values[-1].value < 0.9  # a lookup that has seen the history does not prove an SLM that has not


def test_no_skill_is_no_evidence() -> None:
    without = r.estimate_replaceability("t_1", 500, prior(), None, SHARED).estimate
    assert r.estimate_replaceability("t_1", 500, prior(), skill(0.0), SHARED).estimate == without


def test_a_total_of_many_tasks_keeps_the_shared_error() -> None:
    many = [(r.estimate_replaceability(f"t_{i}", 500, prior(0.0, 1.0), None, SHARED), 1.0) for i in range(200)]
    total = r.total_share(many, of=200, seed=0)
    assert total is not None
    shared_alone = (
        2 * 1.645 * r.SHARED_SD * 0.25 * 0.85
    )  # slope of the logistic at 0, flattened by the tasks' own spread
    assert total[0].high - total[0].low == pytest.approx(shared_alone, rel=0.15)
    own = many[0][0].estimate
    assert total[0].high - total[0].low < own.high - own.low


def test_a_total_is_weighted_and_nothing_weighs_nothing() -> None:
    sure = r.estimate_replaceability("t_a", 500, prior(4.0, 0.6), None, SHARED)
    poor = r.estimate_replaceability("t_b", 500, prior(-4.0, 0.6), None, SHARED)
    total = r.total_share([(sure, 3.0), (poor, 1.0)], of=4.0, seed=0)
    assert total is not None
    assert total[0].value == pytest.approx(0.75 * sure.estimate.value + 0.25 * poor.estimate.value)
    assert r.total_share([(sure, 0.0)], of=0.0, seed=0) is None


def test_a_tested_part_counts_by_its_own_value_and_not_by_the_mean_of_its_draws() -> None:
    """97 passed, 2 failed, 1 not judged: 97 of 99, while its draws count the one as failed."""
    draws = np.random.default_rng(0).beta(97, 3.5, r.DRAWS)
    tested = r.Replaceability("t", Estimate(97 / 99, 0.923, 0.997, "replay", 100, "exact"), draws, True)
    total = r.total_share([(tested, 1.0)], of=2.0, seed=0)
    assert total is not None
    assert total[0].value == pytest.approx(97 / 198)
    low, high = np.quantile(draws, [0.05, 0.95]) / 2
    assert total[0].low == pytest.approx(low)
    assert total[0].high == pytest.approx(high + 97 / 198 - draws.mean() / 2)


def test_what_is_in_no_part_of_a_total_counts_as_not_movable() -> None:
    sure = r.estimate_replaceability("t_a", 500, prior(4.0, 0.6), None, SHARED)
    total = r.total_share([(sure, 3.0)], of=12.0, seed=0)
    nothing = r.total_share([], of=12.0, seed=0)
    assert total is not None
    assert nothing is not None
    assert total[0].value == pytest.approx(0.25 * sure.estimate.value)
    assert (nothing[0].value, nothing[0].low, nothing[0].high) == (0.0, 0.0, 0.0)


def test_a_proxy_that_says_next_to_nothing_is_no_evidence() -> None:
    """Skill 0.02 with a lower bound of 0 moves nothing: the grade stays prior. With a bound over 5 % it is evidence."""
    faint = Predictability(0.02, 0.0, 0.02, 0.0, 0.05, 6, 300, 0.02, 9, False)
    without = r.estimate_replaceability("t_1", 500, prior(), None, SHARED).estimate
    assert r.estimate_replaceability("t_1", 500, prior(), faint, SHARED).estimate == without
    clear = Predictability(0.1, 0.0, 0.1, 0.07, 0.14, 30, 300, 0.1, 9, False)
    found = r.estimate_replaceability("t_1", 500, prior(), clear, SHARED).estimate
    assert (found.grade, found.n) == ("proxy", 300)


def test_under_100_calls_no_value_is_claimed_but_the_interval_is_kept() -> None:
    few = r.task_row(r.estimate_replaceability("t_1", 99, prior(), None, SHARED), {})
    enough = r.task_row(r.estimate_replaceability("t_1", 100, prior(), None, SHARED), {})
    assert few["value"] is None
    assert enough["value"] is not None
    assert (few["low"], few["high"]) == (enough["low"], enough["high"])


def test_nothing_is_proven_without_replay() -> None:
    row = r.proven_row("proven_share_calls", 1000, 0)
    assert (row["value"], row["low"], row["high"], row["proven"], row["proven_low"]) == (0.0, 0.0, 0.0, False, None)


def test_draws_depend_on_seed_and_task_alone() -> None:
    one = r.estimate_replaceability("t_1", 500, prior(), None, r.SharedError(7)).draws
    again = r.estimate_replaceability("t_1", 500, prior(), None, r.SharedError(7)).draws
    other = r.estimate_replaceability("t_1", 500, prior(), None, r.SharedError(8)).draws
    assert np.array_equal(one, again)
    assert not np.array_equal(one, other)


def test_few_calls_add_variance() -> None:
    assert pytest.approx(0.4) == FEW_CALLS / 30
