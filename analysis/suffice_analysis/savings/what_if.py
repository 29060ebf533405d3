"""A row of savings under other circumstances: what the sliders of the Savings page show. Without a change it is the row itself.

Pure arithmetic on ``details``: the parts of what it would cost, each moved by what moves it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from suffice_analysis.savings.assumptions import HOURS_PER_MONTH
from suffice_analysis.savings.row_details import details_of
from suffice_analysis.savings.self_host import replicas_needed

Row = Mapping[str, Any]
_FIXED = ("upkeep",)  # an engineer's hours don't grow with the calls


@dataclass(frozen=True, slots=True)
class Change:
    """Factors of today's: 1 = as it is. ``caught``: share of the wrong answers caught, ``utilisation``: of the GPUs; None = as it is."""

    volume: float = 1.0
    today_price: float = 1.0
    other_prices: float = 1.0
    caught: float | None = None
    utilisation: float | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """USD and answers per basis. ``gpus``: None where none is needed or the volume is not known."""

    paid_usd: float
    projected_usd: float
    caught: float
    silent: float
    gpus: float | None = None
    caching_usd: float = 0.0  # what caching would save on the same tasks, where it pays

    @property
    def saving_usd(self) -> float:
        return self.paid_usd - self.projected_usd

    @property
    def break_even_wrong_usd(self) -> float | None:
        """What a wrong answer may cost before caching, or nothing, is as good; None where nothing is saved beyond it or none wrong."""
        beyond = self.saving_usd - self.caching_usd
        return beyond / self.silent if self.silent > 0 and beyond > 0 else None


def what_if(row: Row, change: Change) -> Outcome | None:
    """The row under ``change``; None for a row without details (nothing moved, or an older analysis)."""
    details = details_of(row)
    if "parts" not in details or row["paid_usd"] is None:
        return None
    wrong = details["wrong"] * change.volume
    usual = row["caught"] / details["wrong"] if details["wrong"] else 0.0
    caught = usual if change.caught is None else change.caught
    dearer = change.volume * change.today_price
    stays = (row["paid_usd"] - details["moved_paid_usd"]) * dearer
    gpus = None
    total = stays
    for part, usd in details["parts"].items():
        if part == "gpu":
            gpu, gpus = _gpu_usd(usd, details["gpu"], row["basis"], change)
            total += gpu
        elif part == "escalation":
            total += usd * dearer * (caught / usual if usual else 0.0)
        elif part in _FIXED:
            total += usd
        else:
            total += usd * change.volume * (change.other_prices if part == "tokens" else change.today_price)
    caching = details.get("caching_usd", 0.0) * dearer  # all of it is input at today's price
    return Outcome(row["paid_usd"] * dearer, total, wrong * caught, wrong * (1 - caught), gpus, caching)


def _gpu_usd(usd: float, gpu: Row, basis: str, change: Change) -> tuple[float, float | None]:
    """What the GPUs cost. At a chosen utilisation each busy hour costs its share, a whole GPU at least; else as many as the peaks need."""
    if basis != "month":
        if change.utilisation is None:
            return usd * change.volume, None
        return usd * change.volume * gpu["utilisation"] / change.utilisation, None
    busy = gpu["busy_seconds"] / 3600 / HOURS_PER_MONTH * change.volume
    if change.utilisation is None:
        gpus = float(replicas_needed(busy, gpu["peak_factor"]))
    else:
        gpus = max(1.0, busy / change.utilisation)
    return gpus * HOURS_PER_MONTH * gpu["usd_per_hour"], gpus


def break_even_curve(row: Row, requests_per_hour: list[float]) -> list[tuple[float, float, float]]:
    """(requests an hour, USD of 1,000 requests on one's own GPUs, USD of 1,000 as paid today), for a row of self-hosting."""
    details = json.loads(row.get("details") or "{}")
    if "gpu" not in details or not details["calls"]:
        return []
    gpu, calls = details["gpu"], details["calls"]
    per_call = gpu["busy_seconds"] / calls
    others = sum(usd for part, usd in details["parts"].items() if part not in ("gpu", *_FIXED)) / calls
    today = details["moved_paid_usd"] / calls
    points = []
    for rate in requests_per_hour:
        gpus = float(replicas_needed(rate * per_call / 3600, 1.0))
        points.append((rate, 1000 * (gpus * gpu["usd_per_hour"] / rate + others), 1000 * today))
    return points
