"""Pictures of what a saving hangs on: what moves it most, and from how many requests an hour one's own GPU pays."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go

from suffice_dashboard.charts.style import ACCENT, BAD, FAINT, GREEN, GREY, LINE, clean, finish
from suffice_dashboard.formatting import money_text, render_money
from suffice_store.rounding import tell_apart

Row = Mapping[str, Any]
SEEN = 0.01  # of the widest bar: a narrower one moves nothing that can be seen
BEYOND = 1.25  # of what is paid today: what costs more is cut there and said in words
_MINUS = "rgba(217,83,79,0.75)"
WORDS = {
    "slm_answer_length": "Length of its answers",
    "small_tier_answer_length": "Length of its answers",
    "hosted_price_factor": "The host's price",
    "caught_checkable": "Wrong answers caught (checkable)",
    "caught_free_text": "Wrong answers caught (free text)",
    "judged_share": "Share of calls judged",
    "small_tier_shift": "Small tier's lead over an SLM",
    "cache_hit_share": "Cache hits",
    "gpu_usd_per_hour": "A GPU's price",
    "gpu_overhead": "Overhead of a GPU",
    "throughput_at_latency": "Throughput at the latency",
    "self_host_upkeep_hours": "Hours of upkeep",
    "engineer_usd_per_hour": "An engineer's hour",
    "assumed_utilisation": "Utilisation of the GPUs",
    "replaceability": "Replaceability of the tasks",
}


def tornado_chart(bars: Sequence[Row], saving_usd: float) -> go.Figure:
    """Each assumption from the low to the high end of its range, the rest as it is. USD per basis; the line is the saving."""
    widest = max((abs(bar["at_high_usd"] - bar["at_low_usd"]) for bar in bars), default=0.0)
    bars = [bar for bar in bars if abs(bar["at_high_usd"] - bar["at_low_usd"]) >= SEEN * widest]
    labels = [WORDS.get(bar["name"], clean(bar["name"].replace("_", " "))) for bar in bars]
    figure = go.Figure()
    for end, colour in (("low", GREY), ("high", ACCENT)):
        figure.add_trace(
            go.Bar(
                x=[bar[f"at_{end}_usd"] - saving_usd for bar in bars],
                base=saving_usd,
                y=labels,
                orientation="h",
                width=0.55,
                marker={"color": colour, "line": {"width": 0}},
                customdata=[[_end(bar, end), _saved_at(bar, end, saving_usd)] for bar in bars],
                hovertemplate="%{y} at %{customdata[0]}: saves %{customdata[1]}<extra></extra>",
            )
        )
    figure.add_vline(x=saving_usd, line={"width": 2, "color": LINE})
    ends = [bar[f"at_{end}_usd"] for bar in bars for end in ("low", "high")]
    if ends and min(ends) < 0 < max(ends):
        figure.add_vline(x=0, line={"width": 1, "color": BAD, "dash": "dot"})
        figure.add_annotation(x=0, y=1.0, yref="paper", yanchor="bottom", text="saves nothing", showarrow=False, font={"size": 12, "color": BAD})  # fmt: skip
    figure.update_xaxes(tickprefix="$", nticks=5, gridcolor=FAINT)
    figure.update_yaxes(categoryorder="array", categoryarray=labels[::-1], showgrid=False, ticklabelstandoff=8)
    return finish(figure, 38 * len(bars) + 60, margin={"l": 4, "r": 20, "t": 22, "b": 4}, barmode="overlay")


def _saved_at(bar: Row, end: str, saving_usd: float) -> str:
    """What is saved at that end, with the digits that tell it from the other end and from the expected saving."""
    low, high = float(bar["at_low_usd"]), float(bar["at_high_usd"])
    texts = tell_apart([low if end == "low" else high, saving_usd, low, high], money_text)
    return texts[0]


def _end(bar: Row, end: str) -> str:
    value = bar[end]
    return f"the {end} {bar['unit']}" if value is None else f"{value:,.4g} {bar['unit']}"


def stacked_chart(rows: Sequence[tuple[str, float, float, float]], paid: float) -> go.Figure:
    """(name, would cost, saved already by one before it, saved beyond) per alternative: they exclude each other. USD per basis.

    The line is what is paid today; what costs more than that by far runs out of the picture and says what it costs.
    """
    labels = [name for name, *_ in rows]
    parts = (
        ("would cost", GREY),
        ("saved by one before it", "rgba(15,163,127,0.35)"),
        ("saved beyond", GREEN),
    )
    figure = go.Figure()
    for place, (word, colour) in enumerate(parts):
        values = [max(0.0, row[1:][place]) for row in rows]
        figure.add_trace(
            go.Bar(
                x=values,
                y=labels,
                name=word,
                orientation="h",
                width=0.5,
                marker={"color": colour, "line": {"width": 0}},
                customdata=[render_money(value) for value in values],
                hovertemplate="%{y}: %{customdata} " + word + "<extra></extra>",
            )
        )
    figure.add_vline(x=paid, line={"width": 2, "color": LINE})
    for name, cost, *_ in rows:
        if cost > BEYOND * paid:
            words = f"costs {render_money(cost)} →"
            figure.add_annotation(x=BEYOND * paid, y=name, text=words, showarrow=False, xanchor="right", xshift=-6, font={"size": 13, "color": "white"})  # fmt: skip
    figure.update_xaxes(tickprefix="$", nticks=5, gridcolor=FAINT, range=[0, BEYOND * (paid or 1.0)])
    figure.update_yaxes(categoryorder="array", categoryarray=labels[::-1], showgrid=False, ticklabelstandoff=8)
    legend = {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0, "traceorder": "normal", "font": {"size": 13}}
    return finish(figure, 46 * len(rows) + 70, barmode="stack", showlegend=True, legend=legend, margin={"l": 4, "r": 20, "t": 30, "b": 4})  # fmt: skip


def break_even_chart(points: Sequence[tuple[float, float, float]], now: float | None) -> go.Figure:
    """USD of 1,000 requests on one's own GPUs by requests an hour, against what is paid today. Both axes logarithmic."""
    rates = [rate for rate, _, _ in points]
    figure = go.Figure()
    for place, name, colour in ((1, "own GPUs", ACCENT), (2, "as paid today", GREY)):
        figure.add_trace(
            go.Scatter(
                x=rates,
                y=[point[place] for point in points],
                name=name,
                mode="lines",
                line={"width": 3, "color": colour},
                hovertemplate=name + ": $%{y:,.3g} per 1,000 at %{x:,.0f} requests an hour<extra></extra>",
            )
        )
    if now:
        figure.add_vline(x=now, line={"width": 2, "color": _MINUS, "dash": "dot"})
        figure.add_annotation(
            x=math.log10(now), y=1.0, yref="paper", yanchor="bottom", text="now", showarrow=False, font={"size": 13}
        )
    figure.update_xaxes(type="log", title="requests an hour", gridcolor=FAINT, dtick=1)
    figure.update_yaxes(type="log", tickprefix="$", title="per 1,000 requests", gridcolor=FAINT, dtick=1)
    legend = {"orientation": "h", "y": 1.04, "yanchor": "bottom", "x": 1, "xanchor": "right", "font": {"size": 13}}
    return finish(figure, 320, showlegend=True, legend=legend, margin={"l": 4, "r": 20, "t": 34, "b": 4})
