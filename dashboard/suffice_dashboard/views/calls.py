"""Calls: find one, or with ``?call_id=`` read it: conversation, tokens and cost, its run."""

from __future__ import annotations

import streamlit as st

from suffice_dashboard import pieces, queries, searching, states
from suffice_dashboard.filters import ask_filters
from suffice_dashboard.formatting import (
    render_call_cost,
    render_count,
    render_duration,
    render_moment,
    render_token_pair,
    shorten,
)
from suffice_dashboard.queries import PAGE_SIZE, Row
from suffice_dashboard.views.call import show_call

ONLY = {
    "unpriced": "calls without a known price",
    "no_task": "calls in no task",
    "other_environment": "calls of environments that don't count",
}
ORDERS = {"newest": "Newest", "costliest": "Costliest", "slowest": "Slowest"}


@states.guarded
def render() -> None:
    """Draw one call, or the list."""
    if call_id := st.query_params.get("call_id"):
        show_call(call_id)
        return
    if not queries.read_overview({})["calls"]:
        states.show_no_calls()
        return
    st.html(pieces.title("Calls"))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        search = st.text_input(
            "Search", key="search", bind="query-params", placeholder="Search in requests and answers",
            icon=":material/search:", width=340,
        )  # fmt: skip
        order = st.selectbox(
            "Order", list(ORDERS), format_func=ORDERS.__getitem__, key="order", bind="query-params", width=140
        )
        errors_only = st.toggle("Errors only", key="errors", bind="query-params")
    filters = ask_filters()
    if task := st.query_params.get("task"):
        filters["task_id"] = task
        st.html(
            pieces.badges(pieces.badge(f"only task {_task_name(task)}"))
            + f'<p class="sf-note">{pieces.link("calls", "Show all calls")}</p>'
        )
    if run := st.query_params.get("run"):
        filters["run_id"] = run
        st.html(
            pieces.badges(pieces.badge(f"only run {shorten(run, 16)}"))
            + f'<p class="sf-note">{pieces.link("calls", "Show all calls")}</p>'
        )
    only = st.query_params.get("only")
    if only in ONLY:
        if only != "no_task":  # money falls out in every environment
            filters["environment"] = "all"
        st.html(
            pieces.badges(pieces.badge(f"only {ONLY[only]}"))
            + f'<p class="sf-note">{pieces.link("calls", "Show all calls")}</p>'
        )
    page = queries.page_number(st.query_params.get("page"))
    asked = queries.page_of(filters, order, page) | {"errors_only": errors_only or None}
    if only in ONLY:
        asked["only"] = only
    if search:
        searching.show(asked | {"search": search}, page, lambda rows: _list(rows, page, only, search))
    else:
        _list(queries.read_live("calls", **asked), page, only, search)


def _list(rows: list[Row], page: int, only: str | None, search: str | None) -> None:
    if not rows:
        states.show_nothing_found(*nothing_words(only, search))
        return
    st.html(call_table(rows[:PAGE_SIZE]))
    pager(page, len(rows) > PAGE_SIZE)


NONE_OF = {
    "unpriced": ("Every call here has a price", "None is left out of the sums of money."),
    "no_task": ("Every call here is in a task", "None falls out before the tasks."),
    "other_environment": (
        "No recorded call is of an environment that doesn't count",
        "Replayed calls are not listed here, though Quality counts them: Replay shows their answers.",
    ),
}


def nothing_words(only: str | None, search: str | None) -> tuple[str, str]:
    """What an empty list says: good news where what was looked for is a lack, else what to try."""
    if only in NONE_OF and not search:
        return NONE_OF[only]
    return "No call matches", "Try fewer words, a longer time, or clear a filter."


def call_table(rows: list[Row]) -> str:
    """Calls as a table; the request opens the call, the answer stands under it."""
    head = [
        ("When (UTC)", "num"), ("Request and answer", "clip"), ("Task and service", "short"), ("Model", "one"),
        ("Tokens in / out", "num less"), ("Cost", "num"), ("Took", "num less"),
    ]  # fmt: skip
    return pieces.table(head, (("", _cells(row)) for row in rows))


def _cells(row: Row) -> list[str]:
    preview = pieces.link(
        pieces.call_link(row["call_id"]), shorten(row["request_preview"], 160) or "(no text recorded)"
    )
    answer = pieces.e(shorten(row["answer_preview"], 180)) or "–"
    if row["error_type"]:
        answer = pieces.badge(f"✕ {row['error_type']}", "bad")
    return [
        pieces.e(render_moment(row["started_ns"])),
        f'<div>{preview}</div><div class="sub">{answer}</div>',
        f'<div>{pieces.e(row["task_name"] or "no task yet")}</div><div class="sub">{pieces.e(row["service"] or "unknown service")}</div>',
        pieces.e(shorten(row["model"], 26) or "unknown"),
        pieces.e(render_token_pair(row)),
        pieces.e(render_call_cost(row)),
        pieces.e(render_duration(row["latency_ms"])),
    ]


def pager(page: int, more: bool) -> None:
    """One page back, one on; the page stands in the address."""
    if page == 0 and not more:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button("Newer" if page else "First page", icon=":material/chevron_left:", disabled=page == 0):
            st.query_params["page"] = str(page)
            st.rerun()
        st.html(f'<p class="sf-note">Page {render_count(page + 1)}</p>')
        if st.button("Next page", icon=":material/chevron_right:", icon_position="right", disabled=not more):
            st.query_params["page"] = str(page + 2)
            st.rerun()


def _task_name(task_id: str) -> str:
    task = queries.read_task(queries.read_latest_analysis(), task_id)
    return shorten(task["name"] if task else task_id, 60)


if __name__ == "__main__":
    render()
