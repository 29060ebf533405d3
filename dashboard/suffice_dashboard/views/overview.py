"""Overview: what was spent and on what, how much of it could be small, what to do next."""

from __future__ import annotations

import streamlit as st

from suffice_analysis.next_steps import NextStep, find_next_steps
from suffice_analysis.slice_words import counted_rows
from suffice_dashboard import insights, pieces, queries, states, waterfall
from suffice_dashboard.charts.spend import spend_over_time
from suffice_dashboard.charts.style import CONFIG
from suffice_dashboard.filters import ask_filters, filter_query
from suffice_dashboard.formatting import (
    number_or_none,
    plural,
    render_count,
    render_interval,
    render_money,
    render_share,
    render_tokens,
    shorten,
)
from suffice_dashboard.layout import side_by_side
from suffice_dashboard.parsing import parse_json
from suffice_dashboard.queries import Row
from suffice_dashboard.steps import BY_HAND, next_sentence, savings_row, step_lines, step_title, together

HOURS_SHOWN_NS = 3 * 86_400 * 10**9  # spend by hour up to three days, by day beyond


@states.guarded
def render() -> None:
    """Draw the page."""
    everything = queries.read_overview({})
    if not everything["calls"]:
        states.show_no_calls()
        return
    filters = ask_filters()
    filtered = any(value is not None for value in filters.values())
    overview = queries.read_overview(filters) if filtered else everything
    if not overview["calls"]:
        states.show_nothing_found("No calls with these filters", "Widen the time, or clear another filter.")
        return
    analysis = queries.read_latest_analysis()
    tasks, headline = queries.read_tasks(analysis), queries.read_headline(analysis)
    models = queries.read_spend("model", filters)
    sentences = [insights.spend_sentence(overview, models, [] if filtered else tasks)]
    savings, slices = (queries.read_analysed(name, analysis) for name in ("savings", "slices"))
    steps = find_next_steps(*counted_rows(tasks, savings, slices))
    if tasks and analysis:
        sentences.append(insights.movable_sentence(headline, filtered))
        sentences.append(next_sentence(steps, insights.task_basis_words(analysis["basis"])))
    st.html('<h1 class="sf-unseen">Overview</h1>' + pieces.paragraphs(sentences, "sf-hero"))
    st.html(_tiles(overview, headline, filtered))
    if tasks:
        _waterfall(analysis, tasks, headline, filters)
        _next_steps(analysis, tasks, steps, filtered)
    else:
        states.show_no_analysis(everything["calls"])
    _spend(overview, models, filters)
    notes = insights.coverage_notes(overview)
    st.html(pieces.trace(*insights.analysis_trace(analysis, _grade(headline)), *notes))


def _tiles(overview: Row, headline: dict[str, Row], filtered: bool) -> str:
    cost = headline.get("expected_share_cost") or {}
    calls = headline.get("expected_share_calls") or {}
    proven = (headline.get("proven_share_cost") or {}).get("value")
    of_all = ", of all traffic" if filtered else ""
    tiles = [
        pieces.tile(
            "Spent",
            render_money(overview["paid_usd"]),
            paid_note(overview),
        ),
        pieces.tile("Calls", render_count(overview["calls"]), _runs_and_services(overview)),
        pieces.tile(
            "Tokens",
            render_tokens(_tokens(overview)),
            f"{render_tokens(overview['input_tokens'])} in · {render_tokens(overview['output_tokens'])} out",
        ),
    ]
    if headline:
        tiles += [
            pieces.tile(
                "Expected movable" + of_all,
                _share_alone(cost),
                _of_calls(cost, calls),
                "Share of spend that a small model is expected to suffice for",
            ),
            pieces.tile(
                "Proven movable" + of_all,
                render_share(proven or 0),
                "by replay" if number_or_none(proven) else "nothing replayed yet",
                "Share of spend whose lower bound is over the bar, by replay",
            ),
        ]
    return pieces.tiles(*tiles)


def paid_note(row: Row) -> str:
    """What a sum of money leaves out. A failed call without usage costs nothing known: it lacks no price."""
    unpriced = row["unpriced_calls"] or 0
    return f"{plural(unpriced, 'call')} unpriced" if unpriced else "every call with usage priced"


def _share_alone(estimate: Row) -> str:
    """The value in big figures, with the digits it has beside its interval, or the interval where it is too wide for one."""
    return render_interval(estimate.get("value"), estimate.get("low"), estimate.get("high")).partition(" (")[0]


def _runs_and_services(overview: Row) -> str:
    parts = [plural(overview["runs"], "run"), plural(overview["services"], "service")]
    if overview["error_calls"]:
        parts.append(plural(overview["error_calls"], "error"))
    return " · ".join(parts)


def _of_calls(cost: Row, calls: Row) -> str:
    between = render_interval(cost.get("value"), cost.get("low"), cost.get("high"))
    inside = between[between.find("(") :] if "(" in between else ""
    by_calls = f"{_share_alone(calls)} of calls" if calls else ""
    return " · ".join(part for part in (f"{inside.strip('()')} % of spend" if inside else "of spend", by_calls) if part)


