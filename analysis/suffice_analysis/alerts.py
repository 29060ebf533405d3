"""What an analysis finds that somebody should be told at once: a proof, a proof that no longer holds, a saving that falls short.

Raised as alerts in the store (each once, by what happened); the collector sends them. docs/alerts.md.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from suffice.errors import SufficeError
from suffice_analysis.realised import Realised, find_realised, projected_usd
from suffice_analysis.replay.results import Result, read_results
from suffice_analysis.report.replayed import spoken_for
from suffice_analysis.savings.recommend import first_choice
from suffice_store.alerts_file import Thresholds, read_alert_settings
from suffice_store.console import format_share_interval, format_usd, format_usd_interval
from suffice_store.store import Store

Row = Mapping[str, Any]
Alert = dict[str, Any]  # the arguments of the command raise_alert

log = logging.getLogger("suffice.alerts")
NS_PER_DAY = 86_400 * 10**9


def raise_alerts(store: Store, project: str, *, clock: Callable[[], int] = time.time_ns) -> int:
    """Look at the latest analysis and raise what is new; how many. An analysis never fails for it: a refusal is logged."""
    try:
        thresholds = read_alert_settings().thresholds
        found = find_alerts(store, project, thresholds, clock())
        raised = [store.command("raise_alert", project=project, **each)["raised"] for each in found]
    except SufficeError as refused:
        log.warning("alerts could not be raised: %s", refused)
        return 0
    return sum(raised)


def find_alerts(store: Store, project: str, thresholds: Thresholds, now_ns: int) -> list[Alert]:
    """Everything of the latest analysis that is worth one, whether it was raised before or not."""
    tasks = {row["task_id"]: row for row in store.read("tasks", project=project).to_pylist() if not row["ignored"]}
    estimates = spoken_for(store.read("estimates", project=project, measure="replaceability").to_pylist())
    savings = store.read("savings", project=project).to_pylist()
    results = _results(store, project, tasks)
    changes = find_realised(store.read("task_models", project=project).to_pylist())
    return [
        *(proven(row, estimates[key], savings) for key, row in tasks.items() if row["verdict"] == "proven" and key in estimates),
        *(each for key, row in tasks.items() for each in aged(row, results.get(key, []), thresholds, now_ns)),
        *(each for change in changes if change.task_id in tasks
          for each in saving_below(tasks[change.task_id], change, _projection(store, project, change, savings))),
    ]  # fmt: skip


def _results(store: Store, project: str, tasks: Mapping[str, Row]) -> Mapping[str, Sequence[Result]]:
    """What was replayed, by task; every assignment is read only where something was."""
    if not store.read("replay_campaigns", project=project).num_rows:
        return {}
    assigned = store.read("assignments", project=project)
    task_of = dict(zip(assigned["call_id"].to_pylist(), assigned["task_id"].to_pylist(), strict=True))
    return read_results(store, project, task_of, {key: row["template"] for key, row in tasks.items()}).by_task


def proven(task: Row, estimate: Row, savings: Sequence[Row]) -> Alert:
    """A task whose lower bound is over the bar."""
    own = [each for each in savings if each["task_id"] == task["task_id"] and each["saving_usd"] is not None]
    of_candidate = [
        each for each in own if each["model"] == estimate["candidate"]
    ]  # else what is named first for the task
    row = max(of_candidate, key=lambda each: each["saving_usd"]) if of_candidate else first_choice(own)
    per = "a month" if row is not None and row["basis"] == "month" else "per 1,000 calls of all traffic"
    money = (
        "" if row is None else f" Moved to {row['model']}, its calls would save {format_usd(row['saving_usd'])} {per}."
    )
    share = format_share_interval(estimate["value"], estimate["low"], estimate["high"])
    return {
        "kind": "task_proven",
        "happened": f"{task['task_id']} {estimate['candidate']} {estimate['mode']}",
        "subject": task["task_id"],
        "title": _short(f"Proven: {task['name']}"),
        "sentence": f"{estimate['candidate']} suffices for “{_short(task['name'])}”: {share} of {estimate['n']:,} replayed calls were as good as recorded.{money}",
        "details": {"candidate": estimate["candidate"], "value": estimate["value"], "low": estimate["low"], "high": estimate["high"],
                    "n": estimate["n"], "saving_usd": None if row is None else row["saving_usd"]},
    }  # fmt: skip


def aged(task: Row, results: Sequence[Result], thresholds: Thresholds, now_ns: int) -> list[Alert]:
    """Answers that no longer count since the task or the candidate changed, and proofs older than the file allows."""
    found = []
    for each in results:
        newest = max((row["recorded_ns"] for row in each.rows), default=0)
        days = (now_ns - newest) / NS_PER_DAY
        if each.reopened:
            why, event = each.reopened, "reopened"
        elif each.status == "proven" and newest and days > thresholds.evidence_days:
            why, event = f"its newest answer is {days:.0f} days old", f"old {newest // NS_PER_DAY}"
        else:
            continue
        found.append({
            "kind": "evidence_aged",
            "happened": f"{task['task_id']} {each.candidate} {each.variant} {event} {why if event == 'reopened' else ''}",
            "subject": task["task_id"],
            "title": _short(f"Evidence aged: {task['name']}"),
            "sentence": f"What {each.candidate} answered for “{_short(task['name'])}” is to be asked anew: {why}. suffice replay --task {task['task_id']}.",
            "details": {"candidate": each.candidate, "variant": each.variant, "why": why},
        })  # fmt: skip
    return found


def saving_below(task: Row, change: Realised, projected: tuple[float, float, float] | None) -> list[Alert]:
    """A change of model whose whole interval lies below what was projected."""
    if projected is None or change.high >= projected[0]:
        return []
    sentence = (
        f"“{_short(task['name'])}” moved from {change.before.model} to {change.after.model} and saves "
        f"{format_usd_interval(change.saving_usd, change.low, change.high)} per 1,000 calls; {format_usd(projected[0])} was projected."
    )
    return [{
        "kind": "saving_below",
        "happened": f"{task['task_id']} {change.after.model} {change.since_ns}",
        "subject": task["task_id"],
        "title": _short(f"Saves less than projected: {task['name']}"),
        "sentence": sentence,
        "details": {"saving_usd": change.saving_usd, "low_usd": change.low, "high_usd": change.high, "projected_usd": projected[0], "n": change.n},
    }]  # fmt: skip


def _projection(
    store: Store, project: str, change: Realised, savings: Sequence[Row]
) -> tuple[float, float, float] | None:
    """What the last analysis before the change projected; where none is older, today's."""
    analyses = store.read("analyses", project=project).to_pylist()
    earlier = next((row["analysis_id"] for row in analyses if row["published_ns"] < change.since_ns), None)
    if earlier is not None:
        savings = store.read("savings", project=project, analysis_id=earlier, task_id=change.task_id).to_pylist()
    return projected_usd(first_choice([row for row in savings if row["task_id"] == change.task_id]))


def _short(text: str, most: int = 120) -> str:
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[: most - 1]}…"
