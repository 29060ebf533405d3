"""Grade ``replay``: what k acceptable answers of n replayed calls say about a task.

From ``ENOUGH`` replays on they speak alone: the interval is exact (Clopper & Pearson 1934, at least 90 % whatever the truth), and
a wrong prior can't bend it. Below, the prior's draws are weighed by the likelihood of what was seen, half of the weight kept for
"anything from 0 to 1" (H. Schmidli and others 2014, Biometrics 70:1023-1032), so that a few surprising answers count.

*Proven* compares the one-sided 95 % bound with the bar. Where the recorded answers are themselves mostly wrong ("no worse than
wrong" is easily met), nothing is proven by them: :func:`sound_reference`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from suffice_analysis.estimate import BAR, LEVEL, Estimate, clopper_pearson_interval, from_draws

ENOUGH = 20  # replays; under it an exact interval is wider than most priors
ROBUST_WEIGHT = 0.5  # of the flat part of the prior
SOUND_FROM = 0.5  # a baseline right less often than this, with 95 % confidence, is no reference
METHOD_EXACT = "exact (Clopper-Pearson) interval of replayed calls"
METHOD_TOTAL = "weighted sum of the tasks' confidence distributions, moved to the observed shares"
METHOD_WEIGHED = "prior draws weighed by the replayed calls, half of the weight flat"

Draws = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Replayed:
    """Of ``n`` replayed and judged calls of one task, candidate and mode, ``acceptable`` passed."""

    acceptable: int
    n: int

    def __post_init__(self) -> None:
        if not 0 <= self.acceptable <= self.n:
            raise ValueError(f"not counts of one replay: {self}")


def estimate_replayed(seen: Replayed, prior: Draws, *, seed: int) -> Estimate:
    """The task's share with its 90 % interval. ``prior``: draws of its share before anything was replayed."""
    if seen.n >= ENOUGH:
        low, high = clopper_pearson_interval(seen.acceptable, seen.n)
        return Estimate(seen.acceptable / seen.n, low, high, "replay", seen.n, METHOD_EXACT, seed, LEVEL)
    draws = replayed_draws(seen, prior, seed=seed)
    if seen.n == 0:
        return from_draws(prior, grade="prior", n=0, method="prior", seed=seed)
    return from_draws(draws, grade="replay", n=seen.n, method=METHOD_WEIGHED, seed=seed)


def replayed_draws(seen: Replayed, prior: Draws, *, seed: int) -> Draws:
    """Draws of the share, for totals and savings: as many as ``prior`` has, repeatable by ``seed``.

    From ``ENOUGH`` on they are a confidence distribution: Beta(k, n-k+1) and Beta(k+1, n-k) in equal parts, the two ends of the
    exact interval (the mid-p compromise), so that sums over tasks neither shrink nor swell.
    """
    random = np.random.default_rng([seed, seen.acceptable, seen.n])
    k, n, size = seen.acceptable, seen.n, prior.size
    if n == 0:
        return prior
    if n >= ENOUGH:
        low = random.beta(k, n - k + 1, size) if k else np.zeros(size)
        high = random.beta(k + 1, n - k, size) if k < n else np.ones(size)
        mixed: Draws = np.where(random.random(size) < 0.5, low, high)
        return mixed
    flat = random.random(size) < ROBUST_WEIGHT
    candidates: Draws = np.where(flat, random.random(size), prior)
    weights = special.xlogy(k, candidates) + special.xlog1py(n - k, -candidates)
    weights = np.exp(weights - weights.max())
    chosen: Draws = random.choice(candidates, size, p=weights / weights.sum())
    return chosen


def with_ends(draws: Draws, value: float, low: float, high: float) -> Draws:
    """The draws in their order, moved so that ``value`` is their median and 5 % lie under ``low`` and over ``high``: a normal with two
    widths. An interval that holds at every look is wider than one of a number of answers set before, and a sum must know it."""
    ranks = np.empty(draws.size)
    ranks[np.argsort(draws, kind="stable")] = np.arange(draws.size)
    z = special.ndtri((ranks + 0.5) / draws.size)
    width: Draws = np.where(z < 0, value - low, high - value) / special.ndtri((1 + LEVEL) / 2)
    moved: Draws = np.clip(value + width * z, 0.0, 1.0)
    return moved


def total_replayed(parts: Sequence[tuple[Replayed, float]], *, seed: int, draws: int = 4_000) -> Estimate:
    """The weighted share of tasks that were all replayed from ``ENOUGH`` calls on, with its 90 % interval.

    Each task's draws lean towards one half (by half an answer of n), all in the same direction: over a hundred tasks the
    sum would be off by more than its own spread (covered 80 % instead of 90). So the sum is moved to the observed shares.
    Raises ValueError without weight or for a task under ``ENOUGH``.
    """
    whole = sum(weight for _, weight in parts)
    if whole <= 0 or any(seen.n < ENOUGH for seen, _ in parts):
        raise ValueError(f"a total needs some weight and {ENOUGH} replayed calls of each task")
    n = sum(seen.n for seen, _ in parts)
    if len(parts) == 1:
        return estimate_replayed(parts[0][0], np.zeros(0), seed=seed)
    total = np.zeros(draws)
    for place, (seen, weight) in enumerate(parts):
        own = replayed_draws(seen, np.zeros(draws), seed=seed + place)
        total += weight / whole * (own - own.mean() + seen.acceptable / seen.n)
    low, high = np.clip(np.quantile(total, [(1 - LEVEL) / 2, (1 + LEVEL) / 2]), 0.0, 1.0)
    return Estimate(float(total.mean()), float(low), float(high), "replay", n, METHOD_TOTAL, seed, LEVEL)


def proof_p_value(seen: Replayed, bar: float = BAR) -> float:
    """Of H0: the true share is ``bar`` or less. Exact binomial: P(X >= acceptable). 1 without replays."""
    if seen.acceptable == 0:
        return 1.0
    return float(special.betainc(seen.acceptable, seen.n - seen.acceptable + 1, bar))


def sound_reference(baseline_right: int, n: int) -> bool:
    """Whether the recorded answers are right often enough to be compared with. True where no outcomes are known (n = 0)."""
    if n == 0:
        return True
    _, high = clopper_pearson_interval(baseline_right, n)
    return high >= SOUND_FROM
