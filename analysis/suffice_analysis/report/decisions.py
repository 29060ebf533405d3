"""The decisions of page one: at most three tasks to move, to test or to leave, each with its money, its risk and a line for its owner."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from suffice_analysis.next_steps import NextStep, StepsSum, add_up
from suffice_analysis.report.wording import of_100, of_100_interval
from suffice_analysis.savings.effort import YEARS, once_range
from suffice_analysis.savings.payback import months_figure, months_words, span_words
from suffice_store.console import UNKNOWN, format_usd_range
from suffice_store.rounding import about

if TYPE_CHECKING:
    from suffice_analysis.report.model import Report

NAME_WORDS, NAME_CHARS = 4, 36  # of a task's name on page one, which has at most 200 words
MODEL_CHARS = 40
NEVER = f"not in {YEARS}"
VERBS = {
    "move": "Move",
    "check_volume": "Check volume; move",
    "settle": "Settle",
    "test": "Test",
    "test_first": "Test",
    "wait": "Leave",
}
NOT_KNOWN = "not known"
UNDER_COMMITMENT = "open: commitment"


@dataclass(frozen=True, slots=True)
class Decision:
    """One line of page one, in words. What ends in ``_ends`` is the interval of what stands before it."""

    what: str
    model: str
    saving: str
    saving_ends: str
    once: str
    once_ends: str
    back_after: str
    back_ends: str
    wrong: str
    wrong_ends: str
    is_sum: bool = False


def decisions(report: Report) -> list[Decision]:
    """What is to be decided, and, of two and more that are worth doing, what is proven of it and all together: GPUs that several
    share are set up once."""
    basis = report.analysis["basis"]
    found = [_decision(step, basis) for step in report.next_steps]
    steps = worth_doing(report.next_steps)
    proven = [step for step in steps if step.proven]
    # What is sure stands apart from what is to be tested, where the steps since the report before leave it room.
    if 2 <= len(proven) < len(steps) and report.bridge is None:
        found.append(_sum("Proven", proven, report))
    return [*found, _sum("Together", steps, report)] if len(steps) >= 2 else found


def worth_doing(steps: Sequence[NextStep]) -> list[NextStep]:
    """Those that bring back what moving them costs, as far as is known: what is left as it is brings nothing."""
    return [step for step in steps if not step.waits]


def _sum(what: str, steps: Sequence[NextStep], report: Report) -> Decision:
    total = add_up(steps, report.totals)
    assert total is not None
    saving, low, high = format_usd_range(total.saving_usd, total.saving_low_usd, total.saving_high_usd)
    wrong = total.extra_wrong_share, total.extra_wrong_share_low, total.extra_wrong_share_high
    return Decision(
        what,
        "",
        saving,
        between(low, high),
        NOT_KNOWN if total.one_off_usd is None else _once(total)[0],
        "",  # page one has at most 200 words; page two tells it
        _cell(total, report.analysis["basis"]),
        "",
        _of_100(wrong[0]),
        of_100_interval(*wrong[1:]).replace(" to ", "–"),
        is_sum=True,
    )


def _decision(step: NextStep, basis: str) -> Decision:
    saving, low, high = format_usd_range(step.saving_usd, step.saving_low_usd, step.saving_high_usd)
    return Decision(
        f"{VERBS[step.decision]} “{_cut(_first_words(step.name), NAME_CHARS)}”",
        _cut(step.model, MODEL_CHARS),
        saving,
        between(low, high),
        *_once(step),
        _cell(step, basis),
        _cell_ends(step, basis),
        _of_100(step.extra_wrong_share),
        of_100_interval(step.extra_wrong_share_low, step.extra_wrong_share_high).replace(" to ", "–"),
    )


def _once(step: NextStep | StepsSum) -> tuple[str, str]:
    return once_range(step.one_off_usd, step.one_off_low_usd, step.one_off_high_usd)


def _cell(step: NextStep | StepsSum, basis: str) -> str:
    """As the head of the column leaves it to say: in months, or calls a month."""
    if basis != "month":
        return _short(pays_from(step))
    said = back_after(step, basis)
    return said if said in (UNKNOWN, UNDER_COMMITMENT) else months_figure(step.payback_days)


def _cell_ends(step: NextStep, basis: str) -> str:
    """Of the 90 % interval, in the same unit; "" where it is not known."""
    if step.one_off_usd is None or step.saving_usd <= 0:
        return ""
    if basis == "month":
        if step.payback_days is None or step.payback_days_low is None:
            return ""
        return "–".join(months_figure(end) for end in (step.payback_days_low, step.payback_days_high))
    if step.back_from_calls_low is None:
        return ""
    ends = step.back_from_calls_low, step.back_from_calls_high
    return "–".join("∞" if end is None else _short(about(end)) for end in ends)


def _short(number: str) -> str:
    return number.replace(" million", "M").replace(" billion", "B")


def pays_from(step: NextStep | StepsSum) -> str:
    """The task's own calls a month from which on what is spent once is back within five years: ``180,000``."""
    return UNKNOWN if step.back_from_calls is None else about(step.back_from_calls)


def back_after(step: NextStep | StepsSum, basis: str) -> str:
    """When what is spent once is back: ``40 days``, ``14 months``, ``not in 5 years``; a dash where not known. Where the volume
    of a month is not known, from which on it is: ``from 180,000 calls a month``.

    Of several under a commitment it is not known: each alone may be the one that uses up what is owed anyway.
    """
    if step.one_off_usd is None or step.saving_usd <= 0:
        return UNKNOWN
    if basis != "month":
        return (
            UNKNOWN
            if step.back_from_calls is None
            else f"from {pays_from(step)} of {'their' if isinstance(step, StepsSum) else 'its'} calls a month"
        )
    if isinstance(step, StepsSum) and step.floored:
        return UNDER_COMMITMENT
    if step.payback_days is None:
        return NEVER
    if isinstance(step, StepsSum) or step.payback_days_low is None:
        return months_words(step.payback_days)
    return span_words(step.payback_days, step.payback_days_low, step.payback_days_high)


def between(low: str, high: str) -> str:
    """``$0.05–$0.06``, one word; ``-$1.00 to $2.00`` where a dash would be read as a sign."""
    return f"{low} to {high}" if low.startswith("-") else f"{low}–{high}"


def _first_words(name: str) -> str:
    words = name.split()
    return name if len(words) <= NAME_WORDS else f"{' '.join(words[:NAME_WORDS]).rstrip(',;:…')}…"


def _of_100(share: float) -> str:
    """``9``, ``<1``: the column's head says of how many."""
    return of_100(share).removesuffix(" of 100").replace("under ", "<")


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else f"{text[: limit - 1].rstrip()}…"
