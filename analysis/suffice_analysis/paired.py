"""Paired comparison: the same calls answered by the baseline and by a candidate, each answer right or wrong.

Two separate bounds throw the pairing away; the difference of two answers to one call is what is bounded here.
``b`` calls only the baseline got right, ``c`` only the candidate, of ``n``; the difference is (c - b) / n.

The statistic is Tango's score (T. Tango 1998, Statistics in Medicine 17:891-908). Its p-value is the largest over the
unknown share of ``c`` (A. Chan 1998, Statistics in Medicine 17:1403-1413; H. Hsueh, J. Liu, J. Chen 2001, Biometrics
57:478-483), so that it holds exactly at every n: Tango's own approximation rejects up to 5.3 % instead of 5 % at n = 50.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import special, stats

MARGIN = 0.05  # non-inferior: not worse by this many answers of one
EXACT_UP_TO = 600  # pairs; beyond, the approximation is off by less than 0.1 points and the sums get long
_NUISANCE = np.concatenate([np.linspace(0.0, 0.05, 26), np.linspace(0.06, 0.475, 43)])  # shares of c; finer near 0
_PRECISION = 1e-4  # of a bound: a hundredth of a point

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Pairs:
    """Counts of one paired comparison."""

    n: int
    only_baseline: int  # b: the baseline right, the candidate wrong
    only_candidate: int  # c: the other way round

    def __post_init__(self) -> None:
        if min(self.only_baseline, self.only_candidate) < 0 or self.only_baseline + self.only_candidate > self.n:
            raise ValueError(f"these counts are not of one comparison: {self}")

    @property
    def difference(self) -> float:
        """Candidate's accuracy minus the baseline's, as observed. 0 without pairs."""
        return (self.only_candidate - self.only_baseline) / self.n if self.n else 0.0

    @property
    def discordance(self) -> float:
        """Share of calls on which exactly one of them was right."""
        return (self.only_candidate + self.only_baseline) / self.n if self.n else 0.0


def tango_score(only_baseline: Floats, only_candidate: Floats, n: int, difference: float) -> Floats:
    """Score statistic of H0: accuracy difference = ``difference``; large where the candidate does better than that.

    The share of b under H0 maximises b ln x + c ln(x + d) + (n - b - c) ln(1 - 2x - d): a quadratic in x.
    """
    b, c, d = only_baseline, only_candidate, difference
    quadratic = -2.0 * n
    linear = b * (1 - 3 * d) + c * (1 - d) - 2 * (n - b - c) * d
    constant = b * d * (1 - d)
    root = (-linear - np.sqrt(np.maximum(linear**2 - 4 * quadratic * constant, 0.0))) / (2 * quadratic)
    share: Floats = np.clip(root, max(0.0, -d), (1 - d) / 2)
    variance = n * np.maximum(2 * share + d - d * d, 1e-15)
    score: Floats = (c - b - n * d) / np.sqrt(variance)
    return score


def p_value(pairs: Pairs, difference: float = -MARGIN) -> float:
    """Of H0: the candidate's accuracy is ``difference`` or less beside the baseline's. 1 without pairs."""
    if pairs.n == 0:
        return 1.0
    b, c = np.array(float(pairs.only_baseline)), np.array(float(pairs.only_candidate))
    if pairs.n > EXACT_UP_TO:
        return float(special.ndtr(-tango_score(b, c, pairs.n, difference)))
    observed = float(tango_score(b, c, pairs.n, difference))
    most_b = _edge(pairs.n, difference, observed)
    return min(1.0, float(_tails(pairs.n, most_b, difference).max()))


def non_inferior(pairs: Pairs, margin: float = MARGIN, alpha: float = 0.05) -> bool:
    """Whether the candidate is proven no more than ``margin`` worse, at one-sided level ``alpha``."""
    if pairs.n == 0 or pairs.n > EXACT_UP_TO:
        return p_value(pairs, -margin) <= alpha
    b, c = np.array(float(pairs.only_baseline)), np.array(float(pairs.only_candidate))
    return float(tango_score(b, c, pairs.n, -margin)) >= _critical_score(pairs.n, -margin, alpha)


def difference_lower_bound(pairs: Pairs, alpha: float = 0.05) -> float:
    """One-sided lower bound of the accuracy difference: the smallest that ``p_value`` does not refute. -1 without pairs."""
    low, high = -1.0, pairs.difference
    if pairs.n == 0:
        return low
    while high - low > _PRECISION:
        middle = (low + high) / 2
        low, high = (middle, high) if p_value(pairs, middle) <= alpha else (low, middle)
    return low


def _shares(difference: float) -> Floats:
    """Shares of c to look at: those that leave room for b = c - difference."""
    room = (1 - abs(difference)) / 2
    return np.minimum(_NUISANCE / 0.475, 1.0) * room + max(0.0, difference)


@lru_cache(maxsize=64)
def _critical_score(n: int, difference: float, alpha: float) -> float:
    """The smallest score that is reached with probability ``alpha`` or less, whatever the share of c (to 0.0005)."""
    low, high = 0.0, 4.0
    while high - low > 5e-4:
        middle = (low + high) / 2
        reached = _edge(n, difference, middle)
        too_often = _tails(n, reached, difference).max() > alpha
        low, high = (middle, high) if too_often else (low, middle)
    return high


@lru_cache(maxsize=8)
def _scores(n: int, difference: float) -> Floats:
    b, c = np.meshgrid(np.arange(n + 1.0), np.arange(n + 1.0))
    scores = tango_score(b, c, n, difference)
    scores[b + c > n] = -np.inf
    return scores  # [c, b]


def _edge(n: int, difference: float, observed: float) -> NDArray[np.int64]:
    """For each c the largest b whose score is as large as the one observed; -1 for none. Scores fall with b."""
    at_least: NDArray[np.int64] = np.count_nonzero(_scores(n, difference) >= observed - 1e-9, axis=1).astype(np.int64)
    return at_least - 1


def _tails(n: int, most_b: NDArray[np.int64], difference: float) -> Floats:
    """For each share of c, the probability of a score at least as large, with P(b) = P(c) - ``difference``."""
    shares = _shares(difference)[:, None]
    c = np.arange(n + 1)
    given = np.clip((shares - difference) / np.maximum(1 - shares, 1e-12), 0.0, 1.0)
    weights = stats.binom.pmf(c, n, shares)
    within: Floats = np.where(most_b >= 0, special.bdtr(np.maximum(most_b, 0), n - c, given), 0.0)
    tails: Floats = np.sum(weights * within, axis=1)
    return tails
