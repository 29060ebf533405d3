"""In what share of the runs every moved call would be acceptable: one bad step can spoil a run of thirty.

A run's calls are not independent: what is hard for one step is often hard for the next. The model is one factor per run (a Gaussian
copula): call i is acceptable where sqrt(rho) u + sqrt(1 - rho) e_i <= z(R_i), u shared by the run's calls, so that each keeps its own
share R_i. rho = 0 is independence; at 1 a run is all right or all wrong. It is estimated from the runs: of pairs of held-out calls of one task in one run, how often
both are foretold (the proxy), against how often one is. Bootstrapped over runs. With under ``MINIMUM_PAIRS`` pairs it is not known, and the
answer is the span from independence to near-total dependence.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

from suffice_analysis.proxy import Predictability

Draws = NDArray[np.float64]
MINIMUM_PAIRS = 50
MOST_RUNS = 1_000  # looked at, chosen by the seed
DRAWS = 200
UNKNOWN = (0.0, 0.95)
_GRID = np.linspace(0.0, 0.98, 50)
_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(64)
_WEIGHTS = _WEIGHTS / _WEIGHTS.sum()


@dataclass(frozen=True)
class Dependence:
    """``rho`` with its bootstrap; ``value`` None where the runs don't tell."""

    value: float | None
    draws: Draws
    pairs: int


def estimate_dependence(seen: Sequence[Predictability | None], *, seed: int) -> Dependence:
    """From the proxies of all tasks; only tasks whose answers are sometimes foretold and sometimes not tell anything."""
    random = np.random.default_rng([seed, 3])
    tasks = [np.array(p.by_run, dtype=float).reshape(-1, 2) for p in seen if p is not None and 0 < p.predicted < p.n]
    tasks = [runs[runs[:, 0] >= 2] for runs in tasks]
    pairs = int(sum((runs[:, 0] * (runs[:, 0] - 1) / 2).sum() for runs in tasks))
    tasks = [runs for runs in tasks if len(runs)]
    if pairs < MINIMUM_PAIRS:
        return Dependence(None, random.uniform(*UNKNOWN, DRAWS), pairs)
    resampled = [_rho([runs[random.integers(0, len(runs), len(runs))] for runs in tasks]) for _ in range(DRAWS)]
    return Dependence(_rho(tasks), np.array(resampled), pairs)


def _rho(tasks: Sequence[Draws]) -> float:
    """The one rho at which as many pairs are both foretold as were seen, over all tasks."""
    expected, seen = np.zeros(len(_GRID)), 0.0
    for runs in tasks:
        n, hits = runs[:, 0], runs[:, 1]
        twice = float((n * (n - 1)).sum())
        share = float((hits * (n - 1)).sum()) / twice
        if not 0 < share < 1:
            expected, seen = expected + share * twice, seen + share * twice
            continue
        seen += float((hits * (hits - 1)).sum())
        expected = expected + twice * _both(share)
    return float(np.interp(seen, expected, _GRID)) if expected[-1] > expected[0] else 0.0


def _both(share: float) -> Draws:
    """P(two calls of one run are both acceptable) at each rho of the grid."""
    z = special.ndtri(share)
    inner = special.ndtr((z - np.sqrt(_GRID)[:, None] * _NODES) / np.sqrt(1 - _GRID)[:, None])
    both: Draws = (inner**2) @ _WEIGHTS
    return both


def count_runs(run_ids: Sequence[str | None], task_ids: Sequence[str | None], *, seed: int) -> list[Mapping[str, int]]:
    """Of at most ``MOST_RUNS`` runs: how many calls of each task. Calls without a run are none."""
    runs: dict[str, dict[str, int]] = {}
    for run, task in zip(run_ids, task_ids, strict=True):
        if run and task:
            counts = runs.setdefault(run, {})
            counts[task] = counts.get(task, 0) + 1
    names = sorted(runs)
    if len(names) > MOST_RUNS:
        names = sorted(np.random.default_rng([seed, 4]).choice(names, MOST_RUNS, replace=False).tolist())
    return [runs[name] for name in names]


def all_acceptable(
    runs: Sequence[Mapping[str, int]], shares: Mapping[str, Draws], dependence: Dependence
) -> dict[str, Any] | None:
    """The share of the runs with a moved call in which all of them are acceptable: value and 90 % interval. None without runs.

    ``shares``: draws of the acceptable share of each moved task.
    """
    names = sorted(shares)
    counts = np.array([[run.get(name, 0) for name in names] for run in runs], dtype=float)
    counts = counts[counts.sum(axis=1) > 0] if counts.size else counts
    if not counts.size:
        return None
    kinds, times = np.unique(counts, axis=0, return_counts=True)
    chosen = np.linspace(0, len(next(iter(shares.values()))) - 1, DRAWS).astype(int)
    z = special.ndtri(np.clip([shares[name][chosen] for name in names], 1e-9, 1 - 1e-9))
    drawn = _mean_all(kinds, times, z, dependence.draws)
    low, high = np.quantile(drawn, [0.05, 0.95])
    return {
        "value": None if dependence.value is None else float(drawn.mean()),
        "low": float(low),
        "high": float(high),
        "runs": len(counts),
        "calls_a_run": float(counts.sum() / len(counts)),
        "rho": dependence.value,
        "pairs": dependence.pairs,
    }


def _mean_all(kinds: Draws, times: Any, z: Draws, rho: Draws) -> Draws:
    """[draws]: the probability that all calls of a run are acceptable, averaged over the runs."""
    total = np.zeros((len(kinds), z.shape[1]))
    for node, weight in zip(_NODES, _WEIGHTS, strict=True):
        one = special.log_ndtr((z - np.sqrt(rho) * node) / np.sqrt(1 - rho))
        total += weight * np.exp(kinds @ one)
    mean: Draws = times @ total / times.sum()
    return mean
