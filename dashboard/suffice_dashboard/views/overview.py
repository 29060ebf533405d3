"""Overview: what was spent and on what, how much of it could be small, what to do next."""

from __future__ import annotations

import streamlit as st

from suffice_analysis.moves import parse_moves, standing
from suffice_analysis.next_steps import NextStep, add_up, find_next_steps
from suffice_analysis.replaceability import CLAIM_CALLS
from suffice_analysis.report.choice import rival_sentence
from suffice_analysis.report.decisions import worth_doing
from suffice_analysis.savings.effort import falling_sentence
from suffice_analysis.savings.recommend import TESTED
from suffice_analysis.slice_words import counted_rows
from suffice_dashboard import insights, pieces, queries, states, waterfall
from suffice_dashboard.change import Window, change_sentence, chosen_window, last_window
from suffice_dashboard.charts.spend import spend_over_time
from suffice_dashboard.filters import PERIODS, ask_filters, filter_query
from suffice_dashboard.formatting import (
    number_or_none,
    plural,
    render_count,
    render_interval,
    render_money,
    render_share,
    render_tokens,
)
from suffice_dashboard.layout import side_by_side
from suffice_dashboard.next_table import proven_words, render_next
from suffice_dashboard.parsing import parse_json
from suffice_dashboard.queries import Row
from suffice_dashboard.steps import (
    expected_words,
    next_sentence,
    savings_row,
    settling_words,
    spend_of,
    test_command,
)
from suffice_dashboard.views.decisions import decide_link, state_badge

REPORTS = {".html": "Report, HTML", ".pdf": "Report, PDF", ".xlsx": "Figures, Excel", ".csv": "Tasks, CSV"}
ORDER = (
    "In this order: what is proven, what is likely or tested and not settled, what nobody knows, what does not pay back; of each the "
    "largest saving first. What a step saves is net, after what the small model costs; amounts are rounded, sums before rounding."
)
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
    by_model = ("spend", {"by": "model", **filters})
    queries.ahead([("overview", filters), by_model] if filtered else [by_model])
    window = _window(filters, everything)
    compared = {**filters, "since_ns": window.since_ns, "until_ns": window.until_ns} if window else {}
    queries.ahead([("spend_change", compared)] if window else [])
    overview = queries.read_overview(filters) if filtered else everything
    if not overview["calls"]:
        states.show_nothing_found("No calls with these filters", "Widen the time, or clear another filter.")
        return
    analysis = queries.read_latest_analysis()
    queries.ahead_of_analysis(analysis, ("tasks", {}), ("estimates", {"task_id": ""}), ("savings", {}), ("slices", {}))
    if analysis:
        queries.ahead([("funnel", filters), ("spend", {"by": "task", **filters})])
    tasks, headline = queries.read_tasks(analysis), queries.read_headline(analysis)
    models = queries.read_spend("model", filters)
    spent = insights.spend_sentence(overview, models, [] if filtered else tasks)
    if overview["priced_calls"]:
        rows = queries.read_live("spend_change", **compared) if window else []
        spent = f"{spent} {change_sentence(window, rows, everything['first_call_ns'])}"
    sentences = [spent]
    savings, slices = (queries.read_analysed(name, analysis) for name in ("savings", "slices"))
    steps = find_next_steps(*counted_rows(tasks, savings, slices))
    part = _part(tasks, filters) if filtered and tasks else None
    if tasks and analysis:
        few = insights.too_few(tasks)
        sentences.append(insights.part_sentence(*part[:3]) if part else insights.movable_sentence(headline, filtered))
        sentences.append(next_sentence(steps, spend_of(savings, analysis["calls"]), few, filtered=filtered))
    st.html('<h1 class="sf-unseen">Overview</h1>' + pieces.paragraphs(sentences, "sf-hero"))
    st.html(_tiles(overview, _part_headline(part), filtered=False) if part else _tiles(overview, headline, filtered))
    if tasks:
        _waterfall(analysis, tasks, headline, filters)
        _next_steps(analysis, tasks, steps, filtered)
    else:
        states.show_no_analysis(everything["calls"])
    _spend(overview, models, filters)
    if tasks:
        _take_away()
    notes = insights.coverage_notes(overview)
    st.html(pieces.trace(*insights.analysis_trace(analysis, _grade(headline)), *notes))


