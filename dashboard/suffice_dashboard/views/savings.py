"""Savings: the alternatives stacked and never added up, with the wrong answers that each would add."""

from __future__ import annotations

import json
import math

import streamlit as st

from suffice_analysis.replaceability import CLAIM_CALLS
from suffice_analysis.report.choice import rival_sentence
from suffice_analysis.savings.assumption_words import name_words, value_words
from suffice_analysis.savings.assumptions import HOURS_PER_MONTH
from suffice_analysis.savings.recommend import first_choice
from suffice_analysis.savings.row_details import details_of
from suffice_analysis.savings.sentences import at_stake, beside_the_money, per_words
from suffice_analysis.savings.what_if import break_even_curve
from suffice_analysis.slice_words import counted_rows
from suffice_dashboard import insights, pieces, queries, states
from suffice_dashboard.charts.money import break_even_chart, tornado_chart
from suffice_dashboard.charts.savings import cost_chart, would_cost, wrong_answers_chart
from suffice_dashboard.formatting import (
    basis_words,
    plural,
    render_count,
    render_estimate,
    render_interval,
    render_money_parts,
    shorten,
)
from suffice_dashboard.layout import side_by_side
from suffice_dashboard.queries import Row
from suffice_dashboard.risk import same_model, wrong_of_task
from suffice_dashboard.verdicts import VERDICTS, alternative_words
from suffice_dashboard.what_if import render_what_if
from suffice_store.rounding import about

ORDER = list(VERDICTS)  # as Overview's steps: what can be moved before what must be tested


@states.guarded
def render() -> None:
    """Draw the page."""
    analysis = queries.read_latest_analysis()
    queries.ahead_of_analysis(analysis, ("savings", {}), ("tasks", {}), ("slices", {}))
    savings = queries.read_analysed("savings", analysis)
    if not savings:
        states.show_nothing_analysed()
        return
    tasks = {row["task_id"]: row for row in queries.read_tasks(analysis)}
    whole = sorted((row for row in savings if row["task_id"] == ""), key=lambda row: row["position"])
    each = [row for row in savings if row["task_id"] in tasks]
    counted, money = counted_rows(tasks.values(), [*each, *whole], queries.read_analysed("slices", analysis))
    st.html(
        pieces.title("Savings")
        + pieces.paragraphs(
            [
                insights.savings_sentence(whole, money, counted),
                *([said] if (said := rival_sentence(whole)) and not insights.too_few(list(tasks.values())) else []),
            ]
        )
    )
    few = insights.too_few(list(tasks.values()))  # nothing is claimed, so nothing is set side by side
    if whole and not few:
        basis = per_words(whole[0])
        note = "Every line is all traffic under that alternative alone. Of a task only one can be chosen, so the savings are not to be added up. Whiskers are 90 % intervals. Savings are net of what the small models, their checks and what they send back cost, each rounded by its own interval. SLM: a small language model, under about 10 billion parameters."
        st.html(pieces.section("The alternatives", note))
        cost, wrong = side_by_side("alternatives", 3, 2)
        with cost:
            st.html(pieces.paragraphs([f"Cost {basis}"], "sf-note"))
            st.html(cost_chart(whole))
        with wrong:
            st.html(pieces.paragraphs([f"Extra wrong answers {basis_words(whole[0]['basis'])}"], "sf-note"))
            st.html(wrong_answers_chart(whole))
        st.html(alternatives_table(whole))
        _beside(whole, analysis)
        render_what_if(whole, each)
        _hangs_on(whole)
    if not few:
        _by_task(each, tasks)
        _assumptions(whole or savings)
    _unpriced()
    named = first_choice(whole)
    st.html(
        pieces.trace(
            *insights.analysis_trace(analysis, named["quality_grade"] if named is not None and not few else "")
        )
    )


def _beside(whole: list[Row], analysis: Row | None) -> None:
    """Wrong answers, set-up, commitments, falling prices of each alternative, in sentences."""
    published = analysis["published_ns"] if analysis else 0
    said = [(row, lines) for row in whole if (lines := beside_the_money(row, published))]
    if not said:
        return
    st.html(pieces.section("Beside the money", "What each alternative costs besides: wrong answers, set-up, time."))
    for place, (row, lines) in enumerate(said):
        chosen = first_choice(whole)
        with st.expander(
            alternative_words(row["alternative"]), expanded=row is chosen or (chosen is None and not place)
        ):
            items = "".join(f"<li>{pieces.bold(line)}</li>" for line in lines)
            st.html(f'<ul class="sf-explain">{items}</ul>')


