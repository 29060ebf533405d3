"""What every figure shares: quiet axes, no toolbar, transparent ground, colours that work on light and dark."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go

ACCENT = "#4A86E8"
GREEN = "#0FA37F"
GREY = "#8C97A5"
BAD = "#D9534F"
FAINT = "rgba(128,140,155,0.22)"
LINE = "rgba(128,140,155,0.55)"
CONFIG: dict[str, Any] = {"displayModeBar": False, "scrollZoom": False, "responsive": True}


def finish(figure: go.Figure, height: int, **layout: Any) -> go.Figure:
    """The common layout, at a height in pixels."""
    settings: dict[str, Any] = {
        "height": height,
        "margin": {"l": 4, "r": 12, "t": 8, "b": 4},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "showlegend": False,
        "dragmode": False,
        "hoverlabel": {"align": "left"},
        "separators": ".,",
    }
    figure.update_layout(settings | layout)
    figure.update_xaxes(automargin=True, fixedrange=True, zeroline=False, tickfont={"size": 13})
    figure.update_yaxes(automargin=True, fixedrange=True, zeroline=False, tickfont={"size": 13})
    return figure


def clean(text: object, limit: int = 60) -> str:
    """Text for a label: Plotly reads a little HTML in labels, so angle brackets are made harmless."""
    line = " ".join(str("" if text is None else text).split())
    if len(line) > limit:
        line = line[: limit - 1].rstrip() + "…"
    return line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
