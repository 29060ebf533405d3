"""Task: the verdict in a sentence, then everything it rests on."""

from __future__ import annotations

from urllib.parse import quote

import streamlit as st

from suffice.errors import SufficeError
from suffice_analysis.next_steps import find_next_steps
from suffice_analysis.report.wording import hci_words
from suffice_analysis.savings.recommend import TESTED
from suffice_analysis.savings.row_details import details_of
from suffice_dashboard import insights, pieces, queries, states
from suffice_dashboard.charts.estimate import actions_bars, estimate_picture
from suffice_dashboard.conversation import parse_message, render_message, render_template
from suffice_dashboard.formatting import (
    number_or_none,
    plural,
    render_count,
    render_day,
    render_duration,
    render_interval,
    render_money,
    render_share,
    render_tokens,
    shorten,
)
from suffice_dashboard.layout import side_by_side
from suffice_dashboard.parsing import parse_json, parse_list
from suffice_dashboard.queries import Row
from suffice_dashboard.slices import slices_section
from suffice_dashboard.steps import savings_row, settling_words, spend_of, step_lines, test_command
from suffice_dashboard.verdicts import GRADES, kind_words
from suffice_dashboard.views.decisions import decide_link
from suffice_dashboard.views.savings import alternatives_table

EXAMPLES_SHOWN = 4
NAMED_BY = {"app": "the app", "user": "a person", "template": "its template"}


@states.guarded
def render() -> None:
    """Draw the task that ``?task_id=`` names, or ask for one."""
    analysis = queries.read_latest_analysis()
    task_id = st.query_params.get("task_id")
    queries.ahead_of_analysis(analysis, ("tasks", {}), *(_reads(task_id) if task_id else ()))
    tasks = queries.read_tasks(analysis)
    if not tasks:
        states.show_nothing_analysed()
        return
    task = queries.read_task(analysis, task_id) if task_id else None
    if task is None:
        _pick(tasks, task_id)
        return
    queries.ahead(("conversation", {"call_id": call_id}) for call_id in _example_ids(task))
    _head(task)
    _moving(analysis, task)
    estimates = best_first(
        queries.read_analysed("estimates", analysis, task_id=task["task_id"], measure="replaceability")
    )
    evidence = queries.read_analysed("evidence", analysis, task_id=task["task_id"])
    _estimate(task, estimates, evidence)
    if slices := queries.read_analysed("slices", analysis, task_id=task["task_id"]):
        st.html(slices_section(slices, task["verdict"]))
    what, examples, money = st.tabs(
        [":material/description: What it is", ":material/forum: Examples", ":material/savings: Alternatives"]
    )
    with what:
        _what(analysis, task)
    with examples:
        _examples(task)
    with money:
        _alternatives(analysis, task)
    first = estimates[0] if estimates else None
    st.html(pieces.trace(*insights.analysis_trace(analysis, first["grade"] if first else "", first["n"] if first else None),
                         f"method {first['method']}" if first else "", f"task {task['task_id']}"))  # fmt: skip


def _reads(task_id: str) -> list[tuple[str, Row]]:
    """What the page asks of this analysis, in the order it does."""
    of_task = {"task_id": task_id}
    names = ("task", "evidence", "slices", "actions", "savings")
    return [(name, of_task) for name in names] + [("estimates", {**of_task, "measure": "replaceability"})]


def _example_ids(task: Row) -> list[str]:
    return parse_list(task["example_call_ids"])[:EXAMPLES_SHOWN]


def _pick(tasks: list[Row], missing: str | None) -> None:
    text = "Choose a task" if not missing else f"The latest analysis has no task {shorten(missing, 40)}. Choose another"
    st.html(pieces.title("Task") + pieces.paragraphs([f"{text}, costliest first."]))
    ranked = sorted(tasks, key=lambda row: (-float(row["paid_usd"] or 0), -row["calls"]))
    names = {row["task_id"]: row["name"] for row in ranked}
    chosen = st.selectbox("Task", list(names), format_func=names.__getitem__, index=None, placeholder="A task of yours")
    if chosen:
        st.switch_page("views/task.py", query_params={"task_id": chosen})
    cards = [
        pieces.card(shorten(row["name"], 70), pieces.task_link(row["task_id"]),
                    [row["verdict_reason"], f"{plural(row['calls'], 'call')} · {render_money(row['paid_usd'])}"],
                    pieces.task_badge(row))
        for row in ranked[:6]
    ]  # fmt: skip
    st.html(pieces.cards(*cards))


