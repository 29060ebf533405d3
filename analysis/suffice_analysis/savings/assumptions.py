"""Every assumption of the savings in one place: its value, its range, its unit, its source.

The simulation draws each from its range once for all tasks (a wrong guess is wrong for all of them).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from suffice_analysis import data

Draws = NDArray[np.float64]
HOURS_PER_MONTH = 730.5
DAYS_PER_MONTH = 30.4375


@dataclass(frozen=True, slots=True)
class Assumption:
    """A number somebody may change. ``low`` and ``high`` bound a triangular distribution around ``value``."""

    name: str
    value: float
    unit: str
    source: str
    low: float | None = None
    high: float | None = None

    def as_json(self) -> dict[str, Any]:
        """As the table keeps it."""
        ranged = {} if self.low is None else {"low": self.low, "high": self.high}
        return {"name": self.name, "value": self.value, "unit": self.unit, "source": self.source, **ranged}

    def draw(self, random: np.random.Generator, size: int) -> Draws:
        """``size`` draws; all equal to the value where no range is given."""
        if self.low is None or self.high is None or self.low == self.high:
            return np.full(size, self.value)
        return random.triangular(self.low, self.value, self.high, size)


_H100 = next(r for r in data.rows("gpu_prices.csv") if r["gpu"] == "H100 SXM")
JUDGEMENT = "judgement"

ASSUMPTIONS: dict[str, Assumption] = {
    a.name: a
    for a in (
        Assumption("slm_answer_length", 1.15, "times the recorded answer's tokens", JUDGEMENT, 1.0, 1.5),
        Assumption("small_tier_answer_length", 1.0, "times the recorded answer's tokens", JUDGEMENT, 0.9, 1.2),
        Assumption("hosted_price_factor", 1.0, "times the median of the hosts", "litellm 1.109.1: hosts of one 8B model differ 36-fold", 0.5, 1.8),
        Assumption("caught_checkable", 0.5, "share of wrong answers that a check of form catches", JUDGEMENT, 0.2, 0.8),
        Assumption("caught_free_text", 0.1, "share of wrong answers that are caught", JUDGEMENT, 0.0, 0.3),
        Assumption("judged_share", 0.02, "share of moved calls judged, each at the price of a call today", JUDGEMENT, 0.0, 0.05),
        Assumption("small_tier_shift", 0.6, "logit above an SLM under 10B", "BFCL v4 multi-turn: Claude Haiku 4.5 53.6, Claude Opus 4.5 68.4, median under 10B 16.5; size: judgement", 0.0, 1.2),
        Assumption("cache_hit_share", 0.8, "share of the repeated prefixes that the vendor's cache serves", JUDGEMENT, 0.5, 1.0),
        Assumption("cache_minimum_tokens", 1024, "tokens of a prefix before a vendor caches it", "judgement, after the vendors' caching guides"),
        Assumption("cache_lifetime_s", 300, "seconds a cached prefix lives", "judgement, after the vendors' caching guides"),
        Assumption("batch_discount", 0.5, "share off the price when answers may wait a day", "litellm 1.109.1: batch prices are half"),
        Assumption("gpu_usd_per_hour", float(_H100["usd_per_hour"]), "USD per hour, one H100 SXM", _H100["source"], float(_H100["low_usd_per_hour"]), float(_H100["high_usd_per_hour"])),
        Assumption("gpu_overhead", 0.4, "of the GPU's price, for egress, storage, management", "mercatus-ai: 30-50 %", 0.3, 0.5),
        Assumption("throughput_at_latency", 0.5, "of full-load throughput, kept for a latency target", JUDGEMENT + "; measured 8B figures on an H100 spread tenfold", 0.2, 0.8),
        Assumption("assumed_utilisation", 0.2, "of the GPU's capacity, where the traffic per hour is not known", "judgement; 5, 20, 50 and 100 % are shown", 0.05, 0.5),
    )
}  # fmt: skip


class Scenario:
    """One value (or one array of draws) per assumption."""

    def __init__(self, values: dict[str, Any]) -> None:
        self.values = values

    def __getitem__(self, name: str) -> Any:
        return self.values[name]

    @classmethod
    def expected(cls, changed: dict[str, float] | None = None) -> Scenario:
        """Each assumption at its value."""
        return cls({name: a.value for name, a in ASSUMPTIONS.items()} | (changed or {}))

    @classmethod
    def drawn(cls, *, seed: int, draws: int) -> Scenario:
        """Each assumption drawn from its range."""
        random = np.random.default_rng([seed, 2])
        return cls({name: a.draw(random, draws) for name, a in ASSUMPTIONS.items()})


def listed(*names: str) -> list[dict[str, Any]]:
    """The assumptions a row of savings rests on."""
    return [ASSUMPTIONS[name].as_json() for name in names]
