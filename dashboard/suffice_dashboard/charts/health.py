"""What waits on its way into the store: received, in the journal, stored, set aside."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import plotly.graph_objects as go

from suffice_dashboard.charts.style import ACCENT, BAD, GREEN, GREY, finish

ROWS = (
    ("accepted", "Taken in since the start", ACCENT),
    ("backlog_spans", "Waiting to be stored", GREY),
    ("rejected", "Not kept, said to the sender", BAD),
    ("dead_letters", "Set aside, to be tried again", BAD),
)


def flow_bars(found: Mapping[str, Any]) -> go.Figure:
    """Spans by what became of them, on a square-root scale: one letter stays visible beside a million spans."""
    known = [(label, int(found[name]), colour) for name, label, colour in ROWS if found.get(name) is not None]
    values = [count for _, count, _ in known]
    figure = go.Figure(
        go.Bar(
            x=[count**0.5 for count in values],
            y=[label for label, _, _ in known],
            orientation="h",
            width=0.56,
            marker={"color": [GREEN if not count and c == BAD else c for _, count, c in known], "cornerradius": 4},
            text=[f"{count:,}" for count in values],
            textposition="outside",
            cliponaxis=False,
            hovertemplate="%{y}: %{text}<extra></extra>",
        )
    )
    figure.update_xaxes(visible=False, range=[0, (max(values, default=0) ** 0.5 or 1) * 1.18])
    figure.update_yaxes(autorange="reversed", showgrid=False, ticklabelstandoff=8)
    return finish(figure, 34 * len(known) + 30)
