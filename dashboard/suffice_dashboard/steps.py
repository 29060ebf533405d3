"""What to do next, in words: the steps that ``suffice_analysis.next_steps`` finds for the report and for these pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from suffice_analysis.next_steps import NextStep, add_up
from suffice_analysis.savings.sentences import details_of
from suffice_dashboard.formatting import plural, render_money, render_money_interval, render_task_share
from suffice_dashboard.risk import wrong_words
from suffice_dashboard.verdicts import alternative_words
from suffice_store.rounding import about

Row = Mapping[str, Any]
BY_HAND = (
    "One command tests it: suffice replay --task TASK --candidate URL#MODEL; suffice prove --budget USD takes all tasks, those first that "
    "settle most money. By hand: suffice.Client().task_calls(task_id) with .conversation(call_id) for each."
)


def step_title(step: NextStep) -> str:
    """Which task to test against which model."""
    if step.proven:
        return f"Move “{step.name}” to {step.model}, proven by replay"
    return f"Test “{step.name}” against {step.model or alternative_words(step.alternative)}"


def savings_row(step: NextStep, savings: Sequence[Row]) -> Row | None:
    """The row of ``savings`` that a step stands for."""
    return next((r for r in savings if (r["task_id"], r["alternative"]) == (step.task_id, step.alternative)), None)


def next_sentence(steps: Sequence[NextStep], per: str) -> str:
    """The third answer of Overview: what to do first, for how much, at what risk."""
    if not steps:
        return "Next: nothing pays to move on today's evidence."
    step = steps[0]
    money = render_money_interval(step.saving_usd, step.saving_low_usd, step.saving_high_usd)
    risk = wrong_words(step.extra_wrong_share, step.extra_wrong_share_low, step.extra_wrong_share_high)
    title = step_title(step).replace("**", "")
    return (
        f"Next: **{title[:1].lower()}{title[1:]}**. It would save {money} {per}; {risk} would be wrong and not caught."
    )


def effort_words(row: Row | None) -> str:
    """What is spent once and when it is back; "" where the analysis does not tell."""
    once = None if row is None else row.get("one_off_usd")
    if row is None or once is None:
        return ""
    said = f"Effort: about {render_money(once)} once, mostly an engineer's hours"
    if row["basis"] != "month":
        calls = details_of(row).get("payback_calls")
        return f"{said}; back after about {about(calls)} calls of all traffic." if calls else f"{said}."
    if row["payback_days"] is None:
        return f"{said}; not back within five years at this volume."
    return f"{said}; back after {plural(round(row['payback_days']), 'day')}."


def step_lines(step: NextStep, task: Row, row: Row | None = None) -> list[str]:
    """Money, risk, effort, and what is expected."""
    money = render_money_interval(step.saving_usd, step.saving_low_usd, step.saving_high_usd)
    wrong = wrong_words(step.extra_wrong_share, step.extra_wrong_share_low, step.extra_wrong_share_high)
    expected = f"expected to suffice for {render_task_share(task)} of its calls."
    return [
        f"Would save {money}: {alternative_words(step.alternative)}.",
        f"Wrong and not caught if all its calls moved: {wrong}.",
        *([effort] if (effort := effort_words(row)) else []),
        f"A first test, {expected}"
        if step.test_first
        else f"It sufficed for {render_task_share(task)} of the replayed calls."
        if step.tested
        else f"A small model is {expected}",
    ]


def together(steps: Sequence[NextStep]) -> str:
    """The sum of the steps in a sentence; "" for fewer than two. The ends of the intervals are added up."""
    whole = add_up(steps)
    if whole is None or len(steps) < 2:
        return ""
    money = render_money_interval(whole.saving_usd, whole.saving_low_usd, whole.saving_high_usd)
    wrong = wrong_words(whole.extra_wrong_share, whole.extra_wrong_share_low, whole.extra_wrong_share_high, "their")
    return f"Together: {money}, and wrong and not caught {wrong}."
