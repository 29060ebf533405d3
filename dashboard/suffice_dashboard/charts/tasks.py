"""The map of templates: each mark a template, near ones alike; its colour and shape are the verdict."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from textwrap import wrap
from typing import Any

import plotly.graph_objects as go

from suffice_dashboard.charts.labels import Mark, place_names
from suffice_dashboard.charts.style import LINE, clean, finish
from suffice_dashboard.formatting import number_or_none, render_count, render_money, render_task_share
from suffice_dashboard.verdicts import VERDICTS, verdict

Row = Mapping[str, Any]
MOST_NAMES = 16
WIDTH, HEIGHT = 900.0, 520.0  # pixels of the plane where names are placed; a wider screen only leaves more room


def task_map(points: Sequence[Row], tasks: Sequence[Row], size_by: str = "calls") -> go.Figure:
    """Templates on the plane. ``size_by``: ``calls``, or ``cost`` (a template's share of its task's cost by calls).

    Each point's customdata starts with its task_id: a click on it opens the task.
    """
    by_id = {row["task_id"]: row for row in tasks}
    weights = [_weight(point, by_id.get(point["task_id"]), size_by) for point in points]
    largest = max(weights, default=0.0) or 1.0
    figure = go.Figure()
    for each in VERDICTS.values():
        chosen = [
            (point, weight)
            for point, weight in zip(points, weights, strict=True)
            if verdict(_field(by_id, point, "verdict")).key == each.key
        ]
        if not chosen:
            continue
        figure.add_scatter(
            x=[point["x"] for point, _ in chosen],
            y=[point["y"] for point, _ in chosen],
            mode="markers",
            name=each.word,
            marker={
                "size": [_size(weight, largest) for _, weight in chosen],
                "color": each.colour,
                "symbol": each.symbol,
                "opacity": 0.8,
                "line": {"width": 1, "color": "rgba(255,255,255,.85)"},
            },
            customdata=[[point["task_id"], _hover(point, by_id.get(point["task_id"]))] for point, _ in chosen],
            hovertemplate="%{customdata[1]}<extra></extra>",
        )
    _names(figure, points, weights, by_id)
    blank = {"showgrid": False, "showticklabels": False, "showline": False, "title": ""}
    figure.update_xaxes(**blank)
    figure.update_yaxes(**blank)
    finish(
        figure,
        560,
        showlegend=True,
        legend={"orientation": "h", "y": 1.06, "x": 0, "itemsizing": "constant"},
        margin={"l": 4, "r": 4, "t": 36, "b": 4},
        shapes=[
            {
                "type": "rect",
                "xref": "paper",
                "yref": "paper",
                "x0": 0,
                "x1": 1,
                "y0": 0,
                "y1": 1,
                "line": {"color": LINE, "width": 0.5},
            }
        ],
    )
    figure.update_xaxes(automargin=False)
    figure.update_yaxes(automargin=False)
    return figure


def _names(figure: go.Figure, points: Sequence[Row], weights: Sequence[float], by_id: Mapping[str, Row]) -> None:
    """The costliest tasks carry their name beside their largest mark, with a line to it; none over another mark or name."""
    largest = max(weights, default=0.0) or 1.0
    (left, right), (bottom, top) = (_range([point[axis] for point in points]) for axis in ("x", "y"))
    figure.update_xaxes(range=[left, right])
    figure.update_yaxes(range=[bottom, top])
    marks = [
        Mark(
            (point["x"] - left) / (right - left) * WIDTH,
            (top - point["y"]) / (top - bottom) * HEIGHT,
            _size(weight, largest) / 2,
        )
        for point, weight in zip(points, weights, strict=True)
    ]
    best: dict[str, int] = {}
    for place, point in enumerate(points):
        task_id = point["task_id"]
        if task_id in by_id and weights[place] >= weights[best.get(task_id, place)]:
            best[task_id] = place
    ranked = sorted(best.items(), key=lambda item: (-_paid(by_id[item[0]]), -weights[item[1]]))[:MOST_NAMES]
    names = [(place, clean(by_id[task_id]["name"], 34)) for task_id, place in ranked]
    said = dict(names)
    for place, box in place_names(marks, names, WIDTH, HEIGHT):
        mark = marks[place]
        figure.add_annotation(
            x=points[place]["x"],
            y=points[place]["y"],
            text=said[place],
            showarrow=True,
            arrowhead=0,
            arrowwidth=1,
            arrowcolor=LINE,
            standoff=mark.radius,
            ax=box.x - mark.x,
            ay=box.y - mark.y,
            font={"size": 11.5},
        )


def _range(values: Sequence[float]) -> tuple[float, float]:
    """The ends of an axis: the values with a tenth of room on either side."""
    low, high = min(values, default=0.0), max(values, default=1.0)
    room = (high - low) / 10 or 1.0
    return low - room, high + room


def _size(weight: float, largest: float) -> float:
    return 8 + 34 * math.sqrt(weight / largest)


def _paid(task: Row) -> float:
    return number_or_none(task["paid_usd"]) or 0.0


def _weight(point: Row, task: Row | None, size_by: str) -> float:
    calls = number_or_none(point["calls"]) or 0.0
    if size_by == "calls" or task is None:
        return calls
    return (number_or_none(task["paid_usd"]) or 0.0) * calls / (number_or_none(task["calls"]) or 1.0)


def _field(by_id: Mapping[str, Row], point: Row, name: str) -> Any:
    row = by_id.get(point["task_id"])
    return row[name] if row else None


def _hover(point: Row, task: Row | None) -> str:
    """Name, verdict, figures and the beginning of the template, as Plotly's little HTML."""
    example = "<br>".join(clean(line, 64) for line in wrap(str(point["example"])[:200], 60))
    if task is None:
        return f"<b>(no task)</b><br>{render_count(point['calls'])} calls<br><i>{example}</i>"
    each = verdict(task["verdict"])
    can = render_task_share(task)
    return (
        f"<b>{clean(task['name'])}</b><br>{each.word} · replaceable {can}<br>"
        f"{render_count(point['calls'])} calls here · task {render_money(task['paid_usd'])}<br><i>{example}</i>"
    )
