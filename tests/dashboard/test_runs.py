"""Runs: the list and one run, step by step; retries and tools among the calls, and what each step cost."""

from __future__ import annotations

from typing import Any

from dashboard import fleet
from dashboard.conftest import Open, shown

from suffice_dashboard.formatting import render_money
from suffice_dashboard.run_steps import Line, call_lines, legend, render_run, run_lines
from suffice_dashboard.views import runs
from suffice_store.file_store import FileStore

MS = 1_000_000


ROW = dict.fromkeys(("run_name", "service", "input_tokens", "output_tokens", "paid_usd", "ok")) | {
    "run_id": "r1", "calls": 2, "error_calls": 0, "unpriced_calls": 0,
}  # fmt: skip


def step(kind: str, span: str, parent: str | None, start: int | None, length: int, **more: Any) -> dict[str, Any]:
    ended = None if start is None else (start + length) * MS
    row = {"kind": kind, "name": f"{kind} {span}", "span_id": span, "parent_span_id": parent, "call_id": None,
           "started_ns": None if start is None else start * MS, "ended_ns": ended, "status": "ok", "service": "s"}  # fmt: skip
    return row | more


CALL = {"call_id": "c1", "task_name": "Label", "model": "m", "error_type": None, "input_tokens": 5, "output_tokens": 1,
        "usage_source": "reported", "paid_usd": 0.5}  # fmt: skip
STEPS = [
    step("agent", "a", None, 100, 900),
    step("call", "b", "a", 200, 300, call_id="c1"),
    step("tool", "d", "b", 600, 100, status="error"),
    step("call", "z", "nowhere", None, 0, call_id="c2"),
]
ATTEMPT = {
    "retry_of": "c1",
    "attempt": 1,
    "started_ns": 150 * MS,
    "latency_ms": 20.0,
    "error_type": None,
    "status_code": 429,
}


def test_steps_stand_under_their_parents_with_failed_attempts_before_their_call() -> None:
    lines = run_lines(STEPS, [CALL], [ATTEMPT])
    assert [(x.kind, x.name, x.depth, x.start, x.length, x.failed) for x in lines] == [
        ("agent", "agent a", 0, 0.0, 900.0, ""),
        ("attempt", "attempt 1", 1, 50.0, 20.0, "status 429"),
        ("call", "Label", 1, 100.0, 300.0, ""),
        ("tool", "tool d", 2, 500.0, 100.0, "failed"),
        ("call", "call z", 0, None, None, ""),
    ]


def test_bars_lie_where_the_time_was_and_every_call_opens_with_its_cost() -> None:
    html = render_run(run_lines(STEPS, [CALL], [ATTEMPT]))
    assert 'style="left:0.00%;width:100.00%"' in html
    assert 'style="left:11.11%;width:33.33%"' in html
    assert '<a href="calls?call_id=c1" target="_self">Label</a>' in html
    assert '<div class="c">$0.50</div>' in html
    assert "✕ status 429" in html
    assert "<em>no time</em>" in html


def test_the_calls_of_a_run_alone_are_numbered_and_one_is_marked() -> None:
    none = CALL | {"call_id": "c2", "task_name": None, "request_preview": None, "started_ns": None, "latency_ms": None}
    failed = CALL | {"call_id": "c3", "started_ns": 7 * MS, "latency_ms": 3.0, "error_type": "Timeout"}
    lines = call_lines([CALL | {"started_ns": 2 * MS, "latency_ms": 1.0}, none, failed], "c3", first=4)
    assert [(x.name, x.start, x.length, x.failed, x.here) for x in lines] == [
        ("4. Label", 0.0, 1.0, "", False),
        ("5. call", None, None, "", False),
        ("6. Label", 5.0, 3.0, "Timeout", True),
    ]
    html = render_run(lines)
    assert html.count('class="step call failed here" role="listitem" aria-current="true"') == 1
    assert html.count("aria-current") == 1
    assert "✕ Timeout" in html


def test_only_the_icons_that_occur_are_explained() -> None:
    assert legend(run_lines(STEPS, [CALL], [ATTEMPT])) == "◆ call, ▣ agent, ⚙ tool, ✕ failed attempt"
    assert legend(call_lines([CALL | {"started_ns": 0, "latency_ms": 1.0}], "")) == "◆ call"


