"""Intervals that hold at every look, so that a replay may stop as soon as it knows.

For a share m the two-sided bet of a Beta mixture centred on m: S. Howard, A. Ramdas, J. McAuliffe, J. Sekhon 2021, Annals of
Statistics 49:1055-1080 (beta-binomial mixture; H. Robbins 1970, Annals of Mathematical Statistics 41:1397-1409), here one-sided
each way: likelihood ratios against m are mixed over Beta(a m, a (1 - m)) cut to shares above m, or below. Each is a non-negative
martingale that starts at 1, so that it ever reaches 1 / alpha with probability alpha at most (J. Ville 1939). What they refute at any
look is out for good: the intervals only narrow (``running``).

The mixture's weight, ``CENTRE`` answers, makes it narrowest around n = 200; there it is about 1.5 times as wide as an interval for
one look. Two properties are used and tested (``tests/analysis/replay/test_sequential.py``):

- Answers between 0 and 1 (means of a run) keep it valid, since a^x b^(1-x) <= a x + b (1 - x).
- So does stratified order at its whole rounds, since the mean of the strata's logarithms is under the logarithm of their mean.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import special

from suffice_analysis.estimate import BAR, LEVEL

CENTRE = 30.0  # answers that the mixture weighs as much as
ALPHA = (1 - LEVEL) / 2  # of either side: 0.05
_STEPS = 24  # of bisection: to 1e-7

Floats = NDArray[np.float64]
Status = Literal["proven", "refuted", "open"]
SAID: dict[Status, str] = {  # of a share, with what is asked of it
    "proven": "proven: at least the {} that is asked",
    "refuted": "less than the {} that is asked",
    "open": "open whether it is the {} that is asked",
}


def log_evidence(passed: float, n: float, share: Floats, *, above: bool) -> Floats:
    """ln of the bet's capital against "the share is at most ``share``" (``above``), or at least. 0 without answers."""
    a, b = CENTRE * share, CENTRE * (1 - share)
    tail = special.betaincc if above else special.betainc
    failed = n - passed
    with np.errstate(divide="ignore", invalid="ignore"):
        before = np.log(tail(a, b, share))
        after = np.log(tail(a + passed, b + failed, share))
        ratio = special.betaln(a + passed, b + failed) - special.betaln(a, b)
        under = special.xlogy(passed, share) + special.xlog1py(failed, -share)
        found: Floats = ratio - under + after - before
    return np.where(np.isfinite(found), found, -np.inf) if n else np.zeros_like(share)


@lru_cache(maxsize=100_000)
def confidence_bounds(passed: float, n: float, alpha: float = ALPHA) -> tuple[float, float]:
    """The shares that neither bet refutes at this look: each end is wrong at any look with probability ``alpha`` at most."""
    if n <= 0:
        return 0.0, 1.0
    share, needed = min(max(passed / n, 0.0), 1.0), -np.log(alpha)
    low = 0.0 if passed <= 0 else _edge(passed, n, 1e-9, share, needed, above=True)
    high = 1.0 if passed >= n else _edge(passed, n, share, 1 - 1e-9, needed, above=False)
    return low, high


def _edge(passed: float, n: float, start: float, end: float, needed: float, *, above: bool) -> float:
    """Where the capital falls under what is needed, between ``start`` and ``end``."""
    low, high = start, end
    for _ in range(_STEPS):
        middle = (low + high) / 2
        refuted = float(log_evidence(passed, n, np.array(middle), above=above)) >= needed
        if refuted == above:
            low = middle
        else:
            high = middle
    return low if above else high


def log_proof(passed: float, n: float, bar: float = BAR) -> float:
    """ln of the evidence that the share is over the bar; -ln of it is the p-value that may be looked at at any time."""
    return float(log_evidence(passed, n, np.array(bar), above=True))


@dataclass(slots=True)
class Running:
    """The state after each look: bounds that only narrow, evidence that is remembered at its best.

    ``ceiling``: the ends of what can be asked of anybody, known but for an error of ``beta`` (``ceiling.py``); else (1, 1) and 0.
    """

    bar: float = BAR
    alpha: float = ALPHA
    ceiling: tuple[float, float] = (1.0, 1.0)
    beta: float = 0.0
    low: float = 0.0
    high: float = 1.0
    best_log_proof: float = 0.0

    def look(self, passed: float, failed: float, undecided: float = 0.0) -> Status:
        """``undecided`` answers count as failed for the lower end and as passed for the upper one."""
        n = passed + failed + undecided
        self.low = max(self.low, confidence_bounds(passed, n, self.alpha)[0])
        self.high = min(self.high, confidence_bounds(passed + undecided, n, self.alpha)[1])
        self.best_log_proof = max(self.best_log_proof, log_proof(passed, n, self.bar * self.ceiling[1]))
        return self.status

    @property
    def status(self) -> Status:
        """Proven and refuted at once happens where both are wrong by bad luck; then nothing is claimed."""
        proven, refuted = self.low >= self.bar * self.ceiling[1], self.high < self.bar * self.ceiling[0]
        if proven == refuted:
            return "open"
        return "proven" if proven else "refuted"

    @property
    def p_value(self) -> float:
        """Of "the share is at most the bar", whenever it is looked at."""
        return float(min(1.0, np.exp(-self.best_log_proof) + self.beta))

    @property
    def corrected(self) -> tuple[float, float]:
        """The bounds over the ceiling's, at most 1."""
        return min(1.0, self.low / self.ceiling[1]), min(1.0, self.high / self.ceiling[0])


def expected_answers(share: float, bar: float = BAR, alpha: float = ALPHA) -> float:
    """About how many answers it takes to settle a task whose true share is ``share``: infinite at the bar.

    The answers that the capital needs at its expected growth, the Kullback-Leibler divergence, and the mixture's price,
    about 1.3 nats (fitted to simulations, ``benchmarks/replay.py``).
    """
    p = min(max(share, 1e-6), 1 - 1e-6)
    growth = p * np.log(p / bar) + (1 - p) * np.log((1 - p) / (1 - bar))
    return float((-np.log(alpha) + 1.3) / growth) if growth > 1e-9 else float("inf")