def _window(filters: queries.Filters, everything: Row) -> Window | None:
    """What is compared with the time before it: the time chosen, else the end of what is recorded."""
    days = PERIODS.get(st.session_state.get("time", "all"), ("", None))[1]
    if filters["since_ns"] is not None and days is not None:
        return chosen_window(filters["since_ns"], days)
    return last_window(everything["first_call_ns"], everything["last_call_ns"])


def _tiles(overview: Row, headline: dict[str, Row], filtered: bool) -> str:
    cost = headline.get("expected_share_cost") or {}
    calls = headline.get("expected_share_calls") or {}
    proven, proven_calls = ((headline.get(f"proven_share_{what}") or {}).get("value") for what in ("cost", "calls"))
    of_all = ", of all traffic" if filtered else ""
    spend = "of priced spend" if overview["unpriced_calls"] else "of spend"
    tiles = [
        pieces.tile(
            "Spent",
            insights.spent_words(overview) if overview["priced_calls"] else render_money(overview["paid_usd"]),
            insights.paid_note(overview),
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
                _of_calls(cost, calls, spend),
                "Share of spend that a small model is expected to suffice for",
            ),
            pieces.tile(
                "Proven movable" + of_all,
                render_share(proven or 0),
                f"{spend} · {render_share(proven_calls)} of calls, by replay"
                if number_or_none(proven) and number_or_none(proven_calls)
                else f"{spend}, by replay"
                if number_or_none(proven)
                else f"{spend}, by replay"
                if (headline.get("proven_share_cost") or {}).get("grade") in TESTED
                else "nothing replayed yet",
                "Share of spend whose lower bound is over the bar, by replay",
            ),
        ]
    return pieces.tiles(*tiles)


def _share_alone(estimate: Row) -> str:
    """The value in big figures, with the digits it has beside its interval, or the interval where it is too wide for one."""
    return render_interval(estimate.get("value"), estimate.get("low"), estimate.get("high")).partition(" (")[0]


def _runs_and_services(overview: Row) -> str:
    parts = [plural(overview["runs"], "run"), plural(overview["services"], "service")]
    if overview["error_calls"]:
        parts.append(plural(overview["error_calls"], "error"))
    return " · ".join(parts)


def _of_calls(cost: Row, calls: Row, spend: str) -> str:
    if number_or_none(cost.get("value")) is None and number_or_none(calls.get("value")) is None:
        return f"of spend: no task has {CLAIM_CALLS} calls yet"
    between = render_interval(cost.get("value"), cost.get("low"), cost.get("high"))
    inside = between[between.find("(") :] if "(" in between else ""
    by_calls = f"{_share_alone(calls)} of calls" if calls else ""
    return " · ".join(part for part in (f"{inside.strip('()')} % {spend}" if inside else spend, by_calls) if part)


def _part(tasks: list[Row], filters: queries.Filters) -> tuple[float, waterfall.Ends, float, bool] | None:
    """Of filtered traffic: what production cost, what is expected to be movable of it, what is proven, whether any of its tasks was
    tested; None where it is not known."""
    spent = number_or_none(queries.read_funnel(filters)["production_usd"])
    paid = {row["key"]: number_or_none(row["paid_usd"]) or 0.0 for row in queries.read_spend("task", filters)}
    expected = waterfall.expected_of_part(tasks, paid)
    if not spent or expected is None or insights.too_few(tasks):
        return None
    grades = {task["grade"] for task in tasks if paid.get(task["task_id"])}
    return spent, expected, waterfall.proven_money(tasks, paid)[1], bool(grades & set(TESTED))