def test_parents_that_go_in_circles_end() -> None:
    assert [x.depth for x in run_lines([step("agent", "a", "b", 0, 1), step("agent", "b", "a", 0, 1)], [], [])] == [
        1,
        1,
    ]


def test_hostile_names_stay_text() -> None:
    html = render_run([Line("tool", fleet.HOSTILE, 0, 0.0, 1.0, fleet.HOSTILE)])
    assert "<script" not in html
    assert "<img" not in html


def test_the_list_says_what_the_store_says(open_page: Open, fleet_store: FileStore) -> None:
    text = shown(open_page(fleet_store, "views/runs.py", order="Most calls", service="travel-agent"))
    (first, *_) = fleet_store.read("runs", order="most_calls", service="travel-agent", limit=1).to_pylist()
    assert first["calls"] == 6
    assert f'<a href="runs?run_id={first["run_id"]}"' in text
    assert render_money(first["paid_usd"]) in text


def test_the_list_is_summed_up_where_the_sum_is_of_what_is_listed(open_page: Open, fleet_store: FileStore) -> None:
    (found,) = fleet_store.read("overview", service="travel-agent").to_pylist()
    said = f"<b>{found['runs']} runs</b> among {found['calls']} calls: {render_money(found['paid_usd'])} paid"
    assert said in shown(open_page(fleet_store, "views/runs.py", service="travel-agent"))
    assert " runs</b> among" not in shown(open_page(fleet_store, "views/runs.py", errors="true"))
    row = {"runs": 1, "calls": 2, "paid_usd": 0.5, "unpriced_calls": 1}
    assert runs.runs_sentence(row) == "**1 run** among 2 calls: $0.50 paid, 1 call unpriced."


def test_one_run_shows_its_steps_their_cost_and_the_conversation(open_page: Open, fleet_store: FileStore) -> None:
    (run,) = fleet_store.read("runs", order="most_calls", service="travel-agent", limit=1).to_pylist()
    text = shown(open_page(fleet_store, "views/runs.py", run_id=run["run_id"]))
    assert text.count('class="step call') == 6
    assert '<h1 class="sf-title">travel-agent</h1>' in text, "no agent's name is told, so its service"
    assert "Lisbon" in text
    assert "Conversation" in text
    calls = fleet_store.read("run_calls", run_id=run["run_id"]).to_pylist()
    assert all(f"calls?call_id={row['call_id']}" in text for row in calls)


def test_a_run_took_as_long_as_the_list_says_and_longer_with_its_agent() -> None:
    """34 ms in the list and 42 ms when opened was told of the same run, and not what either was."""
    start = 10**18
    calls = [
        {"started_ns": start + 4_000_000, "latency_ms": 10.0, "paid_usd": 1.0, "error_type": None, "input_tokens": 1, "output_tokens": 1},
        {"started_ns": start + 28_000_000, "latency_ms": 10.0, "paid_usd": 1.0, "error_type": None, "input_tokens": 1, "output_tokens": 1},
    ]  # fmt: skip
    own = [{"kind": "call", "started_ns": c["started_ns"], "ended_ns": c["started_ns"] + 10_000_000} for c in calls]
    agent = {"kind": "agent", "started_ns": start, "ended_ns": start + 42_000_000}
    listed = runs.run_table([ROW | {"started_ns": start + 4_000_000, "ended_ns": start + 38_000_000}])
    opened = runs.run_tiles(calls, [agent, *own], [])
    for html in (listed, opened):
        assert "First call to last" in html
        assert "34\u202fms" in html
    assert "42\u202fms with its agents and tools" in opened
    assert "agents and tools" not in runs.run_tiles(calls, own, [])


def test_a_run_that_is_not_there(open_page: Open, fleet_store: FileStore) -> None:
    assert "There is no such run" in shown(open_page(fleet_store, "views/runs.py", run_id="<nope>"))
    assert "No run matches" in shown(open_page(fleet_store, "views/runs.py", run="nope"))
