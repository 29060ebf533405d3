"""The sliders of the Savings page: every alternative under other volumes, prices, escalation and utilisation."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import streamlit as st

from suffice_analysis.savings.marginal import beyond
from suffice_analysis.savings.own_gpus import SELF_HOSTED
from suffice_analysis.savings.row_details import details_of
from suffice_analysis.savings.what_if import Change, Outcome, what_if
from suffice_dashboard import pieces
from suffice_dashboard.charts.money import stacked_chart
from suffice_dashboard.formatting import basis_words, render_count, render_estimate
from suffice_dashboard.layout import side_by_side
from suffice_dashboard.queries import Row
from suffice_dashboard.risk import same_model
from suffice_dashboard.verdicts import alternative_words

UTILISATIONS = ("as it is", "5 %", "20 %", "50 %", "100 %")
_SHARES = (None, 0.05, 0.2, 0.5, 1.0)


def render_what_if(whole: Sequence[Row], each: Sequence[Row] = ()) -> None:
    """Sliders, the stack they give, and its wrong answers. Nothing where the analysis keeps no details. ``each``: by task."""
    rows = [row for row in whole if what_if(row, Change()) is not None]
    if not rows:
        return
    st.html(
        pieces.section(
            "What if",
            "Move a slider: the same arithmetic as above, on all traffic. At rest it shows the figures above.",
        )
    )
    change = _sliders(caught_percent(rows))
    outcomes = [(row, outcome) for row in rows if (outcome := what_if(row, change)) is not None]
    left, right = side_by_side("what-if", 3, 2)
    with left:
        st.html(pieces.paragraphs([stack_words(rows[0]["basis"], change.volume)], "sf-note"))
        st.html(stacked_chart(stack(outcomes, change, each), outcomes[0][1].paid_usd))
    with right:
        st.html(what_if_table(outcomes))


def stack_words(basis: str, volume: float) -> str:
    """What the bars and the table beside them are per: at another volume no longer what the page's other figures are."""
    if volume == 1.0:
        return f"Stacked: cost and saving {basis_words(basis)}"
    if basis == "month":
        return f"Stacked: cost and saving a month, at {volume:.1f} times today's calls"
    return f"Stacked: cost and saving of {1000 * volume:,.0f} calls, where today there are 1,000"


def caught_percent(rows: Sequence[Row]) -> int:
    """Of the wrong answers that the alternatives would add, the share that is caught as analysed, in percent."""
    caught = sum(row["caught"] or 0.0 for row in rows)
    every = caught + sum(row["extra_wrong"] or 0.0 for row in rows)
    return round(100 * caught / every) if every else 0


def _sliders(usual: int) -> Change:
    first, second = st.columns(2, gap="large")
    with first:
        volume = st.slider("Calls, times today's", 0.1, 10.0, 1.0, 0.1, key="if-volume", format="%.1f ×")
        caught_off = st.toggle("Set the share of wrong answers caught", key="if-escalate")
        caught = usual  # each alternative's own share, until it is set for all of them
        if caught_off:
            caught = st.slider("Wrong answers caught and asked again, %", 0, 100, usual, 1, key="if-caught")
    with second:
        today = st.slider("Today's model's price, times today's", 0.1, 2.0, 1.0, 0.1, key="if-today", format="%.1f ×")
        others = st.slider("Small models' prices, times today's", 0.1, 3.0, 1.0, 0.1, key="if-others", format="%.1f ×")
        busy = st.select_slider("Utilisation of own GPUs", UTILISATIONS, key="if-utilisation")
    share = _SHARES[UTILISATIONS.index(busy)]
    return Change(volume, today, others, caught / 100 if caught_off else None, share)


def stack(
    outcomes: Sequence[tuple[Row, Outcome]], change: Change, each: Sequence[Row] = ()
) -> list[tuple[str, float, float, float]]:
    """Name, cost, saved already by a better one before it, saved beyond it, task by task; what is dearer than today saves nothing.

    ``each``: the rows by task; of an older analysis, which does not tell the tasks of a total, all count as one.
    """
    by_task = {(row["task_id"], row["alternative"]): row for row in each}
    best: dict[str, float] = {}
    lines = []
    for row, outcome in outcomes:
        own = _by_task(row, outcome, change, by_task)
        saving = max(0.0, outcome.saving_usd)
        more = min(saving, beyond(row["alternative"], own, best))
        already = 0.0 if math.isclose(saving, more) else saving - more
        best |= {task: max(usd, best.get(task, 0.0)) for task, usd in own.items()}
        lines.append((alternative_words(row["alternative"]), outcome.projected_usd, already, more))
    return lines


def _by_task(total: Row, outcome: Outcome, change: Change, rows: Mapping[tuple[str, str], Row]) -> dict[str, float]:
    """What each task saves that ``total`` moves. Of own GPUs, taken whole, in equal parts: only their sum counts."""
    name, details = total["alternative"], details_of(total)
    tasks = details.get("moved_tasks", ())
    if name == SELF_HOSTED and tasks:
        return {task: outcome.saving_usd / len(tasks) for task in tasks}
    slices = {each["task_id"]: each for each in details.get("slices", ())}
    found: dict[str, float] = {}
    for task in tasks:
        row = rows.get((task, name)) or slices.get(task)
        under = None if row is None else what_if({**row, "basis": total["basis"]}, change)
        if under is None:
            return {"": outcome.saving_usd}
        found[task] = under.saving_usd
    return found or {"": outcome.saving_usd}


def what_if_table(outcomes: Sequence[tuple[Row, Outcome]]) -> str:
    """Money and wrong answers of each alternative, beside each other."""
    head = [
        ("Alternative", "wide"),
        ("Saves", "num"),
        ("Caught", "num"),
        ("Unnoticed", "num"),
        ("Break-even of one", "num less"),
    ]
    return pieces.table(head, (("", _cells(row, outcome)) for row, outcome in outcomes))


def _cells(row: Row, outcome: Outcome) -> list[str]:
    under = "" if outcome.gpus is None else f'<div class="sub">{outcome.gpus:,.1f} GPUs</div>'
    pays = "" if outcome.saving_usd > 0 else " " + pieces.badge("does not pay", "bad")
    wrong = (
        ["none", "none"]
        if same_model(row)
        else [pieces.e(render_count(round(outcome.caught))), pieces.e(render_count(round(outcome.silent)))]
    )
    each = outcome.break_even_wrong_usd
    return [
        f"<b>{pieces.e(alternative_words(row['alternative']))}</b>{pays}{under}",
        f'<span style="white-space:nowrap">{pieces.e(render_estimate(outcome.saving_usd))}</span>',
        *wrong,
        "–" if each is None else pieces.e(render_estimate(each)),
    ]
