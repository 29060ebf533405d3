"""Runs: agents' executions with their money, or with ``?run_id=`` one of them: its steps in time, their cost, what was said."""

from __future__ import annotations

from urllib.parse import quote

import streamlit as st

from suffice_dashboard import pieces, project, queries, states
from suffice_dashboard.conversation import render_conversation
from suffice_dashboard.filters import ask_filters
from suffice_dashboard.formatting import (
    number_or_none,
    plural,
    render_count,
    render_duration,
    render_moment,
    render_money,
    render_time,
    render_tokens,
    shorten,
)
from suffice_dashboard.queries import PAGE_SIZE, Row
from suffice_dashboard.run_steps import legend, render_run, run_lines
from suffice_dashboard.views.calls import pager

ORDERS = {"Newest": "newest", "Costliest": "costliest", "Longest": "longest", "Most calls": "most_calls"}
NO_RUNS = (
    "No run was recorded",
    'The calls do not say which agent execution they belong to. In the app: with suffice.run("name"): around one execution; in an '
    "imported log: a trace_id on each line.",
)
MOST_STEPS = 300  # drawn at once; a run of more says so


@states.guarded
def render() -> None:
    """Draw one run, or the list."""
    if run_id := st.query_params.get("run_id"):
        _run(run_id)
        return
    if not queries.read_overview({})["calls"]:
        states.show_no_calls()
        return
    st.html(pieces.title("Runs"))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        wanted = st.text_input("Run", key="run", bind="query-params", placeholder="A run's id, or how it begins",
                               icon=":material/search:", width=340)  # fmt: skip
        order = st.selectbox("Order", list(ORDERS), key="order", bind="query-params", width=140)
        errors_only = st.toggle("With errors only", key="errors", bind="query-params")
    filters = ask_filters()
    page = queries.page_number(st.query_params.get("page"))
    rows = queries.read_runs(filters, run=wanted, errors_only=errors_only, order=ORDERS[order], page=page)
    if not rows:
        none = not queries.read_overview({})["runs"]
        states.show_nothing_found(
            *(NO_RUNS if none else ("No run matches", "Try another id, a longer time, or clear a filter."))
        )
        return
    if not wanted and not errors_only:  # what the filters leave; the reads of sums know no run's id
        st.html(pieces.paragraphs([runs_sentence(queries.read_overview(filters))]))
    st.html(run_table(rows[:PAGE_SIZE]))
    pager(page, len(rows) > PAGE_SIZE)


def runs_sentence(overview: Row) -> str:
    """How many runs there are, among which calls, and what those cost."""
    unpriced = overview["unpriced_calls"]
    but = f", {plural(unpriced, 'call')} unpriced" if unpriced else ""
    return f"**{plural(overview['runs'], 'run')}** among {plural(overview['calls'], 'call')}: {render_money(overview['paid_usd'])} paid{but}."


def run_link(run_id: str) -> str:
    """The address of a run's page, relative to any page."""
    return f"runs?run_id={quote(run_id, safe='')}"


def run_table(rows: list[Row]) -> str:
    """Runs as a table; the name opens one."""
    head = [("Started (UTC)", "num"), ("Run", "name"), ("Service", "short"), ("Calls", "num"), ("Errors", "num"),
            ("Tokens in / out", "num less"), ("Cost", "num"), ("First call to last", "num less"), ("Outcome", "less")]  # fmt: skip
    return pieces.table(head, (("", _cells(row)) for row in rows))


def _cells(row: Row) -> list[str]:
    name = pieces.link(run_link(row["run_id"]), shorten(row["run_name"] or row["run_id"], 44))
    under = f'<div class="sub id">{pieces.e(shorten(row["run_id"], 20))}</div>' if row["run_name"] else ""
    return [
        pieces.e(render_moment(row["started_ns"])),
        f"{name}{under}",
        f"<div>{pieces.e(row['service'] or 'unknown service')}</div>",
        render_count(row["calls"]),
        pieces.badge(f"✕ {row['error_calls']}", "bad") if row["error_calls"] else "0",
        pieces.e(f"{render_tokens(row['input_tokens'])} / {render_tokens(row['output_tokens'])}"),
        _cost(row),
        pieces.e(render_duration(_took(row))),
        outcome_badge(row["ok"]),
    ]


def _cost(row: Row) -> str:
    unpriced = row["unpriced_calls"]
    note = f'<div class="sub">{pieces.e(plural(unpriced, "call"))} unpriced</div>' if unpriced else ""
    return pieces.e(render_money(row["paid_usd"])) + note


