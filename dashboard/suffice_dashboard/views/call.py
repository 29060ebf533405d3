"""One call: its conversation as a chat, its tokens and cost, its place in its run."""

from __future__ import annotations

from urllib.parse import quote

import streamlit as st

from suffice_dashboard import pieces, project, queries, states
from suffice_dashboard.charts.estimate import action_words
from suffice_dashboard.conversation import render_conversation
from suffice_dashboard.formatting import (
    number_or_none,
    plural,
    render_call_cost,
    render_duration,
    render_money,
    render_time,
    render_tokens,
    shorten,
)
from suffice_dashboard.layout import side_by_side
from suffice_dashboard.parsing import parse_json
from suffice_dashboard.queries import Row
from suffice_dashboard.run_steps import call_lines, render_run

RUN_STEPS_SHOWN = 40
COST_NOTES = {"unpriced": "no known price for its model", "unknown": "no token counts"}


def show_call(call_id: str) -> None:
    """Draw the call, or say that there is none."""
    call = queries.read_call(call_id)
    if call is None:
        states.show_nothing_found(
            "There is no such call",
            f"No call has the id {shorten(call_id, 40)}. It may be in another project, or deleted.",
        )
        st.page_link("views/calls.py", label="All calls", icon=":material/arrow_back:", query_params=project.query())
        return
    run = queries.read_run(call["run_id"]) if call["run_id"] else []
    place = next((i for i, row in enumerate(run) if row["call_id"] == call_id), None)
    _head(call, run, place)
    chat, facts = side_by_side("call", 5, 2)
    with chat:
        messages = queries.read_conversation(call_id)
        st.html(pieces.section("Conversation", conversation_note(messages)))
        st.html(
            render_conversation(messages)
            if messages
            else pieces.paragraphs(["No content was recorded for this call (capture without content)."], "sf-note")
        )
    with facts:
        st.html(pieces.section("This call") + pieces.facts(call_facts(call)))
        _tools(call)
        with st.expander("Attributes as received"):
            st.json(parse_json(call.get("attributes")))
    if len(run) > 1:
        _run(call, run)


def _head(call: Row, run: list[Row], place: int | None) -> None:
    st.html(f'<p class="sf-crumb">{pieces.link("calls", "Calls")} / {pieces.e(call["call_id"][:12])}</p>')
    name = call["shown_task_name"] or call["task_name"] or "Call"
    shown = pieces.e(shorten(name, 80))
    if call["task_id"]:
        shown = (
            f'<a href="{pieces.href(pieces.task_link(call["task_id"]))}" target="_self" title="Its task">{shown}</a>'
        )
    with st.container(horizontal=True, vertical_alignment="center"):
        st.html(f'<h1 class="sf-title">{shown}</h1>', width="stretch")
        if place is not None and len(run) > 1:
            _step("Previous", run[place - 1]["call_id"] if place > 0 else None, ":material/chevron_left:")
            _step("Next", run[place + 1]["call_id"] if place + 1 < len(run) else None, ":material/chevron_right:")
    st.html(pieces.badges(*head_badges(call, place, len(run))))
    st.html(
        pieces.tiles(
            pieces.tile("Cost", render_call_cost(call), COST_NOTES.get(render_call_cost(call), "by the price on its day")),
            pieces.tile("Tokens in", render_tokens(call["input_tokens"]), _cached(call)),
            pieces.tile("Tokens out", render_tokens(call["output_tokens"]), f"{render_tokens(call['reasoning_tokens'])} reasoning" if call["reasoning_tokens"] else ""),
            pieces.tile("Took", render_duration(call["latency_ms"]), f"first token after {render_duration(call['time_to_first_token_ms'])}" if call["time_to_first_token_ms"] is not None else ""),
        )
    )  # fmt: skip


def _step(label: str, call_id: str | None, icon: str) -> None:
    if call_id:
        st.page_link("views/calls.py", label=label, icon=icon, query_params={"call_id": call_id, **project.query()})
    else:
        st.page_link("views/calls.py", label=label, icon=icon, disabled=True)


