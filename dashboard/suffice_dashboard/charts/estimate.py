"""One task: the estimate as a picture of its interval against the bar, and what the model did."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from suffice_dashboard import pieces
from suffice_dashboard.charts.drawn import Figure, Line, Rule, Scale, render, tick, words
from suffice_dashboard.formatting import is_wide, number_or_none, render_count, render_interval, render_share
from suffice_dashboard.pieces import e
from suffice_dashboard.verdicts import verdict

Row = Mapping[str, Any]
APART = 0.06  # of the axis: nearer than that an end's words would run into the value's
TICKS = ((0.0, "none"), (0.25, "25 %"), (0.5, "50 %"), (0.75, "75 %"), (1.0, "all calls"))


def estimate_picture(estimate: Row, verdict_key: str) -> str:
    """The interval on a line from 0 to 100 %, a tick at its value (where it isn't too wide for one), and the bar that "proven" asks for.

    ``estimate``: one row of the read ``estimates`` with measure ``replaceability``.
    """
    each, scale = verdict(verdict_key), Scale(0.0, 1.0)
    value, low, high = (number_or_none(estimate[name]) for name in ("value", "low", "high"))
    bar = number_or_none(estimate["bar"])
    marks = ['<span class="track"></span>']
    if value is None:
        marks.append(words(scale, 0.5, "unknown", kind="up"))
    else:
        left, right = (value if low is None else low), (value if high is None else high)
        said = render_interval(value, low, high)
        marks.append(
            f'<span class="range" style="{scale.span(left, right)};background:{each.colour}" title="{e(said)}"></span>'
        )
        wide = is_wide(low, high)
        if not wide:
            marks += [tick(scale, value), words(scale, value, render_share(value), kind="up")]
        marks += [
            words(scale, end, render_share(end), kind="down") for end in (left, right) if wide or right - left > APART
        ]
    rules = () if bar is None else (Rule(bar, f"proven from {render_share(bar)}", "dotted"),)
    drawn = render(Figure(scale, [Line("", marks)], TICKS, rules, height=4.8))
    return f'<div class="sf-range" style="--b:{each.colour}">{drawn}</div>'


def actions_bars(actions: Sequence[Row], limit: int = 8) -> str:
    """What the model did, most frequent first; the rest is added up as "other"."""
    ranked = sorted(actions, key=lambda row: -row["calls"])
    total = sum(row["calls"] for row in ranked) or 1
    shown = [(action_words(row["action"]), row["calls"]) for row in ranked[:limit]]
    if rest := sum(row["calls"] for row in ranked[limit:]):
        shown.append((f"{len(ranked) - limit} other actions", rest))
    widest = max((calls for _, calls in shown), default=1) or 1
    return pieces.bar_list(
        (name, f"{render_share(calls / total)} · {render_count(calls)}", calls / widest, "") for name, calls in shown
    )


def action_words(action: str) -> str:
    """``tool:search_flights`` -> ``calls search_flights``; ``answer:json`` -> ``answers with json``."""
    kind, _, what = action.partition(":")
    what = what.replace("_", " ") if kind != "tool" else what
    return {"tool": f"calls {what}", "answer": f"answers with {what}"}.get(kind, action) if what else action