def _took(row: Row) -> float | None:
    if row["started_ns"] is None or row["ended_ns"] is None:
        return None
    return float(row["ended_ns"] - row["started_ns"]) / 1e6


def outcome_badge(ok: bool | None) -> str:
    """Whether the run was any good, as the app said."""
    if ok is None:
        return '<span class="sub">not told</span>'
    return pieces.badge("✓ good", "proven") if ok else pieces.badge("✕ not good", "bad")


def _run(run_id: str) -> None:
    calls = queries.read_run(run_id)
    if not calls:
        states.show_nothing_found("There is no such run", f"No call belongs to the run {shorten(run_id, 40)}.")
        st.page_link("views/runs.py", label="All runs", icon=":material/arrow_back:", query_params=project.query())
        return
    st.html(f'<p class="sf-crumb">{pieces.link("runs", "Runs")} / {pieces.e(shorten(run_id, 24))}</p>')
    steps, attempts = queries.read_run_steps(run_id), queries.read_run_attempts(run_id)
    service = calls[0]["service"] or "unknown service"
    name = next((row["name"] for row in steps if row["kind"] == "agent" and row["name"]), None)
    st.html(pieces.title(shorten(name or service, 60)) + (pieces.badges(pieces.badge(service)) if name else ""))
    st.html(run_tiles(calls, steps, attempts))
    shown = steps[:MOST_STEPS]
    cut = f" The first {MOST_STEPS} of {len(steps):,} are drawn." if len(steps) > MOST_STEPS else ""
    lines = run_lines(shown, calls, attempts)
    st.html(pieces.section("Steps", f"{legend(lines)}. A call's name opens it.{cut}") + render_run(lines))
    _conversation(calls)


def run_tiles(calls: list[Row], steps: list[Row], attempts: list[Row]) -> str:
    """The run at a glance."""
    paid = [usd for row in calls if (usd := number_or_none(row["paid_usd"])) is not None]
    unpriced = sum(row["paid_usd"] is None and not row["error_type"] for row in calls)
    tools = sum(row["kind"] == "tool" for row in steps)
    failed = sum(bool(row["error_type"]) for row in calls)
    spans = [
        (row["started_ns"], row["ended_ns"])
        for row in steps
        if row["started_ns"] is not None and row["ended_ns"] is not None
    ]
    own = [
        (row["started_ns"], row["started_ns"] + row["latency_ms"] * 1e6)
        for row in calls
        if row["started_ns"] is not None and row["latency_ms"] is not None
    ]
    tokens = (sum(row[name] or 0 for row in calls) for name in ("input_tokens", "output_tokens"))
    return pieces.tiles(
        pieces.tile("Cost", render_money(sum(paid)) if paid else "unpriced", f"{plural(unpriced, 'call')} unpriced" if unpriced else "every call priced"),
        pieces.tile("Calls", render_count(len(calls)), f"{plural(failed, 'error')} · {plural(len(attempts), 'failed attempt')}"),
        pieces.tile("Tools", render_count(tools), "steps that are no calls, as the app told them"),
        pieces.tile("Tokens", " / ".join(map(render_tokens, tokens)), "in / out"),
        pieces.tile("First call to last", render_duration(_between(own)), _took_note(own, spans)),
    )  # fmt: skip


def _between(spans: list[tuple[float, float]]) -> float | None:
    """Milliseconds from the first start to the last end."""
    return (max(end for _, end in spans) - min(start for start, _ in spans)) / 1e6 if spans else None


def _took_note(own: list[tuple[float, float]], spans: list[tuple[float, float]]) -> str:
    """When the run began; and how long it took with what its app did around the calls, which the list of runs does not know."""
    if not own:
        return "no times"
    calls, whole = render_duration(_between(own)), render_duration(_between([*own, *spans]))
    around = f"{whole} with its agents and tools · " if whole != calls else ""
    return f"{around}began {render_time(int(min(start for start, _ in [*own, *spans])))}"


def _conversation(calls: list[Row]) -> None:
    last = calls[-1]
    messages = queries.read_conversation(last["call_id"])
    note = f"As the last of its {plural(len(calls), 'call')} was asked it, and its answer."
    st.html(pieces.section("Conversation", note))
    empty = pieces.paragraphs(["No content was recorded (capture without content)."], "sf-note")
    st.html(render_conversation(messages) if messages else empty)


if __name__ == "__main__":
    render()