def conversation_note(messages: list[Row]) -> str:
    """How to read the chat; a failed call has no answer to point at."""
    if not messages:
        return ""
    answered = any(row["direction"] == "answer" for row in messages)
    border = "the last with the thick border is the answer" if answered else "no answer was recorded"
    return f"{plural(len(messages), 'message')}; {border}."


def head_badges(call: Row, place: int | None, steps: int) -> list[str]:
    """What a call is, at a glance."""
    shown = [pieces.badge(call["model"] or "unknown model")]
    if place is not None and steps > 1:
        shown.append(pieces.badge(f"step {place + 1} of {steps}"))
    if call["action"]:
        shown.append(pieces.badge(action_words(call["action"])))
    if call["error_type"]:
        shown.append(pieces.badge(f"✕ {call['error_type']}", "bad", call.get("error_message") or ""))
    if call["completeness"] not in ("complete", "error"):
        shown.append(pieces.badge("answer cut off", "untested"))
    if call["usage_source"] != "reported":
        shown.append(
            pieces.badge("tokens estimated" if call["usage_source"] == "estimated" else "no usage", "untested")
        )
    if call["duplicate_of"]:
        shown.append(pieces.badge("duplicate, not counted", "untested", call["duplicate_rule"] or ""))
    return shown


def _cached(call: Row) -> str:
    return f"{render_tokens(call['cache_read_tokens'])} from cache" if call["cache_read_tokens"] else ""


def call_facts(call: Row) -> list[tuple[str, str]]:
    """Names and values of the side panel; what is not known is left out."""
    pairs = [
        ("When", render_time(call["started_ns"])),
        ("Service", call["service"]),
        ("Agent", call.get("agent_name")),
        ("Provider", call["provider"]),
        ("Asked for", call.get("request_model")),
        ("Answered by", call.get("response_model")),
        ("Finish", call["finish_reason"]),
        ("Status", str(call["status_code"]) if call["status_code"] else None),
        ("Call site", call["call_site"]),
        ("Run", call["run_id"]),
        ("Conversation", call.get("conversation_id")),
        ("Id", call["call_id"]),
        ("External id", call["external_id"]),
    ]
    return [(name, str(value)) for name, value in pairs if value]


def _tools(call: Row) -> None:
    tools = parse_json(call.get("tools"))
    if not isinstance(tools, list) or not tools:
        return
    st.html(pieces.section(f"Tools offered ({len(tools)})"))
    st.html(
        pieces.facts((str(tool.get("name", "?")), shorten(tool.get("description"), 110) or "no description") for tool in tools[:20] if isinstance(tool, dict))
    )  # fmt: skip


def _run(call: Row, run: list[Row]) -> None:
    paid = [number_or_none(row["paid_usd"]) for row in run]
    money = (
        render_money(sum(usd for usd in paid if usd is not None))
        if any(usd is not None for usd in paid)
        else "unpriced"
    )
    near = near_steps(run, call["call_id"])
    cut = f" The {len(near)} round this call are shown." if len(near) < len(run) else ""
    note = f"{plural(len(run), 'call')} · {money}; this call is marked.{cut}"
    st.html(pieces.section("Its run", note) + render_run(call_lines(near, call["call_id"], run.index(near[0]) + 1)))
    address = f"runs?run_id={quote(call['run_id'], safe='')}"
    st.html(f'<p class="sf-note">{pieces.link(address, "This run, with its agents, tools and attempts →")}</p>')


def near_steps(run: list[Row], call_id: str) -> list[Row]:
    """The steps shown: all of a short run, those round the call of a long one."""
    if len(run) <= RUN_STEPS_SHOWN:
        return run
    place = next((i for i, row in enumerate(run) if row["call_id"] == call_id), 0)
    start = min(max(0, place - RUN_STEPS_SHOWN // 2), len(run) - RUN_STEPS_SHOWN)
    return run[start : start + RUN_STEPS_SHOWN]


if __name__ == "__main__":
    raise SystemExit("views/call.py is a part of views/calls.py")
