"""How true the costs are: calls with something to be said about them, and the provider's days beside ours."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal

import plotly.graph_objects as go

from suffice_dashboard.charts.style import ACCENT, BAD, GREY, clean, finish
from suffice_dashboard.formatting import render_count, render_money, render_share
from suffice_store.prices_file import EPOCH

# Not in the sums of money, or on weak ground; the others are only told.
_TROUBLE = ("Unpriced", "Estimated", "Incomplete", "No usage")


def trust_chart(shares: Sequence[tuple[str, int, str]], calls: int) -> go.Figure:
    """A bar for each thing that was found, its share of the calls that count."""
    found = [each for each in shares if each[1]]
    whole = max(calls, 1)
    figure = go.Figure()
    figure.add_bar(
        x=[count / whole for _, count, _ in found],
        y=[name for name, _, _ in found],
        orientation="h",
        width=0.62,
        marker={"color": [BAD if name in _TROUBLE else GREY for name, _, _ in found]},
        text=[f"{render_share(count / whole)} · {render_count(count)}" for _, count, _ in found],
        textposition="outside",
        cliponaxis=False,
        hovertext=[clean(meaning, 80) for _, _, meaning in found],
        hovertemplate="<b>%{y}</b><br>%{hovertext}<extra></extra>",
    )
    figure.update_yaxes(autorange="reversed")
    # The whole axis is all calls: 4 % must look like 4 %. Room for the words at its end.
    figure.update_xaxes(showticklabels=False, showgrid=False, range=[0, 1.2])
    return finish(figure, max(90, 38 * len(found) + 20))


def days_chart(days: Sequence[tuple[int, Decimal | None, Decimal | None]]) -> go.Figure:
    """(day, billed, counted) in USD as two bars a day; an unknown amount has no bar."""
    figure = go.Figure()
    labels = [(EPOCH + timedelta(days=day)).isoformat() for day, _, _ in days]
    for name, colour, amounts in (
        ("Billed", GREY, [theirs for _, theirs, _ in days]),
        ("Counted", ACCENT, [ours for _, _, ours in days]),
    ):
        figure.add_bar(
            x=labels,
            y=[None if each is None else float(each) for each in amounts],
            name=name,
            marker={"color": colour},
            customdata=[render_money(each) for each in amounts],
            hovertemplate=f"<b>%{{x}}</b><br>{name}: %{{customdata}}<extra></extra>",
        )
    figure.update_xaxes(type="category")
    figure.update_yaxes(tickprefix="$", gridcolor="rgba(128,140,155,0.22)")
    return finish(figure, 260, showlegend=True, barmode="group", legend={"orientation": "h", "y": 1.12, "x": 0})
