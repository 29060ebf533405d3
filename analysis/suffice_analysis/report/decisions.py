"""The decisions of page one: at most three tasks to move or to test, each with its money, its risk and a line for its owner."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from suffice_analysis.next_steps import NextStep, add_up
from suffice_analysis.report.wording import of_100, of_100_interval
from suffice_store.console import UNKNOWN, format_usd, format_usd_range
from suffice_store.rounding import about

if TYPE_CHECKING:
    from suffice_analysis.report.model import Report

NAME_CHARS = 34  # of a task's name on page one: it has at most 200 words
MODEL_CHARS = 40
WHOLE_USD = 100  # what is mostly an engineer's hours is not known to the cent
NEVER = "not in 5 years"


@dataclass(frozen=True, slots=True)
class Decision:
    """One line of page one, in words. ``saving_ends`` and ``wrong_ends``: the intervals of what stands before them."""

    what: str
    model: str
    saving: str
    saving_ends: str
    once: str
    back_after: str
    wrong: str
    wrong_ends: str


def decisions(report: Report) -> list[Decision]:
    """What is to be decided, and, of two and more, all together: set-up is shared, so it is not added up."""
    steps = report.next_steps
    found = [_decision(step, report.analysis["basis"]) for step in steps]
    total = add_up(steps)
    if total is None or len(steps) < 2:
        return found
    saving, low, high = format_usd_range(total.saving_usd, total.saving_low_usd, total.saving_high_usd)
    wrong = total.extra_wrong_share, total.extra_wrong_share_low, total.extra_wrong_share_high
    return [
        *found,
        Decision(
            "Together",
            "",
            saving,
            _between(low, high),
            "",
            "",
            of_100(wrong[0]),
            of_100_interval(*wrong[1:]).replace(" to ", "–"),
        ),
    ]


def _decision(step: NextStep, basis: str) -> Decision:
    verb = "Move" if step.proven else "Test"
    saving, low, high = format_usd_range(step.saving_usd, step.saving_low_usd, step.saving_high_usd)
    return Decision(
        f"{verb} “{_cut(step.name, NAME_CHARS)}”",
        _cut(step.model, MODEL_CHARS),
        saving,
        _between(low, high),
        once_words(step.one_off_usd),
        back_after(step, basis),
        of_100(step.extra_wrong_share),
        of_100_interval(step.extra_wrong_share_low, step.extra_wrong_share_high).replace(" to ", "–"),
    )


def once_words(usd: float | None) -> str:
    """What is spent once: from $100 on whole dollars."""
    return format_usd(usd) if usd is None or usd < WHOLE_USD else f"${usd:,.0f}"


def back_after(step: NextStep, basis: str) -> str:
    """When what is spent once is back: ``40 days``, ``280 million calls``, ``not in 5 years``; a dash where not known."""
    if step.one_off_usd is None or step.saving_usd <= 0:
        return UNKNOWN
    if basis != "month":
        return UNKNOWN if step.payback_calls is None else f"{about(step.payback_calls)} calls"
    return NEVER if step.payback_days is None else f"{step.payback_days:,.0f} days"


def _between(low: str, high: str) -> str:
    return f"{low} to {high}" if low.startswith("-") else f"{low}–{high}"


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else f"{text[: limit - 1].rstrip()}…"
