"""The share of runs in which every moved call is acceptable: the model's limits, a simulation, and its one parameter recovered."""

from __future__ import annotations

import numpy as np
import pytest

from suffice_analysis.proxy import Predictability
from suffice_analysis.savings.runs import MOST_RUNS, Dependence, all_acceptable, count_runs, estimate_dependence


def dependence(rho: float) -> Dependence:
    return Dependence(rho, np.full(200, rho), 1000)


def share(rho: float, runs: list[dict[str, int]], **shares: float) -> float:
    found = all_acceptable(runs, {name: np.full(4000, value) for name, value in shares.items()}, dependence(rho))
    assert found is not None
    return float(found["value"])


def test_independent_calls_multiply() -> None:
    assert share(0.0, [{"a": 3}], a=0.9) == pytest.approx(0.9**3, abs=1e-6)
    assert share(0.0, [{"a": 2, "b": 1}, {"b": 1}], a=0.9, b=0.5) == pytest.approx((0.9**2 * 0.5 + 0.5) / 2, abs=1e-6)


def test_wholly_dependent_calls_stand_or_fall_together() -> None:
    assert share(0.98, [{"a": 20}], a=0.9) == pytest.approx(0.9, abs=0.06)
    values = [share(rho, [{"a": 10}], a=0.9) for rho in (0.0, 0.3, 0.6, 0.9)]
    assert values == sorted(values)


def test_it_meets_a_simulation() -> None:
    random, rho, z = np.random.default_rng(1), 0.4, 1.2815515655446004  # z of 0.9
    latent = np.sqrt(rho) * random.standard_normal((100_000, 1)) + np.sqrt(1 - rho) * random.standard_normal(
        (100_000, 6)
    )
    assert share(rho, [{"a": 6}], a=0.9) == pytest.approx((latent <= z).all(axis=1).mean(), abs=0.006)


def test_only_runs_with_a_moved_call_count() -> None:
    found = all_acceptable([{"stays": 5}, {"a": 1, "stays": 9}], {"a": np.full(4000, 0.8)}, dependence(0.2))
    assert found is not None
    assert (found["runs"], found["calls_a_run"]) == (1, 1.0)
    assert found["value"] == pytest.approx(0.8, abs=1e-6)
    assert all_acceptable([{"stays": 5}], {"a": np.full(4000, 0.8)}, dependence(0.2)) is None
    assert all_acceptable([], {}, dependence(0.2)) is None


def proxy(by_run: list[tuple[int, int]]) -> Predictability:
    n, hits = sum(c for c, _ in by_run), sum(h for _, h in by_run)
    return Predictability(hits / n, 0.0, hits / n, 0.0, 1.0, hits, n, 1.0, 5, True, tuple(by_run))


def made_runs(rho: float, runs: int = 1500, calls: int = 4, seed: int = 3) -> Predictability:
    random = np.random.default_rng(seed)
    latent = np.sqrt(rho) * random.standard_normal((runs, 1)) + np.sqrt(1 - rho) * random.standard_normal((runs, calls))
    return proxy([(calls, int(hits)) for hits in (latent <= 0.5).sum(axis=1)])


@pytest.mark.parametrize("rho", [0.0, 0.3, 0.7])
def test_the_dependence_of_made_runs_is_recovered(rho: float) -> None:
    found = estimate_dependence([made_runs(rho), made_runs(rho, seed=4), None], seed=0)
    assert found.value == pytest.approx(rho, abs=0.06)
    low, high = np.quantile(found.draws, [0.02, 0.98])
    assert low - 0.02 <= rho <= high + 0.02
    assert found.pairs == 2 * 1500 * 6


def test_where_runs_do_not_tell_the_answer_is_a_span() -> None:
    found = estimate_dependence([proxy([(1, 1), (1, 0)] * 50)], seed=0)
    assert (found.value, found.pairs) == (None, 0)
    span = all_acceptable([{"a": 10}], {"a": np.full(4000, 0.9)}, found)
    assert span is not None
    assert span["value"] is None
    assert span["low"] == pytest.approx(0.9**10, abs=0.08)
    assert span["high"] > 0.75


def test_runs_are_counted_by_task_and_sampled_by_the_seed() -> None:
    assert count_runs(["r1", "r1", None, "r2"], ["a", "a", "a", None], seed=0) == [{"a": 2}]
    many = [f"r{i:05d}" for i in range(3 * MOST_RUNS)]
    first = count_runs(many, [r[-1] for r in many], seed=5)
    assert len(first) == MOST_RUNS
    assert first == count_runs(many, [r[-1] for r in many], seed=5)
