"""What a model's size says before it was tried: bigger small models are acceptable more often.

On the logit scale, share = benchmark's level + EFFECT * ln(parameters): one slope, shrunk towards what was published, and a level
that differs from benchmark to benchmark. What it predicts for a benchmark never seen is a normal interval with both spreads in it.
Checked by leaving each benchmark out (``benchmarks/calibration.py``; docs/statistics.md has the table).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from suffice_analysis.estimate import LEVEL, logit

TYPICAL_B = 6.7  # billion parameters; where the size moves nothing: e ** 1.9
# Normal, logit per ln(parameters): Qwen3 FC 0.6B 23.93, 1.7B 28.41, 4B 35.68, 8B 42.57 % (BFCL v4); the sd is judgement.
SLOPE = (0.33, 0.2)
# Spread of levels between benchmarks, read off the pairs it is checked on; worth this many benchmarks (judgement).
LEVEL_SD, LEVEL_WEIGHT = 0.6, 4.0
NOISE_SD = 0.4  # within a benchmark, for the slope's weight; of the same pairs


@dataclass(frozen=True, slots=True)
class Observed:
    """A share that was measured: of one benchmark, by a model of ``params_b`` billion (active) parameters."""

    benchmark: str
    params_b: float
    share: float


def predict_share(seen: Sequence[Observed], params_b: float, level: float = LEVEL) -> tuple[float, float]:
    """The ``level`` interval of the share on a benchmark not among ``seen``. Raises ValueError without any."""
    if not seen:
        raise ValueError("nothing was observed to predict from")
    groups = {name: [o for o in seen if o.benchmark == name] for name in sorted({o.benchmark for o in seen})}
    slope = _slope(list(groups.values()))
    rests = [np.array([logit(o.share) - slope * _size(o.params_b) for o in group]) for group in groups.values()]
    levels = np.array([rest.mean() for rest in rests])
    within = [rest.var(ddof=1) for rest in rests if rest.size > 3]
    noise = float(np.mean(within)) if within else NOISE_SD**2
    between = (LEVEL_WEIGHT * LEVEL_SD**2 + float(((levels - levels.mean()) ** 2).sum())) / (
        LEVEL_WEIGHT + levels.size - 1
    )
    sd = float(np.sqrt(between * (1 + 1 / levels.size) + noise))
    centre = float(levels.mean()) + slope * _size(params_b)
    reach = float(special.ndtri(0.5 + level / 2)) * sd
    return float(special.expit(centre - reach)), float(special.expit(centre + reach))


def winkler_score(low: float, high: float, truth: float, level: float = LEVEL) -> float:
    """Width plus a penalty for missing: less is better. R. Winkler 1972, JASA 67:187-191."""
    return (high - low) + 2 / (1 - level) * (max(low - truth, 0.0) + max(truth - high, 0.0))


def _size(params_b: float) -> float:
    return float(np.log(params_b / TYPICAL_B))


def _slope(groups: Sequence[Sequence[Observed]]) -> float:
    """Pooled within benchmarks, shrunk towards ``SLOPE``."""
    mean, sd = SLOPE
    weighted, weight = mean / sd**2, 1 / sd**2
    for group in groups:
        sizes = np.array([_size(o.params_b) for o in group])
        shares = np.array([logit(o.share) for o in group])
        centred = sizes - sizes.mean()
        weighted += float((centred * (shares - shares.mean())).sum()) / NOISE_SD**2
        weight += float((centred**2).sum()) / NOISE_SD**2
    return weighted / weight
