"""When what was spent once has come back: days from now, infinite where never.

The saving shrinks with all prices by a share f a year, so after t years it runs at S x (1 - f)^t; what has come back by then is
S / k x (1 - exp(-k t)) with k = -ln(1 - f). Under a commitment's floor only what lies above it (which may be less than nothing: the
commitment is owed, the new model is paid beside it) comes back until its last day.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from suffice_analysis.savings.assumptions import DAYS_PER_YEAR

Number = Any
LONGEST_DAYS = 5 * DAYS_PER_YEAR  # a payback beyond is not said as a date: no price of today stands so long


def payback_days(
    once_usd: Number,
    usd_per_day: Number,
    fall_per_year: Number,
    *,
    floor_usd_per_day: Number = None,
    floor_days: float = 0,
) -> Number:
    """Days until ``once_usd`` has come back at ``usd_per_day``; until ``floor_days`` at ``floor_usd_per_day`` where given."""
    once, rate = np.asarray(once_usd, float), np.asarray(usd_per_day, float)
    k = -np.log1p(-np.clip(np.asarray(fall_per_year, float), 0.0, 0.99)) / DAYS_PER_YEAR
    if floor_usd_per_day is None or floor_days <= 0:
        return _days(once, rate, k)
    under = np.asarray(floor_usd_per_day, float)
    with np.errstate(divide="ignore", invalid="ignore"):
        soon = np.where(under > 0, once / np.where(under > 0, under, 1.0), np.inf)
    later = floor_days + _days(once - under * floor_days, rate * np.exp(-k * floor_days), k)
    return np.where(soon <= floor_days, soon, later)


def _days(once: Any, rate: Any, k: Any) -> Any:
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(rate > 0, k * once / np.where(rate > 0, rate, 1.0), np.inf)
        falling = np.where(share < 1, -np.log1p(-np.minimum(share, 1 - 1e-12)) / np.where(k > 0, k, 1.0), np.inf)
        level = once / np.where(rate > 0, rate, 1.0)
    return np.where(rate > 0, np.where(k > 0, falling, level), np.inf)
