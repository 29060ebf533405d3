"""What replays say in a report: which estimate speaks for a task, what is proven, what every share rests on."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from suffice_analysis.estimate import GRADES
from suffice_analysis.report.wording import TRIED, TRIED_IN_PART, UNTRIED, Row, counted
from suffice_store.console import format_share

if TYPE_CHECKING:
    from suffice_analysis.report.model import Report, TaskPart


def spoken_for(estimates: list[Row]) -> dict[str, Row]:
    """One estimate of each task: a proven one, else a replay's, else that of any SLM. As the read ``tasks`` chooses."""
    ranked = sorted(
        estimates,
        key=lambda e: (e["proven"], GRADES.index(e["grade"]), e["value"] or 0.0, e["candidate"] == "any SLM"),
    )
    return {e["task_id"]: e for e in ranked}


def proven_sentence(report: Report) -> str:
    """What a replay proved, of how much; that nothing was replayed, where nothing was."""
    calls, cost = report.shares.get("proven_share_calls"), report.shares.get("proven_share_cost")
    if calls is None or calls["grade"] not in ("replay", "live"):
        return "Proven: 0 %. No small model's answers have been compared with the recorded ones yet."
    proven = _named(report, calls)
    by = _counted_replays(proven, calls["n"])
    refuted = [t for t in report.staying if t.share is not None and t.share["grade"] == "replay"]
    of_cost = f" and {format_share(cost['value'])} {report.of_cost}" if cost is not None else ""
    named = ", ".join(f"“{t.row['name']}”" for t in proven[:3])
    more = f" and {len(proven) - 3} more" if len(proven) > 3 else ""
    names = f" ({named}{more})" if named else ""
    if not proven and not calls["value"]:
        return f"Proven: 0 %, after {calls['n']:,} replayed calls; {counted(len(refuted), 'task')} refuted."
    if proven and not calls["value"]:
        return (
            f"Proven one by one, by {by}: {named}{more}; as a share of all calls 0 %, for among many tasks "
            f"some are proven by luck and together these are not sure enough yet. {counted(len(refuted), 'task')} refuted."
        )
    others = f" by {sum(t.share['n'] for t in refuted if t.share is not None):,}" if refuted else ""
    return (
        f"Proven: {format_share(calls['value'])} of the calls{of_cost}{names}, by {by}{'' if ' of ' in by else ' of them'}; "
        f"{counted(len(refuted), 'task')} refuted{others}."
    )


def _counted_replays(proven: list[TaskPart], n: int) -> str:
    """``126 of its 300 replayed calls``: of a task that counts by its slices those that chose them prove nothing."""
    every = sum(t.share["n"] for t in proven if t.share is not None)
    if n >= every or not any(s.get("counted_apart") for t in proven for s in t.slices):
        return f"{n:,} replayed calls"
    return f"{n:,} of {every:,} replayed calls (the others chose its slices, or are of another slice)"


def _named(report: Report, calls: Row) -> list[TaskPart]:
    """The tasks that the proven share tells of, also where it counts a slice; of an older analysis all that are proven."""
    told = json.loads(calls["details"]).get("proven")
    if told is None:
        return report.with_verdict("proven")
    ids = set(told)
    return [
        t
        for t in report.tasks
        if t.row["task_id"] in ids or ids & {s["slice_id"] for s in t.slices if s.get("counted_apart")}
    ]


def caveat(report: Report) -> str:
    """What a reader must know before the first number."""
    tested = tested_tasks(report)
    return UNTRIED if not tested else TRIED if tested == len(report.tasks) else TRIED_IN_PART


def tested_tasks(report: Report) -> int:
    """How many tasks' estimates rest on answers of a small model."""
    return sum(t.share is not None and t.share["grade"] in ("replay", "live") for t in report.tasks)


def replays_so_far(report: Report) -> str:
    """How many tasks were replayed and how that stands, as the end of a sentence; that none is tested, where none is."""
    replayed = tested_tasks(report)
    if not replayed:
        return ", but none is tested either"
    proven = sum(t.share is not None and bool(t.share["proven"]) for t in report.tasks)
    left = replayed - proven
    told = [
        f"{n or 'none'} {'are' if n > 1 else 'is'} {word}" for n, word in ((proven, "proven"), (left, "still open"))
    ]
    return f"; of {counted(replayed, 'task')} replayed {' and '.join(told)}"


def rests_on(report: Report) -> str:
    """What the shares rest on."""
    tested = tested_tasks(report)
    if not tested:
        return "Every share is expected from the requests and the recorded answers alone: no small model has been run. Proven is therefore 0 %."
    if tested == len(report.tasks):
        return "Every task was tested with a small model."
    return (
        f"{counted(tested, 'task')} of {len(report.tasks)} {'was' if tested == 1 else 'were'} tested with a small model; every other "
        "share is expected from the requests and the recorded answers alone."
    )
