"""One task: the estimate as a picture of its interval against the bar, and what the model did."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go

from suffice_dashboard.charts.style import ACCENT, FAINT, LINE, clean, finish
from suffice_dashboard.formatting import is_wide, number_or_none, render_count, render_share
from suffice_dashboard.verdicts import verdict

Row = Mapping[str, Any]


def estimate_picture(estimate: Row, verdict_key: str) -> go.Figure:
    """The interval on a line from 0 to 100 %, its value as a dot (where it isn't too wide for one), and the bar that "proven" asks for.

    ``estimate``: one row of the read ``estimates`` with measure ``replaceability``.
    """
    each = verdict(verdict_key)
    value, low, high = (number_or_none(estimate[name]) for name in ("value", "low", "high"))
    bar = number_or_none(estimate["bar"])
    figure = go.Figure()
    figure.add_scatter(
        x=[0, 1], y=[0, 0], mode="lines", line={"color": FAINT, "width": 18}, hoverinfo="skip", cliponaxis=False
    )
    if value is None:
        figure.add_annotation(x=0.5, y=0, text="unknown", showarrow=False, font={"size": 14})
    else:
        left, right = (value if low is None else low), (value if high is None else high)
        figure.add_scatter(
            x=[left, right],
            y=[0, 0],
            mode="lines",
            line={"color": each.colour, "width": 18},
            opacity=0.45,
            hoverinfo="skip",
            cliponaxis=False,
        )
        wide = is_wide(low, high)
        if not wide:
            _dot(figure, value, each.colour)
        for end in (left, right):
            if wide or abs(end - value) > 0.035:
                figure.add_annotation(
                    x=end, y=0, text=render_share(end), showarrow=False, yshift=-23, xanchor="center", font={"size": 12}
                )
    if bar is not None:
        figure.add_shape(
            type="line", x0=bar, x1=bar, y0=-0.3, y1=0.92, line={"color": LINE, "width": 2.5, "dash": "dot"}
        )
        figure.add_annotation(
            x=bar, y=1.04, text=f"proven from {render_share(bar)}", showarrow=False, xanchor="right", font={"size": 12}
        )
    figure.update_yaxes(visible=False, range=[-0.85, 1.15])
    figure.update_xaxes(
        range=[-0.015, 1.015],
        tickvals=[0, 0.25, 0.5, 0.75, 1],
        ticktext=["none", "25 %", "50 %", "75 %", "all calls"],
        showgrid=False,
    )
    return finish(figure, 178, margin={"l": 18, "r": 30, "t": 10, "b": 4})


def _dot(figure: go.Figure, value: float, colour: str) -> None:
    figure.add_scatter(
        x=[value],
        y=[0],
        mode="markers",
        marker={"size": 22, "color": colour, "line": {"width": 3, "color": "#ffffff"}},
        hovertemplate=f"{render_share(value)}<extra></extra>",
        cliponaxis=False,
    )
    words = f"<b>{render_share(value)}</b>"
    figure.add_annotation(x=value, y=0, text=words, showarrow=False, yshift=29, font={"size": 17})


def actions_bar(actions: Sequence[Row], limit: int = 8) -> go.Figure:
    """What the model did, most frequent first; the rest is added up as "other"."""
    ranked = sorted(actions, key=lambda row: -row["calls"])
    total = sum(row["calls"] for row in ranked) or 1
    shown = [(action_words(row["action"]), row["calls"]) for row in ranked[:limit]]
    if rest := sum(row["calls"] for row in ranked[limit:]):
        shown.append((f"{len(ranked) - limit} other actions", rest))
    names = [clean(name, 44) for name, _ in shown][::-1]
    counts = [calls for _, calls in shown][::-1]
    figure = go.Figure(
        go.Bar(
            x=counts,
            y=names,
            orientation="h",
            marker={"color": ACCENT, "cornerradius": 4},
            width=0.62,
            text=[f"{render_share(calls / total)} · {render_count(calls)}" for calls in counts],
            textposition="outside",
            cliponaxis=False,
            hovertemplate="%{y}: %{text} calls<extra></extra>",
        )
    )
    figure.update_xaxes(visible=False, range=[0, max(counts, default=1) * 1.35])
    figure.update_yaxes(showgrid=False, ticklabelstandoff=8)
    return finish(figure, 34 * len(shown) + 24)


def action_words(action: str) -> str:
    """``tool:search_flights`` -> ``calls search_flights``; ``answer:json`` -> ``answers with json``."""
    kind, _, what = action.partition(":")
    what = what.replace("_", " ") if kind != "tool" else what
    return {"tool": f"calls {what}", "answer": f"answers with {what}"}.get(kind, action) if what else action