def _head(task: Row) -> None:
    st.html(f'<p class="sf-crumb">{pieces.link("tasks", "Tasks")} / {pieces.e(kind_words(task["kind"]))}</p>')
    with st.container(horizontal=True, vertical_alignment="center"):
        st.html(pieces.title(task["name"]), width="stretch")
        st.html(f'<p class="sf-note">{pieces.link(decide_link(task["task_id"]), "Decide →")}</p>', width="content")
        with st.popover("Rename", icon=":material/edit:", width="content"):
            _rename(task)
    st.html(
        pieces.badges(
            pieces.task_badge(task),
            pieces.grade_badge(task["grade"]),
            pieces.badge(kind_words(task["kind"])),
            *([pieces.badge("talks to people", "plain", task["hci_rule"])] if task["hci"] == "yes" else []),
        )
        + pieces.paragraphs([insights.verdict_words(task)])
    )
    st.html(
        pieces.tiles(
            pieces.tile("Calls", render_count(task["calls"]), f"{render_share(task['share_calls'])} of all, in {plural(task['runs'], 'run')}"),
            pieces.tile("Paid", render_money(task["paid_usd"]), _paid_note(task)),
            pieces.tile("Tokens a call", render_tokens(task["input_tokens_p50"]), f"in (99 % under {render_tokens(task['input_tokens_p99'])}) · {render_tokens(task['output_tokens_p50'])} out"),
            pieces.tile("Time a call", render_duration(task["latency_p50_ms"]), f"95 % under {render_duration(task['latency_p95_ms'])}"),
            pieces.tile("Errors", render_share(task["error_calls"] / task["calls"] if task["calls"] else 0), plural(task["error_calls"], "call")),
        )
    )  # fmt: skip


def _moving(analysis: Row | None, task: Row) -> None:
    """What moving it would save and cost: money, wrong answers, effort. Nothing where it stays or no saving is stated."""
    savings = queries.read_analysed("savings", analysis)
    steps = find_next_steps([task], savings)
    if analysis is None or not steps:
        return
    lines = step_lines(steps[0], task, savings_row(steps[0], savings), spend_of(savings, analysis["calls"]))[:-1]
    st.html(pieces.section("What moving it would do") + pieces.paragraphs(lines, "sf-body"))


def _paid_note(task: Row) -> str:
    if task["unpriced_calls"]:
        return f"{plural(task['unpriced_calls'], 'call')} unpriced"
    return f"{render_share(task['share_cost'])} of spend"


def _rename(task: Row) -> None:
    name = st.text_input("Name", value=task["name"], max_chars=80, key=f"name-{task['task_id']}")
    if st.button("Save", type="primary", key="save-name"):
        if not name.strip():
            st.warning("A task needs a name.")
            return
        try:
            queries.rename_task(task["task_id"], name.strip())
        except SufficeError as error:
            st.error(str(error))
            return
        st.rerun()


def _estimate(task: Row, estimates: list[Row], evidence: list[Row]) -> None:
    left, right = side_by_side("estimate", 1, 1)
    with left:
        st.html(pieces.section("How much of it could be small"))
        if not estimates:
            st.html(pieces.paragraphs(["No estimate was made for this task."], "sf-note"))
        for place, estimate in enumerate(estimates[:3]):
            before = place > 0 and estimate["grade"] not in TESTED
            if before:
                st.html(pieces.paragraphs(["What was expected before anything was replayed:"], "sf-note"))
            st.html(estimate_picture(estimate, task["verdict"]))
            items = "".join(
                f"<li>{pieces.bold(line)}</li>" for line in estimate_words(estimate)[: 2 if before else None]
            )
            st.html(f'<ul class="sf-explain">{items}</ul>')
        _settling(task, estimates)
        if any(row["grade"] in TESTED for row in estimates):
            st.html(
                pieces.link(
                    f"replay?task_id={quote(task['task_id'], safe='')}", "Read its answers beside the recorded ones →"
                )
            )
        else:
            st.html(pieces.paragraphs([test_command(task["task_id"])], "sf-note"))
        levers = [lever.removesuffix(" (untested)") for lever in parse_list(task["levers"])]
        if levers:
            items = "".join(f"<li>{pieces.e(lever)}</li>" for lever in levers)
            st.html(
                pieces.section("What might raise it", "None of it is tested.") + f'<ul class="sf-evidence">{items}</ul>'
            )
    with right:
        st.html(pieces.section("Evidence"))
        st.html(evidence_list(evidence) if evidence else pieces.paragraphs(["None stored."], "sf-note"))


