"""Replay: what small models answered to recorded calls; start, watch and stop a campaign, read and mark answers."""

from __future__ import annotations

import streamlit as st

from suffice.errors import SufficeError
from suffice_analysis.replay.ceiling import Ceiling
from suffice_analysis.replay.marks import judge_agreement
from suffice_analysis.replay.results import Result, find_results
from suffice_dashboard import pieces, queries, replaying, replays, states
from suffice_dashboard.formatting import plural, render_money
from suffice_dashboard.project import settings_shown
from suffice_dashboard.queries import Row

WATCH_SECONDS = 2
SHOWN = {"fail": "Worse", "unjudged": "Not judged", "pass": "As good", "": "All"}
VARIANTS = ("as_is", "schema", "fewshot:4", "history:2")


@states.guarded
def render() -> None:
    """Draw the results, or with ``?task_id=`` those of one task with its answers."""
    analysis = queries.read_latest_analysis()
    tasks = queries.read_tasks(analysis)
    if not tasks:
        states.show_nothing_analysed()
        return
    names = {row["task_id"]: row["name"] for row in tasks}
    marks = queries.read_marks()
    results, ceilings = _results(tasks, marks)
    task_id = st.query_params.get("task_id")
    chosen = [each for each in results if each.task_id == task_id]
    if task_id and chosen:
        _task(names.get(task_id, task_id), chosen, marks, ceilings.get(task_id))
        return
    st.html(pieces.title("Replay"))
    costs = [row["cost_usd"] for each in results for row in each.rows]
    known = [float(cost) for cost in costs if cost is not None]
    st.html(pieces.paragraphs(replays.lead(results, sum(known) if known else None, len(costs) - len(known))))
    _running()
    if results:
        st.html(replays.results_table(results, names, calls={row["task_id"]: row["calls"] for row in tasks}))
    if ceilings:
        st.html(pieces.section("Noise ceiling", "The recorded model asked the same again: nobody is held to more."))
        st.html(replays.ceilings_table(ceilings, names))
    if results and (said := replays.agreement_sentence(judge_agreement(marks))):
        st.html(pieces.paragraphs([said], "sf-note"))
    with st.expander("Start a replay", icon=":material/play_arrow:", expanded=not results):
        if queries.may_spend():
            _start(tasks)
        else:
            st.html(
                pieces.paragraphs(["A replay sends recorded content to a model and costs money: an admin starts it."])
            )
    st.html(
        pieces.paragraphs(
            ["All tasks at once, by the money settled per dollar spent: suffice prove --budget 5 in a terminal. The interval is "
             "90 %; how it is made, and when a task counts as proven: docs/replay.md."],
            "sf-note",
        )
    )  # fmt: skip


def _results(tasks: list[Row], marks: list[Row]) -> tuple[list[Result], dict[str, Ceiling]]:
    """Of every task, candidate and variant, the costliest task first; and of the recorded models themselves."""
    rows = queries.read_replays()
    task_of = {row["call_id"]: row["task_id"] for row in rows}
    templates = {row["task_id"]: row["template"] or "" for row in tasks}
    found = find_results(rows, queries.read_campaigns(), task_of, templates, marks)
    order = {row["task_id"]: place for place, row in enumerate(tasks)}
    ordered = sorted(found.by_task, key=lambda key: order.get(key, len(order)))
    return [each for task in ordered for each in found.by_task[task]], found.ceilings


def _start(tasks: list[Row]) -> None:
    names = {row["task_id"]: row["name"] for row in tasks}
    with st.form("replay", border=False):
        task_id = st.selectbox("Task", list(names), format_func=names.__getitem__)
        candidate = st.text_input(
            "Candidate", placeholder="http://127.0.0.1:8000/v1#qwen3-8b",
            help="[FORMAT+]URL#MODEL: any OpenAI-compatible endpoint, or anthropic+, gemini+, bedrock+ before the address.",
        )  # fmt: skip
        with st.container(horizontal=True):
            variant = st.selectbox("Variant", VARIANTS, width=160)
            until = st.selectbox("How long", ("until it is settled", "30 calls", "100 calls", "200 calls"), width=190)
            budget = st.number_input("Most that it may cost, USD", 0.0, 1_000.0, 1.0, 0.5, width=220)
        st.html(
            pieces.paragraphs(
                ["Recorded requests are sent to that address. Allowed are this machine and hosts that the task already used; any "
                 "other needs suffice replay --allow-host HOST first. It leaves a line in the audit log."],
                "sf-note",
            )
        )  # fmt: skip
        pressed = st.form_submit_button("Start")
    if not pressed:
        return
    try:
        n = None if until.startswith("until") else int(until.split()[0])
        task = next(row for row in tasks if row["task_id"] == task_id)
        replaying.start(settings_shown(), task, candidate.strip(), variant=variant, n=n, budget_usd=float(budget))
    except SufficeError as error:
        st.error(str(error))
        return
    st.rerun()


