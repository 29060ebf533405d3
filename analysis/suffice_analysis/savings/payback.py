"""When what was spent once has come back: days from now, infinite where never.

The saving shrinks with all prices by a share f a year, so after t years it runs at S x (1 - f)^t; what has come back by then is
S / k x (1 - exp(-k t)) with k = -ln(1 - f). Under a commitment's floor only what lies above it (which may be less than nothing: the
commitment is owed, the new model is paid beside it) comes back until its last day.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from suffice_analysis.savings.assumptions import DAYS_PER_MONTH, DAYS_PER_YEAR

Number = Any
LONGEST_DAYS = 5 * DAYS_PER_YEAR  # a payback beyond is not said as a date: no price of today stands so long
LEVEL = 1e-12  # a day: prices that fall more slowly don't fall, for what divides by so little loses its digits
IN_DAYS = 60  # shorter is told in days
ONE_DECIMAL = 9.95  # months, below which they have one


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
    k = np.where(k < LEVEL, 0.0, k)
    if floor_usd_per_day is None or floor_days <= 0:
        return _days(once, rate, k)
    under = np.asarray(floor_usd_per_day, float)
    with np.errstate(divide="ignore", invalid="ignore"):
        soon = np.where(under > 0, once / np.where(under > 0, under, 1.0), np.inf)
    later = floor_days + _days(once - under * floor_days, rate * np.exp(-k * floor_days), k)
    return np.where(soon <= floor_days, soon, later)


def needed_usd_per_month(once_usd: Number, fall_per_year: Number) -> Number:
    """What has to be saved a month, at today's prices, so that ``once_usd`` is back after exactly ``LONGEST_DAYS``."""
    k = -np.log1p(-np.clip(np.asarray(fall_per_year, float), 0.0, 0.99)) / DAYS_PER_YEAR
    falls = np.where(k > 0, k, 1.0)
    return once_usd * np.where(k > 0, falls / -np.expm1(-falls * LONGEST_DAYS), 1 / LONGEST_DAYS) * DAYS_PER_MONTH


def falling_words(fall_per_year: float) -> str:
    """Why a reader who divides finds another volume: ``5 years of savings that shrink by 30 % a year, as prices are assumed to fall,
    bring what 28 months at today's would``; "" where prices don't fall."""
    k = -math.log1p(-min(max(fall_per_year, 0.0), 0.99)) / DAYS_PER_YEAR
    if k < LEVEL:
        return ""
    worth = -math.expm1(-k * LONGEST_DAYS) / k / DAYS_PER_MONTH
    return (
        f"Prices are assumed to fall by {100 * fall_per_year:.0f} % a year and the saving with them, so 5 years bring back what "
        f"{worth:,.0f} months at today's prices would"
    )


def months_words(days: float) -> str:
    """``41 days``, ``14 months``."""
    return f"{days:,.0f} days" if days < IN_DAYS else f"{days / DAYS_PER_MONTH:,.0f} months"


def months_figure(days: float | None) -> str:
    """Months without the word, for a column of them: ``1.3``, ``14``; ``>60`` for what is not back by then."""
    if days is None or days > LONGEST_DAYS:
        return f">{LONGEST_DAYS / DAYS_PER_MONTH:.0f}"
    months = days / DAYS_PER_MONTH
    return f"{months:.1f}" if months < ONE_DECIMAL else f"{months:.0f}"


def span_words(days: float, low: float | None, high: float | None) -> str:
    """``14 months (9 to 20)``, all in the unit of the first; an end that is None is never."""
    unit = 1.0 if days < IN_DAYS else DAYS_PER_MONTH
    least, most = ("never" if each is None else f"{each / unit:,.0f}" for each in (low, high))
    return f"{months_words(days)} ({least} to {most})"


def _days(once: Any, rate: Any, k: Any) -> Any:
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(rate > 0, k * once / np.where(rate > 0, rate, 1.0), np.inf)
        falling = np.where(share < 1, -np.log1p(-np.minimum(share, 1 - 1e-12)) / np.where(k > 0, k, 1.0), np.inf)
        level = once / np.where(rate > 0, rate, 1.0)
    return np.where(rate > 0, np.where(k > 0, falling, level), np.inf)