def best_first(estimates: list[Row]) -> list[Row]:
    """What was tested before what is only expected; of the tested the proven, then the highest."""
    order = {grade: place for place, grade in enumerate(("live", "replay"))}
    return sorted(estimates, key=lambda row: (order.get(row["grade"], 2), not row["proven"], -(row["value"] or 0.0)))


def _settling(task: Row, estimates: list[Row]) -> None:
    """How many replays would settle it, and the money that waits; of a task with calls enough that is not proven."""
    if task["verdict"] == "proven":
        return
    basis = next((parse_json(row["details"]).get("basis") for row in estimates if row["grade"] not in TESTED), None)
    if said := settling_words(estimates, insights.task_basis_words(basis)):
        st.html(pieces.section("What would settle it") + pieces.paragraphs([said], "sf-note"))


def candidates_table(savings: list[Row]) -> str:
    """The SLMs that pass this task's filters, best first, with the reasons of their rank; "" where none is kept."""
    row = next((r for r in savings if r["alternative"] == "hosted_slm" and details_of(r).get("candidates")), None)
    row = row or next((r for r in savings if details_of(r).get("candidates")), None)
    if row is None:
        return ""
    head = [("Candidate", "name"), ("Why", ""), ("In / out per million tokens", "num")]
    lines = (
        ("", [pieces.e(c["model"]), pieces.e(c["reason"]), pieces.e(_list_price(c))])
        for c in details_of(row)["candidates"]
    )
    share = render_interval(row["quality"], row["quality_low"], row["quality_high"])
    whose = f"acceptable share of any of them: {share}, {insights.known_by(row)}"
    if row["quality_grade"] in TESTED:
        whose = f"none of them was tested; {row['model']} was, and reached {share}"
    note = f"Small models that pass its filters (licence, context, tools, images, languages); {whose}."
    return pieces.section("Candidates", note) + pieces.table(head, lines)


def _list_price(candidate: Row) -> str:
    if "input_usd_per_mtok" not in candidate:
        return "no host known"
    return f"{render_money(candidate['input_usd_per_mtok'])} / {render_money(candidate['output_usd_per_mtok'])}"


def estimate_words(estimate: Row) -> list[str]:
    """An estimate explained: what the interval means, on what it rests, why it is or isn't proven."""
    level = render_share(estimate["level"])
    mode = {"as_is": "with today's prompt as it is", "schema": "with its answers forced into the schema",
            "few_shot": "with examples in the prompt", "fine_tuned": "after fine-tuning"}.get(estimate["mode"], estimate["mode"])  # fmt: skip
    rests = (
        plural(estimate["n"], "observation")
        if estimate["n"]
        else "no observation of this task: published figures and its structure"
    )
    candidate = {"any SLM": "a small model"}.get(estimate["candidate"], estimate["candidate"])
    tested = estimate["grade"] in ("replay", "live")
    band = f"The band is a {level} interval by the model of docs/statistics.md" + (
        "." if tested else "; its widths are a judgement until something is replayed."
    )
    lines = [
        f"On **{render_interval(estimate['value'], estimate['low'], estimate['high'])}** of its calls {candidate}, {mode}, is "
        f"expected to answer no worse than was recorded. {band}",
        f"It rests on **{rests}**. Grade {GRADES.get(estimate['grade'], estimate['grade'])}.",
    ]
    if not estimate["proven"]:
        lines.append(
            f"**Not proven**: that takes a replay whose one-sided 95 % lower bound is over {render_share(estimate['bar'])}"
            + (f"; it is {render_share(estimate['proven_low'])} so far." if estimate["proven_low"] is not None else ".")
        )
    return lines


def evidence_list(evidence: list[Row]) -> str:
    """Each piece of evidence, the strongest grade first: its sentence, grade, n and source."""
    strength = {grade: place for place, grade in enumerate(("live", "replay", "proxy", "prior"))}
    items = (
        f"<li>{pieces.e(row['sentence'])}{_evidence_bar(row)}"
        f'<div class="src">{pieces.e(row["grade"])}'
        + (f" · n = {render_count(row['n'])}" if row["n"] else "")
        + f" · {pieces.e(row['source'])}</div></li>"
        for row in sorted(evidence, key=lambda row: strength.get(row["grade"], len(strength)))
    )
    return f'<ul class="sf-evidence">{"".join(items)}</ul>'


