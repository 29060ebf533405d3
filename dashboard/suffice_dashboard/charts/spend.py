"""Where the money goes: one bar of all spend by task, and spend over time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import plotly.graph_objects as go

from suffice_dashboard.charts.style import ACCENT, FAINT, GREEN, LINE, clean, finish
from suffice_dashboard.formatting import number_or_none, render_count, render_interval, render_money, render_share
from suffice_dashboard.verdicts import VERDICTS, verdict

Row = Mapping[str, Any]

_ORDER = {key: place for place, key in enumerate(VERDICTS)}
THIN = 0.012  # share of the bar below which a segment can neither be read nor clicked
PAID, MOVABLE, PROVEN = "Paid", "Expected movable", "Proven movable"


def money_bar(tasks: Sequence[Row], expected: Row | None, proven: Row | None) -> go.Figure:
    """All spend as one bar, a segment a task by verdict; below, the part expected and proven to be movable.

    ``tasks``: rows of the read ``tasks``. ``expected``/``proven``: estimates ``expected_share_cost`` and
    ``proven_share_cost``. Axis in USD as recorded, so that the whole bar is what was paid for tasks.
    """
    priced = with_small_ones_together([(row, number_or_none(row["paid_usd"]) or 0.0) for row in tasks])
    priced.sort(key=lambda pair: (_ORDER[verdict(pair[0]["verdict"]).key], -pair[1]))
    total = sum(usd for _, usd in priced)
    figure = go.Figure()
    for row, usd in priced:
        if usd <= 0:
            continue
        each, share = verdict(row["verdict"]), usd / total
        name = clean(row["name"], 46)
        figure.add_bar(
            x=[usd],
            y=[PAID],
            orientation="h",
            width=0.86,
            marker={
                "color": each.colour,
                "pattern": {
                    "shape": each.pattern,
                    "size": 7,
                    "solidity": 0.16,
                    "bgcolor": each.colour,
                    "fgcolor": "rgba(255,255,255,.55)",
                },
                "line": {"width": 1, "color": "rgba(255,255,255,.6)"},
            },
            text=clean(row["name"], max(4, int(share * 130))) if share >= 0.06 else "",
            textposition="inside",
            insidetextanchor="middle",
            textangle=0,
            constraintext="inside",
            textfont={"color": "#10161d" if each.key in ("untested", "stays") else "#ffffff", "size": 13},
            customdata=[row["task_id"]],
            name=name,
            hovertemplate=(
                f"<b>{name}</b><br>{each.icon} {each.word}<br>{render_money(usd)} · {render_share(share)} of spend<br>"
                f"{render_count(row['calls'])} calls<extra></extra>"
            ),
        )
    staying = sum(usd for row, usd in priced if verdict(row["verdict"]).key == "stays")
    if 0 < staying < total:
        edge = {"color": LINE, "width": 1.5, "dash": "dot"}
        figure.add_shape(type="line", x0=total - staying, x1=total - staying, y0=0, y1=1, yref="paper", line=edge)
    _movable(figure, MOVABLE, expected, total, ACCENT)
    _movable(figure, PROVEN, proven, total, GREEN)
    figure.update_yaxes(
        categoryorder="array", categoryarray=[PROVEN, MOVABLE, PAID], showgrid=False, tickfont={"size": 13}
    )
    figure.update_xaxes(range=[0, total * 1.001 or 1], tickprefix="$", showgrid=False, nticks=6, ticks="outside")
    return finish(figure, 218, barmode="stack", bargap=0.3, uniformtext={"minsize": 11, "mode": "hide"})


def with_small_ones_together(priced: list[tuple[Row, float]]) -> list[tuple[Row, float]]:
    """The tasks with their USD; those too thin to see become one segment for each verdict."""
    thin = THIN * sum(usd for _, usd in priced)
    kept = [pair for pair in priced if pair[1] >= thin]
    for key in VERDICTS:
        small = [pair for pair in priced if 0 < pair[1] < thin and verdict(pair[0]["verdict"]).key == key]
        if len(small) == 1:
            kept += small
        elif small:
            together = {
                "name": f"{len(small)} smaller tasks",
                "verdict": key,
                "task_id": "",
                "calls": sum(row["calls"] for row, _ in small),
            }
            kept.append((together, sum(usd for _, usd in small)))
    return kept


TICK = "#1b2430"  # stands on a coloured bar, light or dark; thin, for a dot would hide a narrow interval


def _movable(figure: go.Figure, label: str, estimate: Row | None, total: float, colour: str) -> None:
    """One row under the bar: solid up to the interval's low end, fading to its high one, a tick at the value."""
    value = number_or_none(estimate["value"]) if estimate else None
    low = number_or_none(estimate["low"]) if estimate else None
    high = number_or_none(estimate["high"]) if estimate else None
    if estimate is None or value is None:
        figure.add_bar(x=[0], y=[label], orientation="h", hoverinfo="skip")
        figure.add_annotation(x=0, y=label, text="unknown", showarrow=False, xanchor="left", font={"size": 13})
        return
    words = render_interval(value, low, high) if value else render_share(value)
    left = value if low is None else min(low, value)
    right = value if high is None else max(high, value)
    end = right
    for length, opacity in ((left, 1.0), (value - left, 0.72), (right - value, 0.4)):
        figure.add_bar(
            x=[length * total],
            y=[label],
            orientation="h",
            width=0.5,
            marker={"color": colour},
            opacity=opacity,
            hovertemplate=f"<b>{label}</b><br>{words} of spend<br>{render_money(value * total)}<extra></extra>",
        )
    figure.add_bar(
        x=[(1 - right) * total], y=[label], orientation="h", width=0.5, marker={"color": FAINT}, hoverinfo="skip"
    )
    if value > 0:
        figure.add_scatter(
            x=[value * total],
            y=[label],
            mode="markers",
            marker={"symbol": "line-ns", "size": 22, "line": {"width": 3, "color": TICK}},
            hoverinfo="skip",
        )
    inside = left >= 0.34  # the words fit on the solid part
    figure.add_annotation(
        x=0 if inside else end * total,
        y=label,
        text=f"<b>{words}</b> · {render_money(value * total)}",
        showarrow=False,
        xanchor="left",
        xshift=10 if inside else 12,
        font={"size": 13, **({"color": "#ffffff"} if inside else {})},
    )


