"""Decisions: how far moving each task has come, who said so and why; and what a change of model in the traffic really saved."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from urllib.parse import quote

import streamlit as st

from suffice.errors import SufficeError
from suffice_analysis.moves import Move, asks, evidence_hash, parse_moves, standing
from suffice_analysis.next_steps import find_next_steps
from suffice_analysis.realised import LEVEL, Realised, Side, changed_tasks, find_realised, projected_usd
from suffice_analysis.savings.recommend import first_choice
from suffice_dashboard import insights, pieces, queries, states
from suffice_dashboard.formatting import (
    plural,
    render_count,
    render_moment,
    render_money_interval,
    render_share,
    render_time,
    shorten,
)
from suffice_dashboard.queries import Row
from suffice_dashboard.steps import Spend, savings_row, spend_of, step_lines
from suffice_store.moves import STATES

ICONS = {"proposed": "○", "testing": "◐", "approved": "●", "moved": "✓", "declined": "■"}
TONES = {"proposed": "untested", "testing": "likely", "approved": "likely", "moved": "proven", "declined": "stays"}


@states.guarded
def render() -> None:
    """Draw the page."""
    analysis = queries.read_latest_analysis()
    queries.ahead_of_analysis(analysis, ("tasks", {}), ("slices", {}), ("savings", {}))
    tasks = queries.read_tasks(analysis)
    if analysis is None or not tasks:
        states.show_nothing_analysed()
        return
    st.html(pieces.title("Decisions"))
    names = {row["task_id"]: row["name"] for row in tasks}
    slices = {(row["task_id"], row["slice_id"]): row["name"] for row in queries.read_analysed("slices", analysis)}
    places = {(key, ""): name for key, name in names.items()}
    places |= {key: f"{names[key[0]]}: {name}" for key, name in slices.items() if key[0] in names}
    days = queries.read_live("task_model_days")
    moves = parse_moves(queries.read_live("decision_log", kind="move"))
    changes = find_realised(queries.read_task_models(task_id for task_id in changed_tasks(days) if task_id in names))
    st.html(pieces.paragraphs([summary(tasks, moves, changes)]))
    if changes:
        _realised(changes, names, moves, queries.read_analysed("savings", analysis))
    _board(analysis, places, moves)
    _form(analysis, places, {row["task_id"]: row for row in tasks})
    _history(moves, places)
    st.html(pieces.trace(*insights.analysis_trace(analysis)))


def summary(tasks: Sequence[Row], moves: Mapping[str, Sequence[Move]], changes: Sequence[Realised]) -> str:
    """What was decided, and what the traffic says that nobody has."""
    known = {row["task_id"] for row in tasks}
    stands = [each for each in standing(moves).values() if each.task_id in known]
    counts, parts = (
        _counted([each.state for each in stands if bool(each.slice_id) is apart]) for apart in (False, True)
    )
    said = f"Nothing is decided of **{plural(len(tasks), 'task')}** yet." if not counts and not parts else ""
    if counts:
        said = f"Of **{plural(len(tasks), 'task')}**: {counts}."
    if parts:
        said = f"{said} Of slices: {parts}.".strip()
    asked = asks(moves, changes)
    if asked:
        said += f" The model of **{plural(len(asked), 'task')}** changed in the traffic, and nobody has said so: was it a move?"
    return said


def _counted(states: Sequence[str]) -> str:
    return ", ".join(f"{states.count(state)} {state}" for state in STATES if state in states)


def decide_link(task_id: str) -> str:
    """The address where this task is decided, relative to any page."""
    return f"decisions?task_id={quote(task_id, safe='')}"


def state_badge(state: str) -> str:
    """A state by icon and word."""
    return pieces.badge(f"{ICONS.get(state, '?')} {state}", TONES.get(state, "plain"))


def _realised(
    changes: Sequence[Realised], names: Mapping[str, str], moves: Mapping[str, Sequence[Move]], savings: Sequence[Row]
) -> None:
    note = (
        f"Per 1,000 calls as they were before: same volume, same mix of services, slices and sizes; {render_share(LEVEL)} interval, grade live. "
        "Beside it what was projected. An interval below nothing means that it costs more."
    )
    st.html(pieces.section("What changes of model really saved", note))
    asked = {each.task_id for each in asks(moves, changes)}
    head = [("Task", "name"), ("From → to", "wide"), ("Saved", "num"), ("Projected", "num"), ("Errors", "num less"),
            ("Tried again", "num less"), ("Good outcomes", "num less"), ("Said to be a move", "")]  # fmt: skip
    st.html(pieces.table(head, (("", _change(each, names, savings, each.task_id in asked)) for each in changes)))


def _change(each: Realised, names: Mapping[str, str], savings: Sequence[Row], asked: bool) -> list[str]:
    row = first_choice([r for r in savings if r["task_id"] == each.task_id])
    projected = projected_usd(row)
    told = "not known" if projected is None else render_money_interval(*projected)
    covered = f'<div class="sub">{pieces.e(render_share(each.covered))} of the calls before compared, n = {render_count(each.n)}</div>'
    sides = f"{pieces.e(each.before.model or 'unknown')} → {pieces.e(each.after.model or 'unknown')}"
    return [
        pieces.link(pieces.task_link(each.task_id), names[each.task_id]),
        f'{sides}<div class="sub">from {pieces.e(render_time(each.since_ns)[:10])}</div>',
        pieces.e(render_money_interval(each.saving_usd, each.low, each.high)) + covered,
        pieces.e(told),
        _pair(each, lambda side: (side.error_calls, side.calls)),
        _pair(each, lambda side: (side.retried_calls, side.calls)),
        _pair(each, lambda side: (side.good_calls, side.judged_calls)),
        pieces.badge("? not yet: was it?", "untested") if asked else state_badge("moved"),
    ]


def _pair(each: Realised, count: Callable[[Side], tuple[int, int]]) -> str:
    """Before → after, as shares; not told where none was counted."""
    shown = []
    for side in (each.before, each.after):
        part, of = count(side)
        shown.append(render_share(part / of) if of else "not told")
    return pieces.e(" → ".join(shown))


def _board(analysis: Row, places: Mapping[tuple[str, str], str], moves: Mapping[str, Sequence[Move]]) -> None:
    decided = [(places[key], move) for key, move in standing(moves).items() if key in places]
    if not decided:
        st.html(
            pieces.section(
                "Where each task stands",
                "Nothing yet. Decide below, or: suffice tasks decide TASK --state testing --reason WHY",
            )
        )
        return
    decided.sort(key=lambda pair: (STATES.index(pair[1].state), -pair[1].recorded_ns))
    head = [
        ("Task or slice", "name"),
        ("State", ""),
        ("Owner", "short"),
        ("Why", "wide"),
        ("Model", "less"),
        ("When", "num"),
        ("Evidence", "less"),
    ]
    st.html(
        pieces.section(
            "Where each task stands",
            "The last step of each; the evidence's hash tells whether what was known has changed since.",
        )
    )
    st.html(pieces.table(head, (("", _stand(analysis, name, move)) for name, move in decided)))


def _stand(analysis: Row, name: str, move: Move) -> list[str]:
    now = hash_now(analysis, move.task_id)
    same = not move.evidence_hash or move.evidence_hash == now
    changed = "" if same else " " + pieces.badge("changed since", "untested")
    return [
        pieces.link(pieces.task_link(move.task_id), name),
        state_badge(move.state),
        f"<div>{pieces.e(move.owner)}</div>",
        pieces.e(shorten(move.reason, 200)),
        pieces.e(move.model or "–"),
        pieces.e(render_moment(move.recorded_ns)),
        f"<code>{pieces.e(move.evidence_hash[:8] or '–')}</code>{changed}",
    ]


def hash_now(analysis: Row, task_id: str) -> str:
    """The hash of what is known of a task today."""
    return evidence_hash(lambda name, **given: queries.read_analysed(name, analysis, **given), task_id)


def known_lines(task: Row, savings: Sequence[Row], spend: Spend | None) -> list[str]:
    """What whoever decides about a task must have read: the verdict and its ground, the saving, the risk."""
    steps = find_next_steps([task], savings)
    lines = [f"{insights.task_sentence(task)} {task['verdict_reason'].replace('**', '')}".strip()]
    if not steps:
        return [*lines, "No saving is stated for it."]
    return [*lines, *step_lines(steps[0], task, savings_row(steps[0], savings), spend)[:-1]]


def model_named(task: Row, savings: Sequence[Row]) -> str:
    """The model that the evidence beside the form speaks of; "" where there is none."""
    steps = find_next_steps([task], savings)
    return steps[0].model if steps else ""


def _form(analysis: Row, places: Mapping[tuple[str, str], str], tasks: Mapping[str, Row]) -> None:
    st.html(pieces.section("Decide"))
    given = (st.query_params.get("task_id", ""), st.query_params.get("slice_id", ""))
    chosen = sorted(places, key=lambda key: list(places).index((key[0], "")))  # a task, then its slices
    savings = queries.read_analysed("savings", analysis)
    first = [(step.task_id, "") for step in find_next_steps(tasks.values(), savings, most=1)]
    opened = next(key for key in (given, *first, chosen[0]) if key in places)
    place = st.selectbox(
        "Task or slice",
        chosen,
        index=chosen.index(opened),
        format_func=places.__getitem__,
    )
    lines = known_lines(tasks[place[0]], savings, spend_of(savings, analysis["calls"]))
    st.html(
        pieces.badges(pieces.task_badge(tasks[place[0]]))
        + pieces.paragraphs([f"Of the whole task: {lines[0]}" if place[1] else lines[0], *lines[1:]], "sf-body")
    )
    with st.form("decide", border=True):
        second, third = st.columns(2)
        with second:
            state = st.selectbox("State", STATES)
        with third:
            owner = st.text_input("Owner", placeholder="who answers for it")
        reason = st.text_input("Why", placeholder="in a sentence")
        model = st.text_input(
            "Model (optional)",
            model_named(tasks[place[0]], savings) if not place[1] else "",
            placeholder="what it is to move to",
            key=f"model-{'-'.join(place)}",
        )
        pressed = st.form_submit_button("Write it down", icon=":material/edit_note:")
    if not pressed:
        return
    if not owner.strip() or not reason.strip():
        st.warning("A step needs its Owner (who answers for it) and its Why (a sentence). Nothing was written.")
        return
    value = {"state": state, "owner": owner.strip(), "reason": reason.strip(), "model": model.strip(),
             "evidence_hash": hash_now(analysis, place[0]), **({"slice_id": place[1]} if place[1] else {})}  # fmt: skip
    try:
        queries.decide_move(place[0], value)
    except SufficeError as error:
        st.warning(str(error))
        return
    st.rerun()


def _history(moves: Mapping[str, Sequence[Move]], places: Mapping[tuple[str, str], str]) -> None:
    log = sorted((m for steps in moves.values() for m in steps), key=lambda m: -m.recorded_ns)
    if not log:
        return
    head = [
        ("When (UTC)", "num"),
        ("Task or slice", "name"),
        ("State", ""),
        ("Owner", "short"),
        ("Why", "wide"),
        ("Evidence", "less"),
        ("Written by", "less"),
    ]
    st.html(pieces.section("Every step", "Nothing is overwritten: a step that was wrong is followed by another."))
    st.html(pieces.table(head, (("", _step(each, places)) for each in log[:200])))


def _step(each: Move, places: Mapping[tuple[str, str], str]) -> list[str]:
    gone = f"{places.get((each.task_id, ''), each.task_id)}: {each.slice_id}" if each.slice_id else each.task_id
    return [
        pieces.e(render_moment(each.recorded_ns)),
        pieces.e(places.get(each.place, gone)),
        state_badge(each.state),
        f"<div>{pieces.e(each.owner)}</div>",
        pieces.e(shorten(each.reason, 200)),
        f"<code>{pieces.e(each.evidence_hash[:8] or '–')}</code>",
        pieces.e(each.decided_by or "–"),
    ]


if __name__ == "__main__":
    render()
