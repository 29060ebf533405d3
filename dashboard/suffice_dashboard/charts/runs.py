"""A run's steps on a time line: who waited for whom, and where it failed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go

from suffice_dashboard.charts.style import ACCENT, BAD, FAINT, GREY, clean, finish
from suffice_dashboard.formatting import number_or_none, render_duration, render_money

Row = Mapping[str, Any]


def run_timeline(calls: Sequence[Row], here: str | None = None) -> go.Figure | None:
    """Steps of one run (read ``run_calls``), the call ``here`` in full colour; None where no step has a time."""
    timed = [row for row in calls if row["started_ns"] is not None]
    if not timed:
        return None
    begin = min(row["started_ns"] for row in timed)
    starts = [(row["started_ns"] - begin) / 1e9 for row in timed]
    lengths = [(number_or_none(row["latency_ms"]) or 0.0) / 1e3 for row in timed]
    whole = max((start + length for start, length in zip(starts, lengths, strict=True)), default=0.0) or 1e-3
    names = [f"{place}. {clean(row['task_name'] or row['action'] or 'call', 34)}" for place, row in enumerate(timed, 1)]
    figure = go.Figure(
        go.Bar(
            base=starts,
            x=[max(length, whole * 0.006) for length in lengths],
            y=names,
            orientation="h",
            width=0.56,
            marker={
                "color": [BAD if row["error_type"] else ACCENT if row["call_id"] == here else GREY for row in timed],
                "cornerradius": 4,
            },
            text=[("✕ " if row["error_type"] else "") + render_duration(row["latency_ms"]) for row in timed],
            textposition="outside",
            cliponaxis=False,
            customdata=[
                [row["call_id"], clean(row["model"]), render_money(row["paid_usd"]), clean(row["error_type"] or "no error")]
                for row in timed
            ],
            hovertemplate="<b>%{y}</b><br>%{customdata[1]}<br>%{text} · %{customdata[2]}<br>%{customdata[3]}<extra></extra>",
        )
    )  # fmt: skip
    figure.update_xaxes(range=[0, whole * 1.14], ticksuffix=" s", gridcolor=FAINT, nticks=6)
    figure.update_yaxes(autorange="reversed", showgrid=False, ticklabelstandoff=8)
    return finish(figure, 32 * len(timed) + 50)