def _hangs_on(whole: list[Row]) -> None:
    """The tornado of the alternative named first, and the break-even of one's own GPUs."""
    chosen = first_choice(whole)
    bars = details_of(chosen).get("tornado", []) if chosen is not None else []
    own = next((row for row in whole if row["alternative"] == "self_hosted_slm"), None)
    points = break_even_curve(own, [10 ** (place / 10) for place in range(10, 61)]) if own is not None else []
    if not bars and not points:
        return
    left, right = side_by_side("hangs-on", 1, 1)
    if bars and chosen is not None:
        with left:
            note = "Each assumption at the low (grey) and the high (blue) end of its range, the others as they are."
            st.html(pieces.section(f"What moves it most: {alternative_words(chosen['alternative'])}", note))
            st.html(tornado_chart(bars, float(chosen["saving_usd"])))
    if points and own is not None:
        with right:
            calls = details_of(own)["calls"]
            now = calls / HOURS_PER_MONTH if own["basis"] == "month" else None
            st.html(pieces.section("From how many requests an own GPU pays", break_even_words(points, now)))
            st.html(break_even_chart(points, now))


def break_even_words(points: list[tuple[float, float, float]], now: float | None) -> str:
    """Where the curve crosses what is paid today; what is moved now."""
    crossing = break_even_rate(points)
    if crossing is None:
        return "At no rate is it cheaper than what is paid today."
    per = f"; now there are {now:,.1f}" if now is not None else "; how many there are is not known"
    return f"From about {about(crossing)} requests an hour{per}. Upkeep is not in this curve."


def break_even_rate(points: list[tuple[float, float, float]]) -> float | None:
    """Requests an hour from which own GPUs cost no more than today; between two points along the line that is drawn (log, log)."""
    place = next((i for i, (_, own, today) in enumerate(points) if own <= today), None)
    if not place:
        return None if place is None else points[0][0]
    (rate, own, today), (next_rate, next_own, _) = points[place - 1], points[place]
    if min(own, next_own, today) <= 0 or own == next_own:
        return next_rate
    part = math.log(own / today) / math.log(own / next_own)
    return float(rate * (next_rate / rate) ** part)


def alternatives_table(savings: list[Row], task: Row | None = None) -> str:
    """Money and quality of each alternative in one line; of one ``task``, or of all traffic."""
    head = [
        ("Alternative", "wide"), ("Would cost", "num"), ("Saves", "num"),
        ("Acceptable answers", "num"), ("Wrong and not caught", "num"), ("Break-even of one", "num less"),
    ]  # fmt: skip
    rows = sorted(savings, key=lambda row: row["position"])
    if task is None:
        per = f"Money and wrong answers {per_words(rows[0])}" if rows else ""
    else:
        per = f"Money {insights.task_basis_words(rows[0]['basis'])}; wrong answers of the task's own" if rows else ""
    note = f'<p class="sf-note" style="margin-top:.5rem">{pieces.e(per)}. Caught: a check of form refuses the answer and today&#x27;s model is asked again. Break-even: what one wrong answer that nobody catches may cost before the saving is gone.</p>'
    return pieces.table(head, (("", _cells(row, task)) for row in rows)) + note


def _cells(row: Row, task: Row | None) -> list[str]:
    pays = "" if row["pays"] else " " + pieces.badge("does not pay", "bad")
    under = " · ".join(part for part in (row["model"], row["note"]) if part)
    return [
        f'<b>{pieces.e(alternative_words(row["alternative"]))}</b>{pays}<div class="sub">{pieces.e(under)}</div>',
        pieces.e(would_cost(row)),
        _saves(row, of_task=task is not None),
        *_quality(row, task),
        pieces.e(render_estimate(row["break_even_wrong_usd"])) if row["break_even_wrong_usd"] is not None else "–",
    ]


def _quality(row: Row, task: Row | None) -> list[str]:
    """Acceptable answers and extra wrong ones; today's model adds none."""
    if same_model(row):
        return ["same model", "none"]
    low, high = row["extra_wrong_low"], row["extra_wrong_high"]
    between = (
        f'<div class="sub">{render_count(low)}–{render_count(high)}</div>'
        if low is not None and high is not None
        else ""
    )
    share = pieces.e(render_interval(row["quality"], row["quality_low"], row["quality_high"]))
    if task is not None:
        return [
            f'{share}<div class="sub">{pieces.e(insights.known_by(row))}</div>',
            pieces.e(wrong_of_task(task, row)) + _caught(row, task),
        ]
    return [
        f'{share}<div class="sub">{pieces.e(insights.known_by(row))}</div>',
        pieces.e(render_count(row["extra_wrong"])) + between + _caught(row, task),
    ]


def _caught(row: Row, task: Row | None) -> str:
    """Wrong answers that are caught and asked again, as a line under the others: their cost is counted."""
    caught = row.get("caught")
    if caught is None:
        return ""
    if task is not None:
        return (
            f'<div class="sub">{100 * caught / row["answers"]:.0f} of 100 more caught</div>' if row["answers"] else ""
        )
    return f'<div class="sub">{pieces.e(render_count(round(caught)))} more caught</div>'


