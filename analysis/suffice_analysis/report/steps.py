"""What to do next, in sentences: each task's decision with its money, its risk, its effort and the volume that pays for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from suffice_analysis.next_steps import NextStep, StepsSum, add_up
from suffice_analysis.replaceability import CLAIM_CALLS
from suffice_analysis.report.decisions import UNDER_COMMITMENT, back_after, between, worth_doing
from suffice_analysis.report.wording import of_100, of_100_interval
from suffice_analysis.savings.basis import MINIMUM_DAYS
from suffice_analysis.savings.effort import YEARS, falling_sentence, hours_words, once_words, pays_from_words
from suffice_analysis.savings.own_gpus import SELF_HOSTED
from suffice_store.console import UNKNOWN, format_usd_estimate, format_usd_interval, format_usd_range
from suffice_store.rounding import about

if TYPE_CHECKING:
    from suffice_analysis.report.model import Report

VERBS = {
    "move": "Move, it is proven:",
    "check_volume": "Proven; check its volume, then move:",
    "settle": "Settle first, then move or leave:",
    "test": "Test, then move:",
    "test_first": "Test first:",
    "wait": "Leave for now:",
}
ADDED_ENDS = " Their ranges are added up, as if all were off to the same side."
PROVEN_WAITS = "Proven, but leave for now:"


def next_steps(report: Report) -> list[str]:
    """The next steps, each with its money, free ones first; three, or one more where all tasks are named."""
    free, later = other_steps(report)
    return [*free, *(_step_words(step, report) for step in report.next_steps), *later]


def other_steps(report: Report) -> tuple[list[str], list[str]]:
    """Those that are no task's: before the tasks what is free, behind them, up to three in all, what would let more be said."""
    free = _free_steps(report)
    return free, _later_steps(report)[: max(0, 3 - len(free) - len(report.next_steps))]


def caching_words(report: Report) -> str:
    """What caching saves, with the digits that its interval leaves it, and its interval, one word."""
    row = report.caching or {}
    ends = row.get("saving_low_usd"), row.get("saving_high_usd")
    said, low, high = format_usd_range(row.get("saving_usd"), *ends)
    return f"{said}{'' if None in ends else f' ({between(low, high)})'} {report.basis_words}"


def caching_step(report: Report) -> list[str]:
    """Prompt caching, where it pays; else nothing."""
    if report.caching is None or all(t.row["calls"] < CLAIM_CALLS for t in report.tasks):
        return []
    return [f"Caching: {caching_words(report)}, same answers."]


def _free_steps(report: Report) -> list[str]:
    """What costs no answer: prompt caching where it pays, a price for what has none."""
    steps = caching_step(report)
    if report.unpriced_models:
        top = report.unpriced_models[0]
        steps.append(f"Give {top['model']} a price: {top['calls']:,} calls are unpriced.")
    return steps


def _later_steps(report: Report) -> list[str]:
    """What to do where little can be said: record more."""
    later: list[str] = []
    for task in report.with_verdict("untested"):
        if task.row["calls"] < CLAIM_CALLS and task.row["kind"] != "embedding":
            at_stake = (
                f"; {format_usd_estimate(task.basis_usd)} {report.task_basis_words} at stake" if task.basis_usd else ""
            )
            later.append(f"Record more of “{task.row['name']}”: {task.row['calls']:,} calls are too few{at_stake}.")
    later.append("Record more traffic: every estimate narrows with it.")
    return later


def sum_sentence(report: Report) -> str:
    """What the tasks to move or to test bring together; nothing of fewer than two."""
    steps = worth_doing(report.next_steps)
    total = add_up(steps, report.totals)
    if total is None or len(steps) < 2:
        return ""
    wrong = f"{of_100(total.extra_wrong_share)} ({of_100_interval(total.extra_wrong_share_low, total.extra_wrong_share_high)})"
    money = format_usd_interval(total.saving_usd, total.saving_low_usd, total.saving_high_usd)
    return (
        f"These {len(steps)} tasks together: {money} {report.basis_words}, with {wrong} of their answers wrong and "
        f"uncaught{_once_together(total, steps, report)}.{'' if total.joint else ADDED_ENDS}"
    )