def spend_over_time(rows: Sequence[Row], unit: str = "day") -> go.Figure:
    """Bars of USD a day or hour; a bucket with nothing priced is drawn hollow, not as 0."""
    times = [_bucket(row["key"]) for row in rows]
    paid = [number_or_none(row["paid_usd"]) for row in rows]
    figure = go.Figure()
    figure.add_bar(
        x=times,
        y=[usd or 0.0 for usd in paid],
        marker={"color": ACCENT, "cornerradius": 4},
        customdata=[
            [
                render_money(usd),
                render_count(row["calls"]),
                render_count(row["error_calls"]),
                render_count(row["unpriced_calls"]),
            ]
            for row, usd in zip(rows, paid, strict=True)
        ],
        hovertemplate="<b>%{x}</b><br>%{customdata[0]}<br>%{customdata[1]} calls · %{customdata[2]} errors · "
        "%{customdata[3]} unpriced<extra></extra>",
    )
    figure.update_yaxes(tickprefix="$", rangemode="tozero", nticks=5, gridcolor=FAINT)
    figure.update_xaxes(showgrid=False, linecolor=LINE, showline=True, type="date" if _dates(times) else "category")
    if len(rows) == 1:
        figure.update_traces(width=None if not _dates(times) else 3_600_000 * (16 if unit == "day" else 0.6))
    return finish(figure, 250)


def _bucket(key: Any) -> Any:
    """A bucket's key as Plotly takes a time: an ISO day or hour as it is, day numbers and nanoseconds converted."""
    if isinstance(key, str) and key.isdigit():
        key = int(key)
    if isinstance(key, int):
        seconds = key / 1e9 if key > 10**12 else key * 86_400
        return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="minutes").removesuffix("+00:00")
    return str(key)


def _dates(times: Sequence[Any]) -> bool:
    return bool(times) and all(str(t)[:4].isdigit() and str(t)[4:5] == "-" for t in times)