@st.fragment(run_every=WATCH_SECONDS)
def _running() -> None:
    """The campaigns that were started here, as they stand; the page is drawn again when one ends."""
    running = [each for each in replaying.started() if each.runs]
    if len(running) < st.session_state.get("running", 0):
        st.session_state["running"] = len(running)
        queries.forget()
        st.rerun()
    st.session_state["running"] = len(running)
    for place, each in enumerate(running):
        rows = [row for row in queries.read_replays(each.task_id) if row["verdict"] != "sent"]
        with st.container(horizontal=True, vertical_alignment="center", border=True):
            st.html(
                pieces.paragraphs(
                    [f"**{each.task_name}** with {each.candidate}: {plural(len(rows), 'answer')} of this task so far"],
                    "",
                ),
                width="stretch",
            )
            if queries.may_spend() and st.button("Stop", key=f"stop-{place}", icon=":material/stop:"):
                each.stop()
    ended = [each for each in replaying.started() if not each.runs]
    if ended and not running:
        said = ended[-1].said()
        tone = st.error if ended[-1].process.returncode else st.info
        tone(f"{ended[-1].task_name} with {ended[-1].candidate}: {said or 'ended without a word'}")


def _task(name: str, results: list[Result], marks: list[Row], ceiling: Ceiling | None) -> None:
    st.html(f'<p class="sf-crumb">{pieces.link("replay", "Replay")}</p><h1 class="sf-title">{pieces.e(name)}</h1>')
    chosen = _chosen(results)
    st.html(replays.results_table(results, {chosen.task_id: name}))
    said = "" if ceiling is None else ceiling.sentence()
    notes = [said, replays.paired_note(results), replays.agreement_sentence(judge_agreement(marks))]
    st.html(pieces.paragraphs([note for note in notes if note], "sf-note"))
    st.html(
        pieces.section(f"Answers of {chosen.candidate}", "Beside what was recorded. Mark them by keyboard: A, W, N.")
    )
    kind = st.segmented_control("Show", list(SHOWN), format_func=SHOWN.__getitem__, default="fail", key="kind") or ""
    rows = [row for row in chosen.rows if row["verdict"] in SHOWN and (not kind or row["verdict"] == kind)]
    rows = [row for row in rows if row["replay_call_id"]]
    if not rows:
        st.html(
            pieces.paragraphs([f"No answer is {SHOWN[kind].lower()}." if kind else "No answer is stored."], "sf-note")
        )
        return
    place = min(st.session_state.get("place", 0), len(rows) - 1)
    row = rows[place]
    _marking(row, place, len(rows), kind)
    st.html(pieces.paragraphs([f"{place + 1:,} of {len(rows):,}: {replays.verdict_line(row)}"]))
    st.html(
        replays.answer_pair(queries.read_conversation(row["call_id"]), queries.read_conversation(row["replay_call_id"]))
    )
    cost = render_money(row["cost_usd"]) if row["cost_usd"] is not None else "no price"
    st.html(pieces.trace(f"call {row['call_id']}", f"campaign {row['campaign_id']}", row["response_model"] or "", cost))


def _chosen(results: list[Result]) -> Result:
    """The one that the address names, else the first."""
    wanted = st.query_params.get("candidate"), st.query_params.get("variant")
    return next((each for each in results if (each.candidate, each.variant) == wanted), results[0])


def _marking(row: Row, place: int, count: int, kind: str) -> None:
    with st.container(horizontal=True):
        good = st.button("As good", key="mark-good", icon=":material/thumb_up:", shortcut="a")
        worse = st.button("Worse", key="mark-worse", icon=":material/thumb_down:", shortcut="w")
        following = st.button("Next", key="mark-next", icon=":material/arrow_forward:", shortcut="n")
    if not (good or worse or following):
        return
    if good or worse:
        try:
            queries.mark_answer(row["replay_call_id"], good)
        except SufficeError as error:
            st.error(str(error))
            return
    leaves = bool(kind) and not following and kind != ("pass" if good else "fail")  # the next one takes its place
    st.session_state["place"] = place if leaves else (place + 1) % count
    st.rerun()


if __name__ == "__main__":
    render()