def effort_sentence(report: Report) -> str:
    """What the effort of a task is made of, as it is assumed of each; "" where no step tells it."""
    rows = {(row["task_id"], row["alternative"]): row for t in report.tasks for row in t.alternatives}
    told: dict[str, None] = {}
    falling: dict[str, None] = {}
    for step in report.next_steps:
        row = rows.get((step.task_id, step.alternative), {"alternative": ""})
        if words := hours_words(row):
            told[words] = None
        if step.one_off_usd is not None and (words := falling_sentence(row)):
            falling[words] = None
    if not told:
        return ""
    volume = (
        ""
        if report.analysis["basis"] == "month"
        else f" Less than {MINIMUM_DAYS:.0f} days of calls are timed, so how many a month are is not known: compare what is needed with yours."
    )
    return (
        f"What is spent once is assumed, not measured: for each task {' or '.join(told)}; the range beside an amount "
        f"covers 90 % of the simulated cases.{''.join(f' {each}' for each in falling)}{volume}"
    )


def back_words(step: NextStep | StepsSum, report: Report, *, several: bool = False) -> str:
    """When what is spent once is back, told against the volume: ``back after 14 months at today's 84,000 calls a month``."""
    back = back_after(step, report.analysis["basis"])
    if back in (UNKNOWN, UNDER_COMMITMENT):
        return "" if back == UNKNOWN else "back when is open under the commitment that they share"
    whose = "their" if several else "its"
    if report.analysis["basis"] != "month":
        ends = (step.back_from_calls_low, step.back_from_calls_high) if isinstance(step, NextStep) else ()
        return f"back within {YEARS} only from {pays_from_words(step.back_from_calls or 0.0, *ends)} of {whose} calls a month on"
    volume = f"today's {about(step.calls)} calls a month" if step.calls else "today's volume"
    if step.payback_days is None:
        return f"not back within {YEARS} at {volume}"
    return f"back after {back} at {volume}"


def _once_together(total: StepsSum, steps: list[NextStep], report: Report) -> str:
    if total.one_off_usd is None:
        return "; what they cost once together is not known"
    shared = sum(step.alternative == SELF_HOSTED for step in steps) > 1
    once = once_words(total.one_off_usd, total.one_off_low_usd, total.one_off_high_usd)
    once = f"; {once} once{', the GPUs that they share counted once' if shared else ''}"
    back = back_words(total, report, several=True)
    return f"{once}, {back}" if back else once


def _settling(step: NextStep, report: Report) -> str:
    """What would settle a tested task, as one more sentence."""
    if not step.unsettled:
        return ""
    said = next(
        (t.settling for t in report.tasks if t.row["task_id"] == step.task_id and t.row["name"] == step.name), None
    )
    return f" {said}" if said else ""


def _step_words(step: NextStep, report: Report) -> str:
    money = format_usd_interval(step.saving_usd, step.saving_low_usd, step.saving_high_usd)
    once = ""
    if step.one_off_usd is not None:
        once = f"; {once_words(step.one_off_usd, step.one_off_low_usd, step.one_off_high_usd)} once"
        once += f", {back}" if (back := back_words(step, report)) else ""
    if step.one_off_usd is not None and report.analysis["basis"] != "month":
        once += "" if step.recorded_calls is None else f" ({step.recorded_calls:,} recorded)"
    verb = PROVEN_WAITS if step.waits and step.proven else VERBS[step.decision]
    shares = step.extra_wrong_share_low, step.extra_wrong_share_high
    wrong = f"{of_100(step.extra_wrong_share)} ({of_100_interval(*shares)})"
    tested = f", {step.unsettled}" if step.unsettled else ""
    return f"{verb} “{step.name}” on {step.model}{tested}: {money} {report.task_basis_words}, {wrong} of its answers wrong and uncaught{once}.{_settling(step, report)}"
