"""What to do next, in words: the steps that ``suffice_analysis.next_steps`` finds for the report and for these pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from suffice_analysis.next_steps import NextStep
from suffice_analysis.savings.effort import (
    YEARS,
    falling_sentence,
    gpus_words,
    hours_words,
    once_words,
    pays_from_calls,
    pays_from_range,
    pays_from_words,
    range_of,
)
from suffice_analysis.savings.payback import months_words, span_words
from suffice_analysis.savings.recommend import TESTED
from suffice_analysis.savings.row_details import details_of
from suffice_analysis.savings.sentences import replay_sentence
from suffice_analysis.unsettled import OPEN
from suffice_dashboard.formatting import (
    basis_words,
    number_or_none,
    render_count,
    render_interval,
    render_money,
    render_money_interval,
    render_task_share,
)
from suffice_dashboard.parsing import parse_json
from suffice_dashboard.risk import wrong_words
from suffice_dashboard.verdicts import alternative_words
from suffice_store.rounding import about

Row = Mapping[str, Any]
ALL_SPEND = " of all spend: "


def test_command(task_id: str) -> str:
    """How to test a task, or all of them, in a line to paste."""
    return (
        f"One command tests it: suffice replay --task {task_id} --candidate URL#MODEL; suffice prove --budget USD takes all tasks, "
        f'those first that settle most money. By hand: suffice.Client().task_calls("{task_id}") with .conversation(call_id) for each.'
    )


@dataclass(frozen=True, slots=True)
class Spend:
    """What a saving is a part of: all that is paid per ``basis``, and how many times the basis was recorded (0: a projection)."""

    usd: float
    basis: str
    recorded: float = 0.0


def spend_of(savings: Sequence[Row], calls: int) -> Spend | None:
    """From the rows of all traffic and the calls that were analysed; None where nothing is priced."""
    row = next((r for r in savings if r["task_id"] == "" and number_or_none(r["paid_usd"])), None)
    if row is None:
        return None
    return Spend(float(row["paid_usd"]), row["basis"], 0.0 if row["basis"] == "month" else calls / 1000)


def saving_words(value: float, low: float, high: float, spend: Spend | None) -> str:
    """A saving as a share of all spend, so that it compares with the shares above it, and in money."""
    if spend is None:
        return render_money_interval(value, low, high)
    times, of = (spend.recorded, f"of the {render_money(spend.usd * spend.recorded)} recorded") if spend.recorded else (1.0, basis_words(spend.basis))  # fmt: skip
    money = f"{render_money_interval(value * times, low * times, high * times)} {of}"
    if low < 0:  # it may cost more, and a share below nothing reads badly
        return money
    return f"{render_interval(value / spend.usd, low / spend.usd, high / spend.usd)}{ALL_SPEND}{money}"


def step_title(step: NextStep) -> str:
    """Which task to move or to test, with which model; what does not bring back what it costs is left where it is."""
    if step.waits:
        proven = "proven, but " if step.proven else ""
        return f"Leave “{step.name}” for now: {proven}moving it to {step.model} is not paid back within {YEARS}"
    if step.decision == "check_volume":
        return f"Check the volume of “{step.name}”, then move it to {step.model}, proven by replay"
    if step.proven:
        return f"Move “{step.name}” to {step.model}, proven by replay"
    if step.tested:
        return f"Settle “{step.name}” first: {step.model} was {step.unsettled or OPEN}"
    return f"Test “{step.name}” against {step.model or alternative_words(step.alternative)}"


def savings_row(step: NextStep, savings: Sequence[Row]) -> Row | None:
    """The row of ``savings`` that a step stands for."""
    return next((r for r in savings if (r["task_id"], r["alternative"]) == (step.task_id, step.alternative)), None)


def next_sentence(
    steps: Sequence[NextStep], spend: Spend | None = None, too_few: str = "", *, filtered: bool = False
) -> str:
    """The third answer of Overview: what to do first, for how much, at what risk. The table below it says what it takes.
    ``filtered``: the page shows a part of the traffic, and this is about all of it."""
    if not steps:
        return f"Next: record more calls; {too_few}." if too_few else "Next: nothing pays to move on today's evidence."
    step = steps[0]
    money = saving_words(step.saving_usd, step.saving_low_usd, step.saving_high_usd, spend).partition(":")[0]
    risk = wrong_words(step.extra_wrong_share, step.extra_wrong_share_low, step.extra_wrong_share_high)
    title = step_title(step).replace("**", "")
    start = "Next, of all traffic" if filtered else "Next"
    saves = "It would save" if step.tested else "If all of it moved, it is expected to save"
    return f"{start}: **{title[:1].lower()}{title[1:]}**. {saves} **{money}**; {risk} would be wrong and not caught."


def effort_words(row: Row | None, spend: Spend | None = None) -> str:
    """What is spent once and when it is back, beside what was recorded; "" where the analysis does not tell."""
    once = None if row is None else row.get("one_off_usd")
    if row is None or once is None:
        return ""
    hours = f", {told}" if (told := hours_words(row)) else ""
    said = f"Effort: about {once_words(once, *(range_of(row) or (None, None)))} once{hours}"
    own = details_of(row).get("calls")
    if row["basis"] != "month":
        calls = pays_from_calls(row, own)
        if calls is None:
            return f"{said}."
        beside = f" ({render_count(own * spend.recorded)} recorded)" if own and spend and spend.recorded else ""
        counted = f", {words}" if (words := gpus_words(row)) else ""
        said = f"{said}; back within {YEARS} only from {pays_from_words(calls, *pays_from_range(row, own))} of its calls a month on{beside}{counted}."
        return f"{said} {falling_sentence(row)}".rstrip()
    volume = f"its {about(own)} calls a month" if own else "this volume"
    if row["payback_days"] is None:
        return f"{said}; not back within {YEARS} at {volume}."
    low, high = row.get("payback_days_low"), row.get("payback_days_high")
    back = months_words(row["payback_days"]) if low is None else span_words(row["payback_days"], low, high)
    return f"{said}; back after {back} at {volume}."


def step_lines(
    step: NextStep, task: Row, row: Row | None = None, spend: Spend | None = None, settling: str = ""
) -> list[str]:
    """Money, risk, effort, and what is expected or was found; of what was tested and is not proven what would settle it."""
    money = saving_words(step.saving_usd, step.saving_low_usd, step.saving_high_usd, spend)
    wrong = wrong_words(step.extra_wrong_share, step.extra_wrong_share_low, step.extra_wrong_share_high)
    return [
        f"{alternative_words(step.alternative)}: would save {money}.",
        f"Wrong and not caught if all its calls moved: {wrong}{_in_those_recorded(step, spend)}.",
        *([effort] if (effort := effort_words(row, spend)) else []),
        *([settling] if settling and step.tested and not step.proven else []),
        expected_words(step, task),
    ]


def expected_words(step: NextStep, task: Row) -> str:
    """What is expected of a step's task, or was found."""
    share = render_task_share(task)
    if step.test_first:
        return f"A first test, expected to suffice for {share} of its calls."
    if step.tested:
        return f"It sufficed for {share} of the replayed calls."
    return f"A small model is expected to suffice for {share} of its calls."


def _in_those_recorded(step: NextStep, spend: Spend | None) -> str:
    if spend is None or not spend.recorded:
        return ""
    answers = step.answers * spend.recorded
    return f", {render_count(step.extra_wrong_share * answers)} of the {render_count(answers)} recorded"


def settling_words(estimates: Sequence[Row], per: str) -> str:
    """How many replays would settle a task, by what was expected before; "" where the analysis does not tell."""
    first = next((row for row in estimates if row["value"] is not None and row["grade"] not in TESTED), None)
    return "" if first is None else replay_sentence(parse_json(first["details"]), per) or ""
