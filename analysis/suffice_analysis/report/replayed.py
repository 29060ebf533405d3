"""What replays say in a report: which estimate speaks for a task, what is proven, what every share rests on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from suffice_analysis.estimate import GRADES
from suffice_analysis.report.wording import TRIED_IN_PART, UNTRIED, Row, counted
from suffice_store.console import format_share

if TYPE_CHECKING:
    from suffice_analysis.report.model import Report


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
    proven = report.with_verdict("proven")
    refuted = [t for t in report.staying if t.share is not None and t.share["grade"] == "replay"]
    of_cost = f" and {format_share(cost['value'])} of the cost" if cost is not None else ""
    named = ", ".join(f"“{t.row['name']}”" for t in proven[:3])
    names = f" ({named})" if named else ""
    if proven and not calls["value"]:
        return (
            f"Proven one by one, by {calls['n']:,} replayed calls: {named}; as a share of all calls 0 %, for among many tasks some are "
            f"proven by luck and together these are not sure enough yet. {counted(len(refuted), 'task')} refuted."
        )
    return (
        f"Proven by {calls['n']:,} replayed calls: {format_share(calls['value'])} of the calls{of_cost}{names}; "
        f"{counted(len(refuted), 'task')} refuted."
    )


def proven_figure(report: Report) -> tuple[str, str]:
    """The share of calls proven, and what it rests on."""
    calls = report.shares.get("proven_share_calls")
    if calls is None or not tested_tasks(report):
        return "0 %", "proven: no small model has been tried on these calls"
    return format_share(calls["value"]), f"of calls proven, by {calls['n']:,} replayed calls"


def caveat(report: Report) -> str:
    """What a reader must know before the first number."""
    return TRIED_IN_PART if tested_tasks(report) else UNTRIED


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
        return "Every share rests on structure and on recorded answers alone: no small model has been run. Proven is therefore 0 %."
    return (
        f"{counted(tested, 'task')} of {len(report.tasks)} were replayed; every other share rests on structure and on recorded "
        "answers alone."
    )