def _evidence_bar(row: Row) -> str:
    """The interval of a piece of evidence that is a share; other values are told by their sentence."""
    value, low, high = (number_or_none(row[name]) for name in ("value", "low", "high"))
    if any(share is None or not 0 <= share <= 1 for share in (value, low, high)):
        return ""
    return pieces.interval_bar(value, low, high, "untested" if row["grade"] == "prior" else "likely")


def _what(analysis: Row | None, task: Row) -> None:
    left, right = side_by_side("what", 3, 2)
    with left:
        st.html(
            pieces.section("Template", "The constant part of its requests; what differs from call to call is marked.")
        )
        st.html(
            render_template(task["template"])
            if task["template"]
            else pieces.paragraphs(["This task has no constant text."], "sf-note")
        )
    with right:
        actions = queries.read_analysed("actions", analysis, task_id=task["task_id"])
        st.html(pieces.section("What the model does in it"))
        if actions:
            st.html(actions_bars(actions))
            first = max(actions, key=lambda row: row["calls"])
            if first["example_call_id"]:
                st.html(
                    f'<p class="sf-note">{pieces.link(pieces.call_link(first["example_call_id"]), "See an example →")}</p>'
                )
        models = parse_json(task["models"])
        st.html(
            pieces.section("Facts")
            + pieces.facts(
                [
                    ("Answers with", task["answer_form"].replace("_", " ")),
                    ("Talks to a person", hci_words(task)),
                    ("Services", ", ".join(parse_list(task["services"])) or "unknown"),
                    (
                        "Models",
                        ", ".join(f"{name} ({render_count(calls)})" for name, calls in models.items()) or "unknown",
                    ),
                    ("Seen", f"{render_day(task['first_call_ns'])} – {render_day(task['last_call_ns'])}"),
                    (
                        "Named by",
                        NAMED_BY.get(str(task["name_source"]), str(task["name_source"])),
                    ),
                    (
                        "Token counts",
                        f"{render_count(task['estimated_calls'])} of {render_count(task['calls'])} calls estimated"
                        if task["estimated_calls"]
                        else "as reported by the provider",
                    ),
                ]
            )
        )
        with st.expander("How a request is recognised as this task"):
            st.json(parse_json(task["recogniser"]))


def _examples(task: Row) -> None:
    ids = _example_ids(task)
    if not ids:
        st.html(pieces.paragraphs(["No example is stored for this task."], "sf-note"))
    for call_id in ids:
        pair = example_pair(queries.read_conversation(call_id))
        st.html(
            pair
            + f'<p class="sf-note" style="margin:.4rem 0 1.4rem">{pieces.link(pieces.call_link(call_id), "Open this call →")}</p>'
        )
    address = f"calls?task={quote(task['task_id'], safe='')}"
    st.html(f'<p class="sf-note">{pieces.link(address, "All calls of this task →")}</p>')


def example_pair(conversation: list[Row]) -> str:
    """The last message of the request and the answer, side by side."""
    request = [row for row in conversation if row["direction"] == "request"]
    answer = [row for row in conversation if row["direction"] == "answer"]
    asked = "".join(render_message(parse_message(row["content"]), row["role"]) for row in request[-1:])
    said = "".join(render_message(parse_message(row["content"]), row["role"], answer=True) for row in answer)
    before = f" (after {plural(len(request) - 1, 'earlier message')})" if len(request) > 1 else ""
    return (
        f'<div class="sf-pair"><div><div class="head">Request{before}</div>{asked or "(not stored)"}</div>'
        f'<div><div class="head">Answer</div>{said or "(none: the call failed or was not stored)"}</div></div>'
    )


def _alternatives(analysis: Row | None, task: Row) -> None:
    savings = queries.read_analysed("savings", analysis, task_id=task["task_id"])
    if not savings:
        st.html(pieces.paragraphs(["No alternative was priced for this task."], "sf-note"))
        return
    st.html(pieces.section("Alternatives", "Each on its own, quality beside the money; they are not to be added up."))
    st.html(alternatives_table(savings, task) + candidates_table(savings))


if __name__ == "__main__":
    render()
