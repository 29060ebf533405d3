"""Of what was tested and is not settled: the same words on every page and in every format.

"Likely" and "untested" are verdicts of an expectation; a test that has not settled a task says more than either, and often against
it (849 of 900 under a bar of 95 % is likelier refuted than proven by more). Pure functions of a row of ``tasks``, ``slices`` or ``estimates``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from suffice_analysis.savings.recommend import TESTED
from suffice_store.console import format_share, format_usd_estimate

Row = Mapping[str, Any]
SHORT = "tested, short of the bar so far"
OVER = "tested, over the bar but not proven so far"
OPEN = "tested, not settled so far"  # where the bar or the share is not known
VERDICTS = ("likely", "untested")  # that say nothing final


def is_unsettled(row: Row) -> bool:
    """Whether a small model's answers were compared and settle nothing."""
    return row["verdict"] in VERDICTS and row.get("grade") in TESTED


def unsettled_words(value: float | None, bar: float | None) -> str:
    """On which side of its bar it stands, without a figure."""
    if value is None or bar is None:
        return OPEN
    return SHORT if value < bar else OVER


def unsettled_figures(value: float | None, bar: float | None, n: int | None) -> str:
    """`` (94.3 %; bar 95 %; n = 900)``; what is not known is left out. A decimal, as most stand within a point of the bar."""
    told = [] if value is None else [f"{100 * value:.1f} %"]
    told += [] if bar is None else [f"bar {format_share(bar)}"]
    told += [f"n = {n:,}"] if n else []
    return f" ({'; '.join(told)})" if told else ""


def unsettled_sentence(row: Row) -> str:
    """Words and figures of a row of ``tasks`` or ``slices``; "" where it was not tested or is settled."""
    if not is_unsettled(row):
        return ""
    value, bar = row.get("replaceability"), row.get("bar")
    return unsettled_words(value, bar) + unsettled_figures(value, bar, row.get("evidence_n"))


def unsettled_part(tasks: Iterable[Row], savings: Iterable[Row], alternative: str) -> str:
    """How much of an alternative's saving is of tasks that were tested and are not settled, and of which; "" where nothing is.

    ``tasks`` and ``savings`` as the totals count them. They count in the expected sum, as their answers were counted; a reader must
    see how much of it a test may still take away.
    """
    open_tasks = {row["task_id"]: row for row in tasks if is_unsettled(row) and not row.get("ignored")}
    rows = [
        row
        for row in savings
        if row["task_id"] in open_tasks and row["alternative"] == alternative
        if row["pays"] and row["saving_usd"] is not None
    ]
    if not rows:
        return ""
    rows.sort(key=lambda row: -row["saving_usd"])
    told = [
        f"“{open_tasks[row['task_id']]['name']}”, {unsettled_sentence(open_tasks[row['task_id']])}" for row in rows[:2]
    ]
    more = f" and {len(rows) - 2} more" if len(rows) > 2 else ""
    return f"Of the saving {format_usd_estimate(sum(float(row['saving_usd']) for row in rows))} is of {' and '.join(told)}{more}."
