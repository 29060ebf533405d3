"""What a change of model in the traffic really saved: at the volume and mix of the calls before it, with an interval.

Of each stratum (service, slice, size of the request by powers of two) the mean cost of a call under the model before and after;
their difference, weighed by the calls before, so that neither more calls nor other calls count as saving. Strata with fewer
than two priced calls on either side are left out and told. The interval is normal with Student's t by the smaller side; what
is compared is money that was really paid, so the grade is *live*. benchmarks/realised.py: recovered within the interval.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scipy import stats

Row = Mapping[str, Any]
LEVEL = 0.95
LATEST = 0.25  # of the calls: what they are answered by is the model now
FEWEST = 30  # calls of the model now before a change is spoken of
_KEYS = ("service", "slice_id", "size")


@dataclass(frozen=True, slots=True)
class Side:
    """The calls of one model: how many, what failed, was tried again, was judged."""

    model: str
    calls: int
    error_calls: int
    retried_calls: int
    judged_calls: int
    good_calls: int

    @classmethod
    def of(cls, model: str, rows: Sequence[Row]) -> Side:
        names = ("calls", "error_calls", "retried_calls", "judged_calls", "good_calls")
        return cls(model, *(sum(row[name] for row in rows) for name in names))


@dataclass(frozen=True, slots=True)
class Realised:
    """USD saved for each 1,000 calls as they were before; ``covered``: share of those calls that lie in compared strata."""

    task_id: str
    since_ns: int
    before: Side
    after: Side
    before_usd: float
    saving_usd: float
    low: float
    high: float
    covered: float

    @property
    def n(self) -> int:
        """Calls that it rests on."""
        return self.before.calls + self.after.calls


@dataclass(frozen=True, slots=True)
class _Cell:
    n: int
    mean: float
    variance: float  # of the mean


def find_realised(rows: Iterable[Row]) -> list[Realised]:
    """Of rows of the read ``task_models``: every task whose model changed, with what that saved."""
    by_task: dict[str, list[Row]] = {}
    for row in rows:
        by_task.setdefault(row["task_id"], []).append(row)
    found = (_of_task(task_id, own) for task_id, own in sorted(by_task.items()))
    return [each for each in found if each is not None]


def changed_tasks(rows: Iterable[Row]) -> list[str]:
    """Of rows of the read ``task_model_days``, which sums answer: the tasks that ``find_realised`` has something to say of."""
    by_task: dict[str, list[Row]] = {}
    for row in rows:
        by_task.setdefault(row["task_id"], []).append(row)
    return sorted(task_id for task_id, own in by_task.items() if find_change(own) is not None)


def _of_task(task_id: str, rows: Sequence[Row]) -> Realised | None:
    changed = find_change(rows)
    if changed is None:
        return None
    old, new, since = changed
    before = [row for row in rows if row["model"] == old and row["day"] < since]
    after = [row for row in rows if row["model"] == new and row["day"] >= since]
    return compare(task_id, since, (old, before), (new, after))


def find_change(rows: Sequence[Row]) -> tuple[str, str, int] | None:
    """(model before, model now, the day from which most calls go to it); None where the model is the same."""
    days = sorted({row["day"] for row in rows})
    total = sum(row["calls"] for row in rows)
    latest, taken = days[-1:], 0
    for day in reversed(days):
        latest, taken = [*latest, day], taken + sum(row["calls"] for row in rows if row["day"] == day)
        if taken >= LATEST * total:
            break
    now = _main([row for row in rows if row["day"] in latest])
    mains = {day: _main([row for row in rows if row["day"] == day]) for day in days}
    since = days[-1] + 1
    for day in reversed(days):
        if mains[day] != now:
            break
        since = day
    earlier = [row for row in rows if row["day"] < since and row["model"] != now]
    if not earlier or sum(row["calls"] for row in rows if row["model"] == now and row["day"] >= since) < FEWEST:
        return None
    before = _main(earlier)
    return (before, now, since) if sum(r["calls"] for r in earlier if r["model"] == before) >= FEWEST else None


def _main(rows: Sequence[Row]) -> str:
    calls: dict[str, int] = {}
    for row in rows:
        calls[row["model"]] = calls.get(row["model"], 0) + row["calls"]
    return max(calls, key=lambda name: (calls[name], name), default="")


def compare(
    task_id: str, since: int, before: tuple[str, Sequence[Row]], after: tuple[str, Sequence[Row]]
) -> Realised | None:
    """The saving at the mix before; None where no stratum holds priced calls of both."""
    old, new = _cells(before[1]), _cells(after[1])
    shared = [key for key, cell in old.items() if cell.n > 1 and key in new and new[key].n > 1]
    weight = sum(old[key].n for key in shared)
    if not weight:
        return None
    mean = spread = paid = freedom = 0.0
    for key in shared:
        share = old[key].n / weight
        paid += share * old[key].mean
        mean += share * (old[key].mean - new[key].mean)
        for cell in (old[key], new[key]):
            part = share**2 * cell.variance
            spread, freedom = spread + part, freedom + part**2 / (cell.n - 1)
    degrees = spread**2 / freedom if freedom else math.inf  # Satterthwaite
    half = float(stats.t.ppf((1 + LEVEL) / 2, max(1.0, degrees))) * math.sqrt(spread)
    sides = Side.of(before[0], before[1]), Side.of(after[0], after[1])
    covered = weight / max(1, sum(cell.n for cell in old.values()))
    thousand = 1000.0
    return Realised(
        task_id,
        since,
        *sides,
        thousand * paid,
        thousand * mean,
        thousand * (mean - half),
        thousand * (mean + half),
        covered,
    )


def _cells(rows: Sequence[Row]) -> dict[tuple[Any, ...], _Cell]:
    sums: dict[tuple[Any, ...], tuple[int, float, float]] = {}
    for row in rows:
        if not row["priced_calls"]:
            continue
        key = tuple(row[name] for name in _KEYS)
        n, usd, squares = sums.get(key, (0, 0.0, 0.0))
        sums[key] = (n + row["priced_calls"], usd + float(row["paid_usd"]), squares + float(row["squares_usd"]))
    cells = {}
    for key, (n, usd, squares) in sums.items():
        variance = max(0.0, (squares - usd**2 / n) / (n - 1)) / n if n > 1 else 0.0
        cells[key] = _Cell(n, usd / n, variance)
    return cells


def projected_usd(row: Row | None) -> tuple[float, float, float] | None:
    """What a row of ``savings`` expected for each 1,000 of the task's calls: value, low, high; None where it does not tell."""
    details = json.loads((row or {}).get("details") or "{}")
    if row is None or row["saving_usd"] is None or not details.get("calls"):
        return None
    value, low, high = (
        1000 * row[name] / details["calls"] for name in ("saving_usd", "saving_low_usd", "saving_high_usd")
    )
    return value, low, high
