"""The alternatives side by side: what each would cost, and the wrong answers it would add. Never added up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go

from suffice_analysis.savings.recommend import CACHING
from suffice_dashboard.charts.style import ACCENT, BAD, FAINT, GREY, LINE, clean, finish
from suffice_dashboard.formatting import number_or_none, render_count, render_money, render_money_interval
from suffice_dashboard.verdicts import alternative_words

Row = Mapping[str, Any]

TODAY = "Today, as paid"
MOST_SHOWN = 1.5  # times what is paid today; what costs more is cut there, its words say how much


def cost_chart(savings: Sequence[Row]) -> go.Figure:
    """What each alternative would cost, beside today. ``savings``: rows of one task (or of all); USD per basis."""
    rows = sorted(savings, key=lambda row: row["position"])
    paid = next((usd for row in rows if (usd := number_or_none(row["paid_usd"])) is not None), None)
    labels = [label(row) for row in rows]
    costs = [number_or_none(row["projected_usd"]) for row in rows]
    figure = go.Figure()
    figure.add_trace(_bars([TODAY], [paid], [render_money(paid)], GREY))
    colours = [ACCENT if row["pays"] else FAINT for row in rows]
    figure.add_trace(_bars(labels, costs, [cost_words(row) for row in rows], colours))
    _saving_whiskers(figure, rows, labels, paid)
    _cost_words(figure, rows, labels, paid)
    widest = max([paid or 0.0, *(cost or 0.0 for cost in costs)], default=0.0) or 1.0
    widest = min(widest, MOST_SHOWN * (paid or widest))
    figure.update_xaxes(range=[0, widest * 1.8], tickprefix="$", nticks=4, gridcolor=FAINT)
    return _one_line_each(figure, [TODAY, *labels])


def wrong_answers_chart(savings: Sequence[Row]) -> go.Figure:
    """How many more answers would be wrong under each alternative, per basis, with the interval."""
    rows = sorted(savings, key=lambda row: row["position"])
    labels = [alternative_words(row["alternative"]) for row in rows]
    figure = go.Figure()
    _wrong_answers(figure, rows, labels)
    figure.update_xaxes(rangemode="tozero", nticks=4, gridcolor=FAINT)
    return _one_line_each(figure, labels)


def _one_line_each(figure: go.Figure, labels: Sequence[str]) -> go.Figure:
    figure.update_yaxes(categoryorder="array", categoryarray=list(labels)[::-1], showgrid=False, ticklabelstandoff=8)
    return finish(figure, 56 * len(labels) + 50, margin={"l": 4, "r": 20, "t": 14, "b": 4}, barmode="overlay")


def label(row: Row) -> str:
    """The alternative and its model, on two lines."""
    name = alternative_words(row["alternative"])
    model = clean(row["model"], 30)
    return f"{name}<br><span style='font-size:12px'>{model}</span>" if model else name


def cost_words(row: Row) -> str:
    """What a bar says at its end: the projected cost and, where it pays, the saving with its interval."""
    saving = number_or_none(row["saving_usd"])
    if number_or_none(row["projected_usd"]) is None or saving is None:
        return "unpriced"
    if saving == 0:
        return f"<b>{render_money(row['projected_usd'])}</b> · saves nothing"
    if saving < 0:
        return f"<b>{render_money(row['projected_usd'])}</b> · costs more"
    return f"<b>{render_money(row['projected_usd'])}</b> · saves {render_money(saving)}"


def _bars(labels: Sequence[str], costs: Sequence[float | None], texts: Sequence[str], colour: Any) -> go.Bar:
    return go.Bar(
        x=[cost or 0.0 for cost in costs],
        y=labels,
        orientation="h",
        width=0.5,
        marker={"color": colour, "cornerradius": 4, "line": {"width": 1, "color": LINE}},
        customdata=texts,
        cliponaxis=False,
        hovertemplate="%{y}<br>%{customdata}<extra></extra>",
    )


def _saving_whiskers(figure: go.Figure, rows: Sequence[Row], labels: Sequence[str], paid: float | None) -> None:
    """The interval of what it would cost: paid minus the interval of the saving."""
    if paid is None:
        return
    for row, name in zip(rows, labels, strict=True):
        low, high = number_or_none(row["saving_low_usd"]), number_or_none(row["saving_high_usd"])
        if low is None or high is None or high <= low:
            continue
        figure.add_trace(
            go.Scatter(
                x=[max(0.0, paid - high), max(0.0, paid - low)],
                y=[name, name],
                mode="lines+markers",
                line={"color": LINE, "width": 2},
                marker={"symbol": "line-ns", "size": 10, "line": {"width": 2, "color": LINE}},
                hovertemplate="saves " + render_money_interval(row["saving_usd"], low, high) + "<extra></extra>",
            ),

        )  # fmt: skip


def _cost_words(figure: go.Figure, rows: Sequence[Row], labels: Sequence[str], paid: float | None) -> None:
    """What each bar says, to the right of its bar and of its whisker."""
    said = [(TODAY, paid or 0.0, f"<b>{render_money(paid)}</b>")]
    for row, name in zip(rows, labels, strict=True):
        cost, low = number_or_none(row["projected_usd"]) or 0.0, number_or_none(row["saving_low_usd"])
        end = max(cost, (paid or 0.0) - low if low is not None else 0.0)
        said.append((name, min(end, MOST_SHOWN * (paid or end)), cost_words(row)))
    for name, end, words in said:
        figure.add_annotation(x=end, y=name, text=words, showarrow=False, xanchor="left", xshift=9, font={"size": 13})


def _wrong_answers(figure: go.Figure, rows: Sequence[Row], labels: Sequence[str]) -> None:
    for row, name in zip(rows, labels, strict=True):
        value, low, high = (
            number_or_none(row[field]) for field in ("extra_wrong", "extra_wrong_low", "extra_wrong_high")
        )
        if value is None or row["alternative"] == CACHING:
            word = "unknown" if value is None else "none: same model"
            figure.add_trace(
                go.Scatter(x=[0], y=[name], mode="text", text=[word], textposition="middle right", textfont={"size": 13},
                           hoverinfo="skip"),
            )  # fmt: skip
            continue
        figure.add_trace(
            go.Scatter(
                x=[value],
                y=[name],
                mode="markers+text",
                marker={"size": 12, "color": BAD if value > 0 else GREY, "symbol": "circle"},
                text=[render_count(value)],
                textposition="top center",
                error_x={
                    "type": "data", "symmetric": False, "thickness": 2, "width": 6, "color": LINE,
                    "array": [(high if high is not None else value) - value],
                    "arrayminus": [value - (low if low is not None else value)],
                },
                cliponaxis=False,
                hovertemplate=f"{render_count(value)} extra wrong answers ({render_count(low)}–{render_count(high)})"
                "<extra></extra>",
            ),

        )  # fmt: skip