def _saves(row: Row, *, of_task: bool = False) -> str:
    stake = at_stake(row) if of_task else None
    if stake is not None:
        return pieces.e(stake)
    saving, interval = render_money_parts(row["saving_usd"], row["saving_low_usd"], row["saving_high_usd"])
    return pieces.e(saving) + (f'<div class="sub">{pieces.e(interval)}</div>' if interval else "")


def _by_task(savings: list[Row], tasks: dict[str, Row]) -> None:
    by_task: dict[str, list[Row]] = {}
    for row in savings:
        if tasks[row["task_id"]]["verdict"] != "stays" and tasks[row["task_id"]]["calls"] >= CLAIM_CALLS:
            by_task.setdefault(row["task_id"], []).append(row)
    best = {task_id: dict(chosen) for task_id, rows in by_task.items() if (chosen := first_choice(rows)) is not None}
    if not best:
        return
    ranked = sorted(best.values(), key=lambda row: (ORDER.index(tasks[row["task_id"]]["verdict"]), -(row["saving_usd"] or 0)))  # fmt: skip
    basis = insights.task_basis_words(ranked[0]["basis"])
    note = f"The alternative named first for each task: what is proven, what is likely or tested and not settled, what is untested. Money {basis}, so that the tasks add up; wrong answers of the task's own."
    st.html(pieces.section("Task by task", note))
    head = [
        ("Task", "name"),
        ("Verdict", ""),
        ("Alternative", "less"),
        ("Today", "num less"),
        ("Saves", "num"),
        ("Wrong and not caught", "short"),
    ]
    st.html(
        pieces.table(
            head,
            (
                (
                    "",
                    [
                        pieces.link(pieces.task_link(row["task_id"]), tasks[row["task_id"]]["name"]),
                        pieces.task_badge(tasks[row["task_id"]]),
                        f'{pieces.e(alternative_words(row["alternative"]))}<div class="sub">{pieces.e(row["model"])}</div>',
                        pieces.e(render_estimate(row["paid_usd"])),
                        _saves(row, of_task=True),
                        "none" if same_model(row) else pieces.e(wrong_of_task(tasks[row["task_id"]], row)),
                    ],
                )
                for row in ranked
            ),
        )
    )
    stay = [row["name"] for row in tasks.values() if row["verdict"] == "stays"]
    if stay:
        names = ", ".join(shorten(name, 40) for name in stay[:6]) + (" and others" if len(stay) > 6 else "")
        st.html(
            pieces.paragraphs(
                [
                    f"{plural(len(stay), 'task')} left out because {'it stays' if len(stay) == 1 else 'they stay'} on today's model: {names}."
                ],
                "sf-note",
            )
        )
    small = [row for row in tasks.values() if row["verdict"] != "stays" and row["calls"] < CLAIM_CALLS]
    if small:
        kept = f"{plural(len(small), 'task')} with under {CLAIM_CALLS} calls not judged: too few calls to say."
        st.html(pieces.paragraphs([kept], "sf-note"))
    left_out = len(tasks) - len(best) - len(stay) - len(small)
    if left_out > 0:
        st.html(
            pieces.paragraphs(
                [f"{plural(left_out, 'task')} more left out: no alternative pays, or nothing is priced."], "sf-note"
            )
        )


def _assumptions(savings: list[Row]) -> None:
    rows = assumption_rows(savings)
    if not rows:
        return
    st.html(pieces.section("Assumptions", "Every figure above stands on these."))
    with st.expander(f"All {len(rows)} assumptions, with their sources"):
        st.html(
            pieces.table(
                [("Assumption", "name"), ("Value", "wide"), ("From", "wide")],
                (("", [pieces.e(cell) for cell in row]) for row in rows),
            )
        )


def assumption_rows(savings: list[Row]) -> list[tuple[str, str, str]]:
    """The assumptions of these savings, each once: name, value with unit, source."""
    seen: dict[tuple[str, str, str], None] = {}
    for row in savings:
        for each in json.loads(row["assumptions"] or "[]"):
            name = name_words(str(each.get("name", "")))
            seen[name, value_words(each), str(each.get("source", ""))] = None
    return list(seen)


def _unpriced() -> None:
    unpriced = queries.read_live("unpriced_models")
    if not unpriced:
        return
    calls = sum(row["calls"] for row in unpriced)
    st.html(
        pieces.section(
            "Unpriced",
            f"{plural(calls, 'call')} of models without a known price are in no sum of money here. Set one with: suffice prices set.",
        )
    )
    st.html(
        pieces.table(
            [("Model", "name"), ("Provider", ""), ("Calls", "num")],
            (
                ("", [pieces.e(row["model"] or "unknown"), pieces.e(row["provider"]), render_count(row["calls"])])
                for row in unpriced
            ),
        )
    )


if __name__ == "__main__":
    render()
