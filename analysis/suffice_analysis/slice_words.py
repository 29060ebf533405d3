"""Slices in words, the same in the report and on the pages. Pure functions of rows of the reads ``slices`` and ``tasks``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from suffice_analysis.report.wording import GRADE_WORDS, share_words, verdict_words
from suffice_analysis.savings.row_details import details_of
from suffice_store.console import format_count, format_share, format_usd_interval

Row = Mapping[str, Any]


def differing(slices: Iterable[Row], verdict: str) -> list[Row]:
    """Those with a verdict other than their task's, the largest first."""
    return [row for row in slices if row.get("verdict") is not None and row["verdict"] != verdict]


def estimate_of(row: Row) -> Row | None:
    """A slice's share as a row of ``estimates`` has it; None where nothing was estimated."""
    if row.get("replaceability_low") is None:
        return None
    return {
        "value": row["replaceability"],
        "low": row["replaceability_low"],
        "high": row["replaceability_high"],
        "grade": row["grade"],
        "n": row["evidence_n"],
    }


def slice_sentence(row: Row) -> str:
    """``after search: 45 % of its calls (450), likely, to be tested; 84 % (71–92 %), by its history, n = 120; saves ...``."""
    said = f"{row['name']}: {format_share(row['share'])} of its calls ({format_count(row['calls'])})"
    if row.get("verdict") is None:
        return f"{said}."
    said += f", {verdict_words(row)}"
    estimate = estimate_of(row)
    if estimate is not None:
        n = f", n = {format_count(row['evidence_n'])}" if row["evidence_n"] else ""
        said += f"; {share_words(estimate, row['calls'])}, {GRADE_WORDS[row['grade']]}{n}"
    return f"{said}{money_words(row)}."


def money_words(row: Row) -> str:
    """What moving the slice alone would save, and at how many wrong answers; "" where no small model pays or none is moved."""
    if row["saving_usd"] is None or row["verdict"] == "stays":
        return ""
    per = "a month" if row["basis"] == "month" else "per 1,000 calls of all traffic"
    ends = row["saving_low_usd"], row["saving_high_usd"]
    amount = format_usd_interval(row["saving_usd"], *ends, suffix=f" {per}")
    wrong = round(row["extra_wrong"] or 0)
    return f"; moved alone it saves {amount} at about {wrong:,} more wrong answer{'' if wrong == 1 else 's'} nobody catches"


def counted_rows(tasks: Iterable[Row], savings: Iterable[Row], slices: Iterable[Row]) -> tuple[list[Row], list[Row]]:
    """Rows of ``tasks`` and ``savings`` as the totals count them: a task that counts by its slices is replaced by them.

    ``savings`` with the totals (task_id ""), whose ``details`` keep what was worked out of such slices: whose answers were tested,
    what is spent once, when that is back. Without them none of it is known.
    """
    savings = list(savings)
    worked = _worked(savings)
    apart: dict[str, list[Row]] = {}
    for row in slices:
        if row.get("counted_apart"):
            apart.setdefault(row["task_id"], []).append(row)
    kept: list[Row] = []
    money = [row for row in savings if row["task_id"] not in apart]
    for task in tasks:
        if task["task_id"] not in apart:
            kept.append(task)
        for row in apart.get(task["task_id"], ()):
            same = {"task_id": row["slice_id"], "name": f"{task['name']}, {row['name']}", "share": None}
            kept.append({**task, **row, **same, "of_task": task["task_id"], "unpriced_calls": 0, "error_calls": 0})
            if row["alternative"] is not None:
                alone = {"pays": True, "position": 1, "paid_usd": row["basis_usd"], "marginal_usd": row["saving_usd"]}
                more = worked.get((row["slice_id"], row["alternative"]), {"answers": None})
                money.append({**more, **row, **same, **alone})
    return kept, money


def _worked(savings: Iterable[Row]) -> dict[tuple[str, str], Row]:
    """By slice and alternative, from the totals."""
    found: dict[tuple[str, str], Row] = {}
    for total in savings:
        details = {} if total["task_id"] else details_of(total)
        for each in details.get("slices", ()):
            same = {name: total.get(name) for name in ("basis", "assumptions")}
            found[each["task_id"], total["alternative"]] = {"answers": None, **same, **each}
    return found


def staying_slices(tasks: Iterable[Row], slices: Iterable[Row]) -> list[str]:
    """Names of the slices that stay of tasks that do not stay as a whole, with their task's, in order."""
    verdicts = {task["task_id"]: (task["verdict"], task["name"]) for task in tasks if not task.get("ignored")}
    return [
        f"“{verdicts[row['task_id']][1]}”, {row['name']}"
        for row in slices
        if row.get("counted_apart") and row["verdict"] == "stays"
        if verdicts.get(row["task_id"], ("stays", ""))[0] != "stays"
    ]


def apart_sentence(slices: Iterable[Row], verdict: str = "") -> str:
    """That a task is counted by its slices, or why none of them has the ``verdict`` of the whole; else ""."""
    slices = list(slices)
    if not any(row.get("counted_apart") for row in slices):
        told = [row["verdict"] for row in slices if row.get("verdict")]
        if verdict != "stays" or not told or "stays" in told:
            return ""
        return "The whole stays by all of its evidence; a slice has fewer calls and answers of its own, which settle less. Totals count the whole."
    return (
        "As a whole it does not move, as its slices differ: some could move and some stay. So every total counts it by its slices, each "
        "with fewer answers of its own."
    )
