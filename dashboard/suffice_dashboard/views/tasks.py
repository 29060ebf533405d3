"""Tasks: every recurring kind of call with its cost and how much of it a small model could take; table and map."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from suffice_analysis.replaceability import CLAIM_CALLS
from suffice_analysis.savings.recommend import first_choice
from suffice_analysis.unsettled import is_unsettled
from suffice_dashboard import insights, pieces, queries, states
from suffice_dashboard.charts.spend import money_bar
from suffice_dashboard.charts.style import CONFIG
from suffice_dashboard.charts.tasks import task_map
from suffice_dashboard.formatting import (
    number_or_none,
    plural,
    render_count,
    render_interval,
    render_money,
    render_share,
    render_task_share,
)
from suffice_dashboard.queries import Row
from suffice_dashboard.steps import Spend, spend_of
from suffice_dashboard.verdicts import VERDICTS, kind_words, verdict

ORDERS = {
    "cost": ("Cost", lambda row: -(number_or_none(row["paid_usd"]) or 0)),
    "saving": (
        "Saving",
        lambda row: (-(row["saves"][0] if row["saves"] else 0.0), -(number_or_none(row["paid_usd"]) or 0)),
    ),
    "calls": ("Calls", lambda row: -row["calls"]),
    "replaceability": ("Share that suffices", lambda row: -(number_or_none(row["replaceability"]) or -1)),
    "name": ("Name", lambda row: row["name"].lower()),
}


@states.guarded
def render() -> None:
    """Draw the page."""
    analysis = queries.read_latest_analysis()
    queries.ahead_of_analysis(analysis, ("tasks", {}), ("estimates", {"task_id": ""}), ("savings", {}))
    tasks = queries.read_tasks(analysis)
    if analysis is None or not tasks:
        states.show_nothing_analysed()
        return
    found = f"**{plural(len(tasks), 'recurring task')}** found in {plural(analysis['calls'], 'call')}"
    st.html(
        pieces.title("Tasks")
        + pieces.paragraphs([f"{found}: {verdict_counts(tasks)}."])
    )  # fmt: skip
    _money(tasks, queries.read_headline(analysis))
    table, picture = st.tabs(
        [":material/table_rows: Table", ":material/scatter_plot: Map"], key="tab", on_change="rerun"
    )
    with table:
        _table(with_savings(tasks, queries.read_analysed("savings", analysis)))
    with picture:
        if picture.open:  # Plotly is loaded for who wants to see the map
            _map(analysis, tasks)
    st.html(pieces.trace(*insights.analysis_trace(analysis)))


def verdict_counts(tasks: list[Row]) -> str:
    """``2 proven, 1 tested and open, 11 stay``: what a test left open is not called likely."""
    open_ones = sum(map(is_unsettled, tasks))
    counts = {
        key: sum(verdict(row["verdict"]).key == key and not is_unsettled(row) for row in tasks) for key in VERDICTS
    }
    told = {key: f"{number} {_verb(key, number)}" for key, number in counts.items() if number}
    first = [told.pop("proven")] if "proven" in told else []
    return ", ".join([*first, *([f"{open_ones} tested and open"] if open_ones else []), *told.values()])


def _verb(key: str, number: int) -> str:
    """``3 likely``, ``1 stays``, ``11 stay``."""
    return "stay" if key == "stays" and number > 1 else VERDICTS[key].word.lower()


def _money(tasks: list[Row], headline: dict[str, Row]) -> None:
    if not any(number_or_none(row["paid_usd"]) for row in tasks):
        return
    note = (
        "One segment a task, by verdict. Below it, what is expected to be movable of all of it, with its 90 % interval, and what "
        "is proven. Right of the dotted line are the tasks that stay: nothing of them counts as movable."
    )
    st.html(pieces.section("Where the money goes", note))
    st.html(money_bar(tasks, headline.get("expected_share_cost"), headline.get("proven_share_cost")))
    st.html(pieces.verdict_key(row["verdict"] for row in tasks))


def _table(tasks: list[Row]) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        search = st.text_input(
            "Search", key="q", bind="query-params", placeholder="Search tasks", icon=":material/search:", width=280,
            label_visibility="collapsed",
        )  # fmt: skip
        order = st.segmented_control(
            "Sort by", list(ORDERS), format_func=lambda key: f"By {ORDERS[key][0].lower()}", default="cost", key="sort",
            bind="query-params", label_visibility="collapsed", required=True,
        )  # fmt: skip
        words = {each.word: key for key, each in VERDICTS.items()}
        chosen = st.selectbox(
            "Verdict", list(words), index=None, key="verdict", bind="query-params", placeholder="Every verdict",
            width=170, label_visibility="collapsed",
        )  # fmt: skip
    needle = (search or "").lower()
    shown = [row for row in tasks if needle in f"{row['name']} {row['kind']} {row['template']}".lower()]
    shown = [row for row in shown if chosen is None or verdict(row["verdict"]).key == words[chosen]]
    if not shown:
        states.show_nothing_found(
            "No task has these words", "Names, kinds and templates are searched; clear the verdict too."
        )
        return
    st.html(task_table(sorted(shown, key=ORDERS[order or "cost"][1])))
    st.html(
        pieces.paragraphs(
            [
                "Would save: of all spend, by the alternative named first on Savings. The tick is the expected share of calls that a small model suffices for, the band its 90 % interval, the dotted line the bar that a proof must clear. A band wider than 40 points has no tick: it is too wide for one number."
            ],
            "sf-note",
        )
    )


def with_savings(tasks: list[Row], savings: list[Row]) -> list[Row]:
    """The tasks with ``saves``: value, low and high of what the alternative named first would save, as shares of all spend; None where nothing is."""
    spend = spend_of(savings, 0)
    by_task: dict[str, list[Row]] = {}
    for row in savings:
        by_task.setdefault(row["task_id"], []).append(row)
    return [row | {"saves": _saves(row, first_choice(by_task.get(row["task_id"], [])), spend)} for row in tasks]


def _saves(task: Row, chosen: Mapping[str, Any] | None, spend: Spend | None) -> tuple[float, float, float] | None:
    if spend is None or chosen is None or task["verdict"] == "stays" or task["calls"] < CLAIM_CALLS:
        return None
    value, low, high = (float(chosen[name]) / spend.usd for name in ("saving_usd", "saving_low_usd", "saving_high_usd"))
    return (value, low, high) if value > 0 else None


def task_table(tasks: list[Row]) -> str:
    """The tasks as a table with an interval bar each."""
    head = [
        ("Task", "name"), ("Calls", "num less"), ("Cost", "num"), ("Of spend", "num less"), ("Would save", "num"),
        ("A small model suffices for", "line"), ("", "num"), ("Verdict", ""), ("Evidence", "less"),
    ]  # fmt: skip
    return pieces.table(head, (("", _cells(row)) for row in tasks))


def _cells(row: Row) -> list[str]:
    tone = verdict(row["verdict"]).key
    name = pieces.link(pieces.task_link(row["task_id"]), row["name"])
    return [
        f'{name}<div class="sub">{pieces.e(kind_words(row["kind"]))}</div>',
        render_count(row["calls"]),
        pieces.e(render_money(row["paid_usd"])),
        pieces.e(render_share(row["share_cost"])) if row["paid_usd"] is not None else "–",
        _saving(row["saves"]),
        pieces.task_interval(row, tone, bar=0.95),
        pieces.e(render_task_share(row)),
        pieces.task_badge(row),
        pieces.grade_badge(row["grade"]),
    ]


def _saving(saves: tuple[float, float, float] | None) -> str:
    if saves is None:
        return "–"
    value, low, high = saves
    share, _, between = render_interval(value, low, high).partition(" ")
    if low < 0:  # a share below nothing reads badly
        share, between = render_share(value), "may cost more"
    under = f'<div class="sub">{pieces.e(between)}</div>' if between else ""
    return f"<b>{pieces.e(share)}</b>{under}"


def _map(analysis: Row | None, tasks: list[Row]) -> None:
    points = queries.read_analysed("map_points", analysis)
    if not points:
        states.show_nothing_found("No map in this analysis", "The map is drawn from three templates on.")
        return
    left, right = st.columns([4, 1], vertical_alignment="center")
    with left:
        st.html(
            pieces.paragraphs(
                [
                    "Each mark is a template, its shape and colour the verdict, its size the calls or the cost; near ones are worded alike. A click opens its task. Distances between far groups mean little."
                ],
                "sf-note",
            )
        )
    with right:
        size_by = st.segmented_control(
            "Size", ["calls", "cost"], format_func=lambda key: f"by {key}", default="calls", key="size",
            bind="query-params", label_visibility="collapsed", required=True,
        )  # fmt: skip
    event = st.plotly_chart(
        task_map(points, tasks, size_by or "calls"), config=CONFIG, key="task-map", on_select="rerun",
        selection_mode="points",
    )  # fmt: skip
    chosen = event.selection.points if event else []
    if chosen and chosen[0].get("customdata"):
        st.switch_page("views/task.py", query_params={"task_id": str(chosen[0]["customdata"][0])})


if __name__ == "__main__":
    render()
