"""Which alternative to name first: the one that saves most would often be the one with the most wrong answers.

Caching comes first wherever it pays: the same model gives the same answers. Beyond what it saves on the same tasks, every alternative sells wrong
answers that nobody catches for money; ``usd_per_wrong`` is what one of them brings. Named is the alternative that brings most
for each, among those that save at least half of what the best saver does; where one of them was tested by replays, only what was tested is named, or, where none was
in every task, what was tested for half of its saving and more. The best saver is named in the same breath.
Pure functions of rows of ``savings``; the report and the dashboard both ask here.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

Row = Mapping[str, Any]
CACHING = "caching_batch"
TESTED = ("replay", "live")  # grades of a quality that was counted, not expected
MOSTLY_TESTED = 0.5  # of a total's saving: it goes before what was not tested at all
WORTH_NAMING = 0.5  # of the largest saving beyond caching; less is not a way to get at that money


@dataclass(frozen=True, slots=True)
class Recommendation:
    """``row`` to test first. ``more`` saves more, where there is such a one, by ``more_usd`` at ``more_wrong`` answers."""

    row: Row
    usd_per_wrong: float | None  # what one extra wrong answer of ``row`` saves beyond caching; None: there are none
    more: Row | None = None
    more_usd: float = 0.0
    more_wrong: float = 0.0


def recommend(rows: Sequence[Row]) -> Recommendation | None:
    """Among the alternatives of one task, or of all; None where no small model saves more than caching does."""
    beyond = {r["alternative"]: _beyond(r, rows) for r in rows}
    paying = [r for r in rows if r["alternative"] != CACHING and r["pays"] and beyond[r["alternative"]] > 0]
    if not paying:
        return None
    most = max(paying, key=lambda r: (_saving(r), -r["position"]))
    among = [r for r in paying if r.get("quality_grade") in TESTED]
    among = among or [r for r in paying if share_tested(r) >= MOSTLY_TESTED] or paying
    enough = WORTH_NAMING * max(beyond[r["alternative"]] for r in among)
    large = [r for r in among if beyond[r["alternative"]] >= enough]
    best = max(large, key=lambda r: (usd_per_wrong(r, rows), _saving(r), -r["position"]))
    price = usd_per_wrong(best, rows)
    more_usd, more_wrong = _saving(most) - _saving(best), (most["extra_wrong"] or 0.0) - (best["extra_wrong"] or 0.0)
    if more_usd <= 0:
        return Recommendation(best, price if math.isfinite(price) else None)
    return Recommendation(best, price if math.isfinite(price) else None, most, more_usd, more_wrong)


def share_tested(row: Row) -> float:
    """How much of a total's saving is of tasks that its own model was tested on; 0 where the row does not state it."""
    details = row.get("details") or "{}"
    found = (details if isinstance(details, Mapping) else _details(details)).get("tested_usd")
    return max(0.0, min(1.0, float(found) / _saving(row))) if found and _saving(row) > 0 else 0.0


def first_choice(rows: Sequence[Row]) -> Row | None:
    """The row to name: the recommended one, else caching where that pays, else None."""
    found = recommend(rows)
    if found is not None:
        return found.row
    return next((r for r in rows if r["alternative"] == CACHING and r["pays"]), None)


def rank_tests(tasks: Iterable[Row], savings: Iterable[Row]) -> list[tuple[Row, Recommendation]]:
    """The tasks worth testing, the largest expected saving first; what stays, is ignored or too small is left out.

    ``saving_usd`` is the expectation already: answers that are caught are paid again at their expected share.
    """
    by_task: dict[str, list[Row]] = {}
    for row in savings:
        by_task.setdefault(row["task_id"], []).append(row)
    found = [
        (task, best)
        for task in tasks
        if task["verdict"] != "stays" and not task.get("ignored") and task["replaceability"] is not None
        if (best := recommend(by_task.get(task["task_id"], ()))) is not None
    ]
    return sorted(found, key=lambda pair: (-_saving(pair[1].row), pair[0]["task_id"]))


def usd_per_wrong(row: Row, rows: Sequence[Row]) -> float:
    """What one extra wrong answer of ``row`` saves beyond caching, its ``break_even_wrong_usd``; infinite where there are none."""
    wrong = row["extra_wrong"] or 0.0
    return _beyond(row, rows) / wrong if wrong > 0 else math.inf


def _beyond(row: Row, rows: Sequence[Row]) -> float:
    """Beyond what caching saves on the tasks that it moves; of an older analysis, which tells none, on all of ``rows``."""
    found: float | None = _details(row["details"]).get("caching_usd") if isinstance(row.get("details"), str) else None
    if found is None:
        found = max((_saving(r) for r in rows if r["alternative"] == CACHING and r["pays"]), default=0.0)
    return _saving(row) - found


@lru_cache(maxsize=256)
def _details(details: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = json.loads(details)
    return found


def _saving(row: Row) -> float:
    return float(row["saving_usd"] or 0.0)
