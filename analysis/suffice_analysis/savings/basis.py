"""What amounts are per: a month where at least a week of traffic is timed, else 1,000 calls."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from suffice_analysis.savings.assumptions import DAYS_PER_MONTH

MINIMUM_DAYS = 7.0
TIMED_SHARE = 0.9  # of the calls: with fewer timed ones the window says nothing about the volume
ANNUAL_DAYS = 28.0  # with fewer no figure is stated per year
HOUR_NS = 3_600_000_000_000
MINUTE_NS = 60_000_000_000
SERVED = 0.95  # of the calls arrive in minutes that the GPUs have room for


@dataclass(frozen=True, slots=True)
class Basis:
    """``factor`` turns what was observed into what is expected per ``name``."""

    name: Literal["month", "per_1000_calls"]
    factor: float
    days: float | None  # between the first and the last timed call
    peak_factor: float  # calls of the minute that 95 % of the calls don't exceed, over a mean minute; 1 where not known

    @property
    def words(self) -> str:
        """For a sentence."""
        return "a month" if self.name == "month" else "per 1,000 calls"

    @property
    def annual(self) -> bool:
        """Whether enough days were seen to speak of a year."""
        return self.name == "month" and self.days is not None and self.days >= ANNUAL_DAYS


def find_basis(started_ns: NDArray[np.float64]) -> Basis:
    """The basis for calls started at these times (NaN = not known)."""
    calls = started_ns.size
    timed = started_ns[~np.isnan(started_ns)]
    days = float(timed.max() - timed.min()) / (24 * HOUR_NS) if timed.size else None
    if days is None or days < MINIMUM_DAYS or timed.size < TIMED_SHARE * calls:
        return Basis("per_1000_calls", 1000 / calls if calls else 0.0, days, 1.0)
    return Basis("month", DAYS_PER_MONTH / days * calls / timed.size, days, peak_factor(timed, days))


def peak_factor(timed: NDArray[Any], days: float) -> float:
    """How much more than the mean the GPUs must do at once so that 95 % of the calls find room.

    By minutes: an hour's mean hides the minute in which all of it came. At least 1, also of no calls.
    """
    if not timed.size:
        return 1.0
    _, counts = np.unique(timed // MINUTE_NS, return_counts=True)
    counts = np.sort(counts)
    reached = np.cumsum(counts) >= SERVED * timed.size
    return max(1.0, float(counts[np.argmax(reached)]) / (timed.size / (days * 24 * 60)))
