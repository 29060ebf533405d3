"""Overview: what was spent and on what, how much of it could be small, what to do next."""

from __future__ import annotations

import streamlit as st

from suffice_dashboard import insights, pieces, queries, states
from suffice_dashboard.charts.spend import money_bar, spend_over_time
from suffice_dashboard.charts.style import CONFIG
from suffice_dashboard.filters import ask_filters
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
from suffice_dashboard.queries import Row

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
        states.show_nothing_found("No calls with these filters", "Widen the time, or clear the service or model.")
        return
    analysis = queries.read_latest_analysis()
    tasks, headline = queries.read_tasks(analysis), queries.read_headline(analysis)
    models = queries.read_spend("model", filters)
    sentences = [insights.spend_sentence(overview, models, [] if filtered else tasks)]
    if tasks:
        sentences.append(insights.movable_sentence(headline))
    st.html(pieces.paragraphs(sentences, "sf-hero"))
    st.html(_tiles(overview, headline))
    if tasks:
        _money(tasks, headline, filtered)
        _next_steps(analysis, tasks)
    else:
        states.show_no_analysis(everything["calls"])
    _spend(overview, models, filters)
    notes = insights.coverage_notes(overview)
    st.html(pieces.trace(*insights.analysis_trace(analysis, _grade(headline)), *notes))


def _tiles(overview: Row, headline: dict[str, Row]) -> str:
    unpriced = overview["unpriced_calls"] or 0
    cost = headline.get("expected_share_cost") or {}
    calls = headline.get("expected_share_calls") or {}
    proven = (headline.get("proven_share_cost") or {}).get("value")
    tiles = [
        pieces.tile(
            "Spent",
            render_money(overview["paid_usd"]),
            f"{plural(unpriced, 'call')} unpriced" if unpriced else "every call priced",
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
                "Expected movable",
                render_share(cost.get("value")),
                _of_calls(cost, calls),
                "Share of spend that a small model is expected to suffice for",
            ),
            pieces.tile(
                "Proven movable",
                render_share(proven or 0),
                "by replay" if number_or_none(proven) else "nothing replayed yet",
                "Share of spend whose lower bound is over the bar, by replay",
            ),
        ]
    return pieces.tiles(*tiles)


def _runs_and_services(overview: Row) -> str:
    parts = [plural(overview["runs"], "run"), plural(overview["services"], "service")]
    if overview["error_calls"]:
        parts.append(plural(overview["error_calls"], "error"))
    return " · ".join(parts)


def _of_calls(cost: Row, calls: Row) -> str:
    between = render_interval(cost.get("value"), cost.get("low"), cost.get("high"))
    inside = between[between.find("(") :] if "(" in between else ""
    by_calls = f"{render_share(calls.get('value'))} of calls" if calls else ""
    return " · ".join(part for part in (f"{inside.strip('()')} % of spend" if inside else "of spend", by_calls) if part)


def _money(tasks: list[Row], headline: dict[str, Row], filtered: bool) -> None:
    if not any(number_or_none(row["paid_usd"]) for row in tasks):
        return
    note = "One segment a task, by verdict. Below it, the part expected to be movable with its 90 % interval, and the proven part."
    st.html(pieces.section("Where the money goes", note + (" All traffic, without the filters." if filtered else "")))
    figure = money_bar(tasks, headline.get("expected_share_cost"), headline.get("proven_share_cost"))
    event = st.plotly_chart(figure, config=CONFIG, key="money-bar", on_select="rerun", selection_mode="points")
    st.html(pieces.verdict_key(row["verdict"] for row in tasks))
    points = event.selection.points if event else []
    chosen = points[0].get("customdata") if points else None
    task_id = str(chosen[0] if isinstance(chosen, list) else chosen or "")
    if task_id:
        st.switch_page("views/task.py", query_params={"task_id": task_id})


def _next_steps(analysis: Row | None, tasks: list[Row]) -> None:
    steps = insights.next_steps(tasks, queries.read_analysed("savings", analysis))
    st.html(pieces.section("What to do next"))
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
            f"{place}. {shorten(step['title'], 70)}",
            pieces.task_link(step["task_id"]),
            [step["money"], step["risk"], step["how"]],
            pieces.verdict_badge(step["verdict"]),
            "See the evidence",
        )
        for place, step in enumerate(steps, 1)
    ]
    st.html(pieces.cards(*cards))


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
