"""What an assistant asks over MCP: spend, tasks, one task's evidence, savings, calls found by text. Only reads.

Each answer is ``{"in_words": sentences, ...rows}``: the sentences are the report's own, so that an assistant repeats the
interval, the grade of the evidence and the n instead of making up a figure, and the rows are the store's. Amounts are exact
decimal strings of US dollars; unknown is null. ``suffice_analysis.commands.mcp`` serves these functions.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from suffice.errors import SufficeError
from suffice_analysis.named import named_task
from suffice_analysis.report.model import TaskPart, read_report
from suffice_analysis.report.steps import next_steps
from suffice_analysis.savings.recommend import TESTED
from suffice_store.console import format_count, format_usd, format_usd_interval
from suffice_store.store import Store

Row = dict[str, Any]
SPEND_BY = ("model", "service", "provider", "day", "task", "team", "owner", "cost_centre", "environment")
MOST_CALLS = 50
MOST_ROWS = 200
DAY_NS = 86_400 * 10**9
_PARSED = ("services", "models", "levers", "example_call_ids", "details", "assumptions")
_TASK = (
    *("task_id", "name", "kind", "answer_form", "hci", "calls", "runs", "services", "models", "input_tokens"),
    *(
        "output_tokens",
        "paid_usd",
        "unpriced_calls",
        "share_calls",
        "share_cost",
        "replaceability",
        "replaceability_low",
    ),
    *("replaceability_high", "grade", "proven", "verdict", "verdict_reason", "levers"),
)
_CALL = (
    *("call_id", "started_ns", "service", "model", "task_id", "task_name", "run_id", "step", "action", "input_tokens"),
    *("output_tokens", "paid_usd", "latency_ms", "error_type", "request_preview", "answer_preview"),
)


def spend(store: Store, project: str, *, by: str = "model", since_ns: int | None = None) -> Row:
    """What was paid, in total and by ``by``, dearest first, at most 200 rows. Raises SufficeError for another ``by``."""
    if by not in SPEND_BY:
        raise SufficeError(f"spend can be read by {', '.join(SPEND_BY)}; not by '{by}'")
    window = {"since_ns": since_ns} if since_ns is not None else {}
    total = store.read("overview", project=project, **window).to_pylist()[0]
    rows = store.read("spend", project=project, by=by, **window).to_pylist()
    rows.sort(key=lambda row: (-(row["paid_usd"] or Decimal(0)), -row["calls"]))
    priced = f"{format_count(total['priced_calls'])} of {format_count(total['calls'])} calls are priced"
    words = (
        f"{format_usd(total['paid_usd'])} paid; {priced}, {format_count(total['estimated_calls'])} by estimated tokens."
    )
    return {
        "in_words": words,
        "total": plain(total),
        "rows": [plain(row) for row in rows[:MOST_ROWS]],
        "rows_left_out": max(0, len(rows) - MOST_ROWS),
    }


def tasks(store: Store, project: str) -> Row:
    """The recurring tasks of the last analysis, dearest first, with what may be said of each."""
    report = read_report(store, project=project, texts=False)
    return {
        "in_words": " ".join(report.headlines),
        "next_steps": next_steps(report),
        "analysis_id": report.analysis["analysis_id"],
        "period": report.period_words,
        "simulated": report.simulated,
        "tasks": [_task(part) for part in report.tasks],
    }


def evidence(store: Store, project: str, *, task: str) -> Row:
    """One task, named by id or name: its estimate, each piece of evidence, its actions. Raises SufficeError if there is none."""
    part = _one(read_report(store, project=project, texts=False).tasks, task)
    said = [each["sentence"] for each in part.evidence if each["sentence"]]
    return {
        "in_words": " ".join(
            [f"“{part.row['name']}”: {part.share_words} expected. {part.row['verdict_reason']}", *said]
        ),
        "task": _task(part),
        "template": part.row["template"],
        "estimate": None if part.share is None else plain(part.share),
        "evidence": [plain(row) for row in part.evidence],
        "actions": [plain(row) for row in part.actions],
    }


def savings(store: Store, project: str, *, task: str | None = None) -> Row:
    """The alternatives to what is paid today, for all traffic or one task, each with its quality and its wrong answers."""
    report = read_report(store, project=project, texts=False)
    part = None if task is None else _one(report.tasks, task)
    rows = report.totals if part is None else part.alternatives
    words = report.headlines[3] if part is None else _saving_of(part)
    stacked = (
        f"Amounts are US dollars {report.priced_basis_words}; the alternatives are stacked and must not be added up."
    )
    return {
        "in_words": f"{words} {stacked}",
        "basis": report.analysis["basis"],
        "paid_usd": None if not rows else rows[0]["paid_usd"],
        "alternatives": [plain(row) for row in rows],
        "assumptions": _assumptions(rows),
    }


def search_calls(store: Store, project: str, *, text: str, order: str = "newest", limit: int = 10) -> Row:
    """Calls with ``text`` in any message, or of that id; at most 50. Raises SufficeError when ``text`` is empty."""
    if not text.strip():
        raise SufficeError("search_calls needs a text to find")
    limit = min(max(limit, 1), MOST_CALLS)
    rows = store.read("calls", project=project, search=text, order=order, limit=limit + 1).to_pylist()
    more = len(rows) > limit
    return {
        "in_words": f"{'More than ' if more else ''}{len(rows[:limit])} calls hold this text.",
        "calls": [{**plain(row, _CALL), "started": _time(row["started_ns"])} for row in rows[:limit]],
        "more": more,
    }


def plain(row: Mapping[str, Any], keep: Iterable[str] | None = None) -> Row:
    """A row as JSON can carry it: decimals as strings, stored JSON parsed, all columns or those of ``keep``."""
    names = row.keys() - {"analysis_id", "recogniser"} if keep is None else keep
    return {name: _plain(name, row[name]) for name in row if name in names}


def _plain(name: str, value: Any) -> Any:
    if isinstance(value, Decimal):
        return str(value)
    if name in _PARSED and isinstance(value, str):
        return json.loads(value)
    return value


def _task(part: TaskPart) -> Row:
    return {
        **plain(part.row, _TASK),
        "expected_share": part.share_words,
        "n": None if part.share is None else part.share["n"],
    }


def _saving_of(part: TaskPart) -> str:
    best = part.best
    if best is None:
        return f"“{part.row['name']}”: no small model is expected to save more than caching."
    saving = format_usd_interval(best["saving_usd"], best["saving_low_usd"], best["saving_high_usd"])
    tested = best["quality_grade"] in TESTED
    said = "by its replayed answers" if tested else "as expected, untested"
    return f"“{part.row['name']}”: to {'move to' if tested else 'test'} first is {best['model']}, {saving} {said}."


def _assumptions(rows: Iterable[Mapping[str, Any]]) -> list[Row]:
    """Each assumption once, as the first alternative that uses it states it."""
    found: dict[str, Row] = {}
    for row in rows:
        for each in json.loads(row["assumptions"] or "[]"):
            found.setdefault(each["name"], each)
    return list(found.values())


def _one(parts: list[TaskPart], task: str) -> TaskPart:
    meant = named_task([part.row for part in parts], task)["task_id"]
    return next(part for part in parts if part.row["task_id"] == meant)


def _time(started_ns: int | None) -> str | None:
    return None if started_ns is None else datetime.fromtimestamp(started_ns / 1e9, UTC).isoformat(timespec="seconds")