def _waterfall(analysis: Row | None, tasks: list[Row], headline: dict[str, Row], filters: queries.Filters) -> None:
    """From the bill to the proven saving; follows the filters."""
    funnel = queries.read_funnel(filters)
    if number_or_none(funnel["paid_usd"]) is None:
        return
    filtered = any(value is not None for value in filters.values())
    paid = {row["key"]: number_or_none(row["paid_usd"]) or 0.0 for row in queries.read_spend("task", filters)}
    whole = waterfall.expected_of_all(headline.get("expected_share_cost"), funnel["production_usd"])
    expected = waterfall.expected_of_part(tasks, paid) if filtered else whole
    net = waterfall.net_money(tasks, queries.read_analysed("savings", analysis), paid)
    found = waterfall.steps(funnel, expected, waterfall.proven_money(tasks, paid), net)
    note = (
        "As recorded. Filled: what is left; hatched: what falls out, and a click shows it; the bracket is the 90 % interval."
    ) + left_out_note(headline.get("expected_share_cost"))
    st.html(pieces.section("From the bill to the saving", note))
    st.html(waterfall.render_waterfall(found, filter_query()))


def left_out_note(estimate: Row | None) -> str:
    """Which calls the expected share says nothing about."""
    details = parse_json(estimate["details"] if estimate else None)
    left_out = details.get("left_out_calls") if isinstance(details, dict) else None
    return f" {plural(left_out, 'call')} in tasks too small for a claim are left out of it." if left_out else ""


def _next_steps(analysis: Row | None, tasks: list[Row], steps: list[NextStep], filtered: bool) -> None:
    savings = queries.read_analysed("savings", analysis)
    by_id = {row["task_id"]: row for row in tasks}
    per = f"Money {insights.task_basis_words(analysis['basis'])}." if analysis else ""
    st.html(pieces.section("What to do next", f"{'Of all traffic, without the filters. ' if filtered else ''}{per}"))
    if not steps:
        st.html(
            pieces.paragraphs(
                [
                    "No task pays to move on today's evidence. Savings shows every alternative that was weighed, with its reason."
                ],
                "sf-note",
            )
        )
        return
    cards = [
        pieces.card(
            f"{place}. {shorten(step_title(step), 90)}",
            pieces.task_link(step.task_id),
            step_lines(step, by_id[step.task_id], savings_row(step, savings)),
            pieces.verdict_badge(step.verdict) + (pieces.badge("first test") if step.test_first else ""),
            "See the evidence",
        )
        for place, step in enumerate(steps, 1)
    ]
    st.html(pieces.cards(*cards))
    st.html(pieces.paragraphs([line for line in (together(steps), BY_HAND) if line], "sf-note"))


def _spend(overview: Row, models: list[Row], filters: queries.Filters) -> None:
    left, right = side_by_side("spend", 3, 2)
    span = (overview["last_call_ns"] or 0) - (overview["first_call_ns"] or 0)
    unit = "hour" if span <= HOURS_SHOWN_NS else "day"
    with left:
        rows = [row for row in queries.read_spend(unit, filters) if row["key"] not in (None, "")]
        if len(rows) > 1:
            st.html(pieces.section(f"Spend by {unit}"))
            st.plotly_chart(spend_over_time(rows, unit), config=CONFIG, key="spend-over-time")
        else:
            why = f"All calls lie in one {unit}" if rows else "These calls carry no times"
            st.html(pieces.section("Spend by service", f"{why}, so there is nothing to draw over time."))
            st.html(spend_bars(queries.read_spend("service", filters), "unknown service"))
    with right:
        st.html(pieces.section("Top models"))
        st.html(spend_bars(models, "unknown model"))


def spend_bars(rows: list[Row], nameless: str, limit: int = 6) -> str:
    """The rows with most money (most calls where nothing is priced), the widest bar the largest."""
    measure = "paid_usd" if any(number_or_none(row["paid_usd"]) for row in rows) else "calls"
    ranked = sorted(rows, key=lambda row: -(number_or_none(row[measure]) or 0))[:limit]
    widest = max((number_or_none(row[measure]) or 0 for row in ranked), default=0) or 1
    return pieces.bar_list(
        (
            row["name"] or row["key"] or nameless,
            _paid(row),
            (number_or_none(row[measure]) or 0) / widest,
            plural(row["calls"], "call") + (f" · {render_tokens(_tokens(row))} tokens" if _tokens(row) else ""),
        )
        for row in ranked
    )


def _tokens(row: Row) -> int:
    return (row["input_tokens"] or 0) + (row["output_tokens"] or 0)


def _paid(row: Row) -> str:
    return "no token counts" if row["paid_usd"] is None and not _tokens(row) else render_money(row["paid_usd"])


def _grade(headline: dict[str, Row]) -> str:
    return str(headline["expected_share_cost"]["grade"]) if "expected_share_cost" in headline else ""


if __name__ == "__main__":
    render()
