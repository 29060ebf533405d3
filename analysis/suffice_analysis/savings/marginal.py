"""What an alternative saves beyond those before it, and the price of a wrong answer at which it no longer pays: task by task.

Over all traffic two alternatives may move different tasks: what caching saves on one takes nothing from what a small model saves on
another. So both figures are sums over the tasks that the alternative moves. A shared fleet is taken whole: its losses on one task
count against what it saves on others.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from suffice_analysis.savings.own_gpus import SELF_HOSTED
from suffice_analysis.savings.recommend import CACHING

Row = dict[str, Any]
ByTask = Mapping[str, float]  # USD per basis that each task saves that is moved


def stacked(rows: list[Row], moved: Sequence[ByTask] | None = None) -> list[Row]:
    """Fill ``position``, ``marginal_usd`` (0 where it is not better) and ``break_even_wrong_usd``; details become JSON.

    ``rows``: the alternatives of one task, in their order; or of all, with ``moved``, what each saves by task.
    """
    best: dict[str, float] = {}
    cached: ByTask = {}
    for position, row in enumerate(rows, start=1):
        row["position"], saving = position, row["saving_usd"]
        if saving is not None:
            own = {row["task_id"]: saving} if moved is None else moved[position - 1]
            row["marginal_usd"] = beyond(row["alternative"], own, best)
            if saving > 0 and row["marginal_usd"] <= 0:
                row["note"] += " It saves no more than an alternative before it."
            _price_of_a_wrong_one(row, saving - _on_these(cached, own), _on_these(cached, own))
            if row["alternative"] == CACHING:
                cached = own
            best |= {task: max(usd, best.get(task, 0.0)) for task, usd in own.items()}
        row["details"] = json.dumps(row["details"], sort_keys=True)
    return rows


def beyond(alternative: str, own: ByTask, best: ByTask) -> float:
    """What ``own`` saves beyond the ``best`` before it on the same tasks."""
    each = [usd - max(0.0, best.get(task, 0.0)) for task, usd in own.items()]
    return max(0.0, sum(each)) if alternative == SELF_HOSTED else sum(max(0.0, usd) for usd in each)


def _on_these(cached: ByTask, own: ByTask) -> float:
    return sum(max(0.0, cached.get(task, 0.0)) for task in own)


def _price_of_a_wrong_one(row: Row, beyond_caching: float, caching_usd: float) -> None:
    if row["alternative"] == CACHING:
        return
    row["details"]["caching_usd"] = caching_usd
    if row["extra_wrong"] and beyond_caching > 0:
        row["break_even_wrong_usd"] = beyond_caching / row["extra_wrong"]
