"""The size of a model as a prior: direction, widths, scoring."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special

from suffice_analysis.estimate import logit
from suffice_analysis.size_effect import LEVEL_SD, SLOPE, Observed, predict_share, winkler_score


def made(levels: list[float], slope: float, noise: float = 0.0, seed: int = 1) -> list[Observed]:
    random = np.random.default_rng(seed)
    return [
        Observed(str(i), size, float(special.expit(level + slope * np.log(size / 6.7) + noise * random.normal())))
        for i, level in enumerate(levels)
        for size in (1.0, 2.0, 3.0, 4.0, 7.0, 8.0, 9.0)
    ]


def test_larger_is_better_and_the_interval_is_ordered() -> None:
    seen = made([0.2, 1.0, 1.6], slope=0.6, noise=0.3)
    small, large = predict_share(seen, 1.0), predict_share(seen, 8.0)
    assert small[0] < small[1]
    assert small[0] < large[0]
    assert small[1] < large[1]


def test_the_slope_is_learned_and_shrunk() -> None:
    def centre(seen: list[Observed], size: float) -> float:
        return float(np.mean([logit(end) for end in predict_share(seen, size)]))

    steep = made([0.5] * 5, slope=1.0)
    learned = (centre(steep, 9.0) - centre(steep, 1.0)) / np.log(9)
    assert SLOPE[0] < learned < 1.0
    one = [Observed("a", 7.0, 0.8)]
    assert (centre(one, 9.0) - centre(one, 1.0)) / np.log(9) == pytest.approx(SLOPE[0])


def test_one_benchmark_leaves_the_spread_between_them() -> None:
    low, high = predict_share([Observed("a", 6.7, 0.8)], 6.7)
    reach = (logit(high) - logit(low)) / 2
    assert reach == pytest.approx(1.645 * np.sqrt(2 * LEVEL_SD**2 + 0.4**2), abs=0.01)


def test_it_covers_levels_never_seen() -> None:
    random = np.random.default_rng(4)
    covered = []
    for seed in range(200):
        levels = list(random.normal(0.9, 0.6, 5))
        seen = made(levels[:4], slope=0.4, noise=0.4, seed=seed)
        truth = float(special.expit(levels[4] + 0.4 * np.log(3 / 6.7) + 0.4 * random.normal()))
        low, high = predict_share(seen, 3.0)
        covered.append(low <= truth <= high)
    assert 0.84 <= np.mean(covered) <= 0.97


def test_nothing_seen_is_refused() -> None:
    with pytest.raises(ValueError, match="nothing was observed"):
        predict_share([], 7.0)


def test_winkler_by_hand() -> None:
    assert winkler_score(0.5, 0.8, 0.6) == pytest.approx(0.3)
    assert winkler_score(0.5, 0.8, 0.45) == pytest.approx(0.3 + 20 * 0.05)
    assert winkler_score(0.5, 0.8, 0.9) == pytest.approx(0.3 + 20 * 0.1)
