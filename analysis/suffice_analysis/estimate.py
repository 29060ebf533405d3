"""An estimate: a value, its interval, the grade of its evidence. And the exact intervals of a share.

Nothing in suffice states a rate without these fields. Each helper names the source of its formula;
tests compare them with scipy's own inversions and with published tables.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import special

Grade = Literal["prior", "proxy", "replay", "live"]
GRADES: tuple[Grade, ...] = ("prior", "proxy", "replay", "live")  # weakest first

LEVEL = 0.90  # of every two-sided interval
BAR = 0.95  # what a one-sided 95 % lower bound must clear to be called proven


@dataclass(frozen=True, slots=True)
class Estimate:
    """A share between 0 and 1 with its ``level`` interval. ``n`` observations; 0 for a prior."""

    value: float
    low: float
    high: float
    grade: Grade
    n: int
    method: str
    seed: int = 0
    level: float = LEVEL

    @property
    def width_points(self) -> float:
        """The interval's width in percentage points."""
        return 100.0 * (self.high - self.low)


def weakest_grade(grades: list[Grade]) -> Grade:
    """A chain is as good as its weakest link; of no evidence at all it is a prior."""
    return min(grades, key=GRADES.index, default="prior")


def wilson_interval(successes: int, n: int, level: float = LEVEL) -> tuple[float, float]:
    """Two-sided score interval of a share. E. B. Wilson 1927, JASA 22:209-212. (0, 1) when n = 0."""
    if n == 0:
        return 0.0, 1.0
    z = float(special.ndtri(0.5 + level / 2))
    share = successes / n
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * float(np.sqrt(share * (1 - share) / n + z * z / (4 * n * n)))
    return max(0.0, centre - half), min(1.0, centre + half)


def clopper_pearson_interval(successes: int, n: int, level: float = LEVEL) -> tuple[float, float]:
    """Two-sided exact interval. Clopper & Pearson 1934, Biometrika 26:404-413, by beta quantiles. (0, 1) when n = 0."""
    tail = (1 - level) / 2
    low = 0.0 if successes == 0 else float(special.betaincinv(successes, n - successes + 1, tail))
    high = 1.0 if successes == n else float(special.betaincinv(successes + 1, n - successes, 1 - tail))
    return low, high


def exact_lower_bound(successes: int, n: int, confidence: float = 0.95) -> float:
    """One-sided exact lower bound: what *proven* compares with the bar. Clopper & Pearson 1934. 0 when n = 0."""
    return 0.0 if successes == 0 else float(special.betaincinv(successes, n - successes + 1, 1 - confidence))


def beta_interval(successes: float, failures: float, level: float = LEVEL) -> tuple[float, float, float]:
    """Mean, low and high of a share's posterior under Jeffreys' prior Beta(1/2, 1/2). Jeffreys 1946, Proc. R. Soc. A 186."""
    a, b = successes + 0.5, failures + 0.5
    tail = (1 - level) / 2
    return a / (a + b), float(special.betaincinv(a, b, tail)), float(special.betaincinv(a, b, 1 - tail))


def logit(share: float) -> float:
    """ln(p / (1 - p)), with p kept within [0.001, 0.999] so that a certain-looking share stays finite."""
    p = min(max(share, 0.001), 0.999)
    return float(np.log(p / (1 - p)))


def from_draws(
    draws: NDArray[np.float64], *, grade: Grade, n: int, method: str, seed: int, level: float = LEVEL
) -> Estimate:
    """Mean and equal-tailed quantiles of simulated draws (float64 [draws])."""
    low, high = np.quantile(draws, [(1 - level) / 2, 1 - (1 - level) / 2])
    return Estimate(float(draws.mean()), float(low), float(high), grade, n, method, seed, level)
