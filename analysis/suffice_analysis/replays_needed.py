"""How many replays would settle a task: prove that a small model suffices, or that it doesn't.

With n replayed calls the task is settled where the exact one-sided 95 % lower bound clears the bar, or the upper bound lies under it
(:mod:`replayed`). The chance of that is averaged over the draws of what the share may be, so a task whose share lies near the bar needs
many, one that is surely worse few. By hand: all of 59 acceptable prove 95 % (0.95^59 = 0.0485); at a share of 0.5, 16 calls refute it in
more than 99 of 100 cases.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from suffice_analysis.estimate import BAR
from suffice_analysis.multiplicity import ALPHA
from suffice_analysis.savings.recommend import recommend

SIZES = (20, 30, 40, 60, 80, 100, 150, 200, 300, 400, 600, 800, 1_200, 1_600, 2_400)
SETTLED = 0.80  # chance that is enough
LOOKED_AT = 400  # draws


@dataclass(frozen=True, slots=True)
class Need:
    """``n`` replays settle it with chance ``settles`` (of which ``proves`` for the small model); None: the largest size does not."""

    n: int | None
    settles: float
    proves: float


def replays_needed(share: NDArray[np.float64], bar: float = BAR) -> Need:
    """The smallest of ``SIZES`` that settles whether the share (draws of it) is over ``bar``."""
    draws = share[:: max(1, share.size // LOOKED_AT)]
    need = Need(None, 0.0, 0.0)
    for n in SIZES:
        refuted, proven = _limits(n, bar)
        proves = float(stats.binom.sf(proven - 1, n, draws).mean())
        settles = proves + float(stats.binom.cdf(refuted, n, draws).mean())
        if settles >= SETTLED:
            return Need(n, settles, proves)
        need = Need(None, settles, proves)
    return need


@cache
def _limits(n: int, bar: float) -> tuple[int, int]:
    """Acceptable answers of n up to which the share is refuted, and from which it is proven (n + 1: never)."""
    k = np.arange(n + 1)
    refuted = np.nonzero(stats.binom.cdf(k, n, bar) <= ALPHA)[0]
    proven = np.nonzero(stats.binom.sf(k - 1, n, bar) <= ALPHA)[0]
    return (int(refuted.max()) if refuted.size else -1), (int(proven.min()) if proven.size else n + 1)


def need_details(share: NDArray[np.float64]) -> dict[str, Any]:
    """What an estimate's details say of it."""
    need = replays_needed(share)
    return {"replays_needed": need.n, "settles": round(need.settles, 3), "proves": round(need.proves, 3)}


def waiting_by_task(savings: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """By task the money that waits for the replay: what it costs, and what the alternative to test first would save. USD per basis."""
    by_task: dict[str, list[Mapping[str, Any]]] = {}
    for row in savings:
        by_task.setdefault(row["task_id"], []).append(row)
    found = {}
    for task_id, rows in by_task.items():
        best = recommend(rows)
        found[task_id] = {
            "basis": rows[0]["basis"],
            "at_stake_usd": rows[0]["paid_usd"],
            "waiting_usd": None if best is None else best.row["saving_usd"],
            "waiting_alternative": None if best is None else best.row["alternative"],
        }
    return found