def _part_headline(part: tuple[float, waterfall.Ends, float, bool]) -> dict[str, Row]:
    """The same as the rows that the tiles are made from."""
    spent, (low, value, high), proven, tested = part
    return {
        "expected_share_cost": {"value": value / spent, "low": low / spent, "high": high / spent},
        "proven_share_cost": {"value": proven / spent, "grade": "replay" if tested else "prior"},
    }


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
    note += " Under a filter its ends are the tasks' own, added up." if filtered else ""
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
    notes = ["Of all traffic, without the filters."] if filtered else []
    spend = spend_of(savings, analysis["calls"]) if analysis else None
    if spend and spend.recorded and steps:
        money = render_money(spend.usd * spend.recorded)
        notes.append(f"Money of the {money} recorded; Savings says it per 1,000 calls of all traffic.")
    if steps:
        notes.append(ORDER)
    st.html(pieces.section("What to do next", " ".join(notes)))
    if not steps:
        few = insights.too_few(tasks)
        why = (
            f"Record more calls: {few}."
            if few
            else "No task pays to move on today's evidence. Savings shows every alternative that was weighed, with its reason."
        )
        st.html(pieces.paragraphs([why], "sf-note"))
        return
    decided = {key[0]: move.state for key, move in standing(parse_moves(queries.read_live("decision_log", kind="move"))).items() if not key[1]}  # fmt: skip
    badges = [
        pieces.tested_badge(step.verdict, step.unsettled)
        + (pieces.badge("first test") if step.test_first else "")
        + (state_badge(decided[step.task_id]) if step.task_id in decided else "")
        for step in steps
    ]
    said = [
        [expected_words(step, by_id[step.task_id]), *([line] if (line := _settling(analysis, step)) else [])]
        for step in steps
    ]
    links = [
        pieces.link(pieces.task_link(step.task_id), "See the evidence →")
        + pieces.link(decide_link(step.task_id), "Decide →")
        for step in steps
    ]
    totals = [row for row in savings if row["task_id"] == ""]
    st.html(render_next(steps, spend, badges, said, links, totals))
    together = add_up(worth_doing(steps), totals)
    ends = "" if together is None or together.joint else " The ends of their intervals are added up."
    notes = [f"{line}{ends}" for line in [proven_words(steps)] if line]
    if open_step := next((step for step in steps if not step.tested), None):
        notes.append(test_command(open_step.task_id))
    if rival := rival_sentence([row for row in savings if row["task_id"] == ""]):
        notes.append(rival)
    if spend and spend.basis != "month" and (falling := _falling(steps, savings)):
        notes.append(falling)
    st.html(pieces.paragraphs(notes, "sf-note"))


def _falling(steps: list[NextStep], savings: list[Row]) -> str:
    """What the paybacks assume of prices, once for the table."""
    rows = (savings_row(step, savings) for step in steps)
    return next((said for row in rows if row is not None and (said := falling_sentence(row))), "")


def _settling(analysis: Row | None, step: NextStep) -> str:
    """Of a task that is not proven: what would settle it, and how that is likely to end."""
    if analysis is None or step.proven:
        return ""
    estimates = queries.read_analysed("estimates", analysis, task_id=step.task_id, measure="replaceability")
    return settling_words(estimates, insights.task_basis_words(analysis["basis"]))


def _take_away() -> None:
    """The report as files; each is made when it is asked for, and holds no answer's text."""
    st.html(
        pieces.section(
            "Take it with you", "The report of the last analysis, of all traffic; made when you ask, in some seconds."
        )
    )
    with st.container(horizontal=True):
        for ending, label in REPORTS.items():
            st.download_button(
                label,
                queries.report_maker(ending),
                f"suffice-report{ending}",
                icon=":material/download:",
                on_click="ignore",
            )


def _spend(overview: Row, models: list[Row], filters: queries.Filters) -> None:
    left, right = side_by_side("spend", 3, 2)
    span = (overview["last_call_ns"] or 0) - (overview["first_call_ns"] or 0)
    unit = "hour" if span <= HOURS_SHOWN_NS else "day"
    with left:
        rows = [row for row in queries.read_spend(unit, filters) if row["key"] not in (None, "")]
        if len(rows) > 1:
            st.html(pieces.section(f"Spend by {unit}"))
            st.html(spend_over_time(rows, unit))
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
