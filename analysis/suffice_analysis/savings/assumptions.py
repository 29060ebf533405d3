"""Every assumption of the savings: its value, its range, its unit, its source, from ``data/assumptions.csv``.

The simulation draws each from its range once for all tasks (a wrong guess is wrong for all of them).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from suffice.errors import SufficeError
from suffice_analysis import data

Draws = NDArray[np.float64]
HOURS_PER_MONTH = 730.5
DAYS_PER_MONTH = 30.4375
DAYS_PER_YEAR = 365.25
GPU = "H100 SXM"  # the one that throughputs were measured on
# What only scenarios change: the level of today's price, of the other vendors' and hosts' prices, of the traffic.
LEVELS = {"today_price": 1.0, "other_prices": 1.0}


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


def read_assumptions() -> Mapping[str, Assumption]:
    """All of them by name, the user's own over ours. Raises SufficeError where a range does not hold its value."""
    found = {}
    for row in (*data.rows("assumptions.csv"), _gpu_price()):
        ends = [float(row[end]) if row[end] else None for end in ("low", "high")]
        value = float(row["value"])
        if any(end is not None for end in ends) and not (ends[0] or 0.0) <= value <= (ends[1] or 0.0):
            # A user who gives a value alone means it: the range that was ours no longer applies.
            ends = [None, None]
        source = f"{row['source']} ({row['date']})" if row["date"] else row["source"]
        found[row["name"]] = Assumption(row["name"], value, row["unit"], source, ends[0], ends[1])
    if found["throughput_at_latency"].value <= 0 or found["assumed_utilisation"].value <= 0:
        raise SufficeError("throughput_at_latency and assumed_utilisation must be over 0")
    return found


def gpu() -> dict[str, str]:
    """The GPU that self-hosting is priced on."""
    return next(row for row in data.rows("gpu_prices.csv") if row["gpu"] == GPU)


def _gpu_price() -> dict[str, str]:
    row = gpu()
    return {
        "name": "gpu_usd_per_hour",
        "value": row["usd_per_hour"],
        "low": row["low_usd_per_hour"],
        "high": row["high_usd_per_hour"],
        "unit": f"USD per hour, one {GPU}",
        "source": row["source"],
        "date": row["date"],
    }


class Scenario:
    """One value (or one array of draws) per assumption and per level."""

    def __init__(self, values: dict[str, Any]) -> None:
        self.values = values

    def __getitem__(self, name: str) -> Any:
        return self.values[name]

    def but(self, **changed: Any) -> Scenario:
        """The same with these values instead."""
        return Scenario(self.values | changed)

    @classmethod
    def expected(cls) -> Scenario:
        """Each assumption at its value."""
        return cls(LEVELS | {name: a.value for name, a in read_assumptions().items()})

    @classmethod
    def drawn(cls, *, seed: int, draws: int) -> Scenario:
        """Each assumption drawn from its range."""
        random = np.random.default_rng([seed, 2])
        return cls(dict(LEVELS) | {name: a.draw(random, draws) for name, a in read_assumptions().items()})


def listed(*names: str) -> list[dict[str, Any]]:
    """The assumptions a row of savings rests on."""
    found = read_assumptions()
    return [found[name].as_json() for name in names]
