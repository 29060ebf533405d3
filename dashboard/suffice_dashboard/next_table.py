"""What to do next as one table: each step with its money, its risk, its effort, then what they come to together.

The same columns as on page one of the report, so that both can be laid beside each other. Pure functions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from suffice_analysis.next_steps import NextStep, Row, StepsSum, add_up
from suffice_analysis.report.decisions import UNDER_COMMITMENT, back_after, worth_doing
from suffice_analysis.savings.effort import YEARS, ends_words, once_range
from suffice_analysis.savings.own_gpus import SELF_HOSTED
from suffice_dashboard import pieces
from suffice_dashboard.formatting import render_count
from suffice_dashboard.pieces import e
from suffice_dashboard.risk import wrong_figure
from suffice_dashboard.steps import ALL_SPEND, Spend, saving_words, step_title
from suffice_dashboard.verdicts import alternative_words
from suffice_store.console import UNKNOWN
from suffice_store.rounding import about

NUMBERS = {2: "Both", 3: "All three"}


@dataclass(frozen=True, slots=True)
class Cells:
    """One line in words; each figure with what stands under it."""

    what: str
    saves: tuple[str, str]
    wrong: tuple[str, str]
    once: tuple[str, str]
    back: tuple[str, str]


def step_cells(step: NextStep, place: int, spend: Spend | None) -> Cells:
    """One step."""
    answers = step.answers * spend.recorded if spend else 0.0
    under = (
        f"{render_count(step.extra_wrong_share * answers)} of the {render_count(answers)} recorded" if answers else ""
    )
    return _cells(f"{place}. {step_title(step)}", step, spend, under)


def sum_cells(steps: Sequence[NextStep], spend: Spend | None, totals: Sequence[Row] = ()) -> list[Cells]:
    """Of two steps and more that bring back what they cost: what is proven of them, where that is several and not all, and all
    together. ``totals``: rows of ``savings`` over all traffic, for ends that were simulated together."""
    paying = worth_doing(steps)
    waiting, steps = len(steps) - len(paying), paying
    if len(steps) < 2:
        return []
    proven = [step for step in steps if step.proven]
    sums = [("Proven alone", proven)] if 2 <= len(proven) < len(steps) else []
    name = "Those that pay back" if waiting else NUMBERS.get(len(steps), f"All {len(steps)}")
    sums.append((f"{name} together", list(steps)))
    found = []
    for name, some in sums:
        whole = add_up(some, totals)
        assert whole is not None
        shared = sum(step.alternative == SELF_HOSTED for step in some) > 1
        found.append(_cells(name, whole, spend, "", "GPUs that they share counted once" if shared else ""))
    return found


def proven_words(steps: Sequence[NextStep]) -> str:
    """How many of several are proven; "" of one, whose badge says it."""
    proven = sum(step.proven for step in steps)
    if len(steps) < 2:
        return ""
    number = "None" if not proven else "All" if proven == len(steps) else render_count(proven)
    return f"{number} of them {'is' if proven < 2 and proven < len(steps) else 'are'} proven."


def _cells(what: str, step: NextStep | StepsSum, spend: Spend | None, under: str, once: str = "") -> Cells:
    said = saving_words(step.saving_usd, step.saving_low_usd, step.saving_high_usd, spend)
    share, apart, money = said.partition(ALL_SPEND)
    money = (money if apart else share).partition(" of the ")[0]  # what was recorded stands above the table
    wrong = wrong_figure(step.extra_wrong_share, step.extra_wrong_share_low, step.extra_wrong_share_high)
    said, ends = once_range(step.one_off_usd, step.one_off_low_usd, step.one_off_high_usd)
    spent = "not known" if step.one_off_usd is None else f"about {said}"
    saves = (share, money) if apart else (money, "")
    return Cells(what, saves, (wrong, under), (spent, once or ends), back_words(step, spend))


def back_words(step: NextStep | StepsSum, spend: Spend | None) -> tuple[str, str]:
    """When what is spent once is back, as the report says it, and the volume that this is told of."""
    back = UNKNOWN if spend is None else back_after(step, spend.basis)
    if spend is None or back == UNKNOWN:
        return "not known", ""
    if back == UNDER_COMMITMENT:
        return "open", "under the commitment that they share"
    if spend.basis == "month":
        figure, _, ends = back.partition(" (")
        volume = f"at {about(step.calls)} calls a month" if step.calls else "at this volume"
        return figure, f"{ends.removesuffix(')')}, {volume}" if ends else volume
    recorded = (step.calls or 0.0) * spend.recorded
    under = f"{render_count(recorded)} recorded" if recorded else ""
    if isinstance(step, NextStep) and step.back_from_calls_low is not None:
        under = "; ".join(filter(None, [ends_words(step.back_from_calls_low, step.back_from_calls_high), under]))
    return back, under


def render_next(
    steps: Sequence[NextStep],
    spend: Spend | None,
    badges: Sequence[str],
    said: Sequence[Sequence[str]],
    links: Sequence[str],
    totals: Sequence[Row] = (),
) -> str:
    """The table. Of each step ``badges`` and ``links`` (HTML) and ``said``: lines under its title."""
    head = [
        ("Step", "wide"),
        ("Saves, net, of spend", "num"),
        ("Wrong and not caught", "num"),
        ("Costs once", "num"),
        ("Back after" if spend is None or spend.basis == "month" else f"Back within {YEARS}", "num"),
    ]
    rows = []
    for place, (step, badge, lines, link) in enumerate(zip(steps, badges, said, links, strict=True), 1):
        cells = step_cells(step, place, spend)
        first, *more = lines
        under = (f"{alternative_words(step.alternative)}. {first}", *more)
        small = "".join(f'<div class="sub">{e(line)}</div>' for line in under)
        rows.append(("", [f'<b>{e(cells.what)}</b>{small}<div class="go">{badge}{link}</div>', *_figures(cells)]))
    rows += [("sum", [f"<b>{e(cells.what)}</b>", *_figures(cells)]) for cells in sum_cells(steps, spend, totals)]
    return f'<div class="sf-next">{pieces.table(head, rows)}</div>'


def _figures(cells: Cells) -> list[str]:
    return [
        f"<b>{e(figure)}</b>" + (f'<div class="sub">{e(under)}</div>' if under else "")
        for figure, under in (cells.saves, cells.wrong, cells.once, cells.back)
    ]
