"""One run as lines in time: its agents, calls, tools and failed attempts, each with its place, its length and its cost.

A call's own page shows the calls of its run so. Pure functions of the reads ``run_steps``, ``run_calls`` and ``run_attempts``. What a step is stands in its icon and word, never in
its colour alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from suffice_dashboard.formatting import number_or_none, render_call_cost, render_duration, render_token_pair, shorten
from suffice_dashboard.pieces import call_link, e, href

Row = Mapping[str, Any]
ICONS = {"call": "◆", "agent": "▣", "tool": "⚙", "retrieval": "⌕", "chain": "↳", "prompt": "¶", "attempt": "✕"}
DEEPEST = 6  # levels that are told by their indent
THINNEST = 0.4  # % of the line: shorter steps would not be seen


@dataclass(frozen=True, slots=True)
class Line:
    """One step. ``start`` and ``length`` in ms from the run's first moment; None where no time is known."""

    kind: str
    name: str
    depth: int
    start: float | None
    length: float | None
    failed: str = ""
    call: Row | None = None
    here: bool = False  # the call whose page this is


def run_lines(steps: Sequence[Row], calls: Sequence[Row], attempts: Sequence[Row]) -> list[Line]:
    """The steps in order of time, each under its parent's indent; a call's failed attempts stand before it."""
    by_call = {row["call_id"]: row for row in calls}
    tried: dict[str, list[Row]] = {}
    for row in attempts:
        tried.setdefault(row["retry_of"], []).append(row)
    times = [row["started_ns"] for row in (*steps, *attempts) if row["started_ns"] is not None]
    begin = min(times, default=None)
    depths = _depths(steps)
    lines: list[Line] = []
    for step in steps:
        call = by_call.get(step["call_id"]) if step["kind"] == "call" else None
        depth = depths.get(step["span_id"], 0)
        for each in tried.get(step["call_id"] or "", ()):
            why = each["error_type"] or (f"status {each['status_code']}" if each["status_code"] else "failed")
            start, length = _since(begin, each["started_ns"]), number_or_none(each["latency_ms"])
            lines.append(Line("attempt", f"attempt {each['attempt']}", depth, start, length, why))
        length = None
        if step["started_ns"] is not None and step["ended_ns"] is not None:
            length = max(0.0, (step["ended_ns"] - step["started_ns"]) / 1e6)
        failed = (call or {}).get("error_type") or ("failed" if step["status"] == "error" else "")
        name = (call or {}).get("task_name") or step["name"] or step["kind"]
        lines.append(Line(step["kind"], name, depth, _since(begin, step["started_ns"]), length, failed, call))
    return lines


def call_lines(calls: Sequence[Row], here: str, first: int = 1) -> list[Line]:
    """The calls of a run alone, numbered from ``first``: beside the call ``here``, whose place among them they show."""
    begin = min((row["started_ns"] for row in calls if row["started_ns"] is not None), default=None)
    return [
        Line(
            "call",
            f"{place}. {row['task_name'] or row['request_preview'] or 'call'}",
            0,
            _since(begin, row["started_ns"]),
            number_or_none(row["latency_ms"]),
            row["error_type"] or "",
            row,
            row["call_id"] == here,
        )
        for place, row in enumerate(calls, first)
    ]


def _since(begin: int | None, at: int | None) -> float | None:
    return None if begin is None or at is None else (at - begin) / 1e6


def _depths(steps: Sequence[Row]) -> dict[str, int]:
    """How many of a step's parents are steps too. A parent that names its own child as its parent ends the walk."""
    parents = {row["span_id"]: row["parent_span_id"] for row in steps if row["span_id"]}
    depths = {}
    for span in parents:
        seen, at, depth = {span}, parents[span], 0
        while at in parents and at not in seen:
            seen.add(at)
            at, depth = parents[at], depth + 1
        depths[span] = min(depth, DEEPEST)
    return depths


def legend(lines: Sequence[Line]) -> str:
    """The icons that occur, in words: ``◆ call, ⚙ tool, ✕ failed attempt``."""
    kinds = {line.kind for line in lines}
    return ", ".join(
        f"{ICONS[kind]} {'failed attempt' if kind == 'attempt' else kind}" for kind in ICONS if kind in kinds
    )


def render_run(lines: Sequence[Line]) -> str:
    """The lines with their bars; a call opens on its name."""
    ends = [line.start + (line.length or 0.0) for line in lines if line.start is not None]
    whole = max(ends, default=0.0) or 1.0
    body = "".join(_line(line, whole) for line in lines)
    return f'<div class="sf-run" role="list" aria-label="The steps of this run in order of time">{body}</div>'


def _line(line: Line, whole: float) -> str:
    name = e(shorten(line.name, 60))
    if line.call is not None:
        name = f'<a href="{href(call_link(line.call["call_id"]))}" target="_self">{name}</a>'
    note = line.kind
    if line.call is not None:
        note = f"{line.call['model'] or 'unknown model'} · {render_token_pair(line.call)}"
    if line.failed:
        note = f"✕ {line.failed} · {note}"
    cost = render_call_cost(line.call) if line.call is not None else ""
    took = "" if line.length is None else render_duration(line.length)
    now = ' aria-current="true"' if line.here else ""
    return (
        f'<div class="step {e(line.kind)}{" failed" if line.failed else ""}{" here" if line.here else ""}" role="listitem"{now}>'
        f'<div class="n" style="padding-left:{line.depth * 0.9:.1f}rem"><i aria-hidden="true">{ICONS.get(line.kind, "·")}</i>'
        f'<div><b>{name}</b><span>{e(note)}</span></div></div><div class="t">{_bar(line, whole)}</div>'
        f'<div class="d">{e(took)}</div><div class="c">{e(cost)}</div></div>'
    )


def _bar(line: Line, whole: float) -> str:
    if line.start is None:
        return "<em>no time</em>"
    left = 100 * line.start / whole
    width = max(THINNEST, 100 * (line.length or 0.0) / whole)
    return f'<span style="left:{min(left, 100 - THINNEST):.2f}%;width:{min(width, 100 - min(left, 100 - THINNEST)):.2f}%"></span>'
