"""Where the money goes: one bar of all spend by task, and spend over time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from suffice_dashboard.charts.drawn import (
    HATCH,
    Column,
    Figure,
    Line,
    Rule,
    Scale,
    bar,
    columns,
    money_ticks,
    render,
    tick,
    words,
)
from suffice_dashboard.charts.style import ACCENT, FAINT, GREEN
from suffice_dashboard.formatting import number_or_none, render_count, render_interval, render_money, render_share
from suffice_dashboard.pieces import e, href, task_link
from suffice_dashboard.verdicts import VERDICTS, verdict

Row = Mapping[str, Any]

_ORDER = {key: place for place, key in enumerate(VERDICTS)}
THIN = 0.012  # share of the bar below which a segment can neither be read nor clicked
READ = 0.06  # below which its name can't be read
PAID, MOVABLE, PROVEN = "Paid", "Expected movable", "Proven movable"
UNIT_S = {"day": 86_400, "hour": 3_600}
MOST_TIMES = 6  # words under the bars


def money_bar(tasks: Sequence[Row], expected: Row | None, proven: Row | None) -> str:
    """All spend as one bar, a segment a task by verdict; below, the part expected and proven to be movable.

    ``tasks``: rows of the read ``tasks``. ``expected``/``proven``: estimates ``expected_share_cost`` and
    ``proven_share_cost``. Axis in USD as recorded, so that the whole bar is what was paid for tasks. A segment opens its task.
    """
    priced = with_small_ones_together([(row, number_or_none(row["paid_usd"]) or 0.0) for row in tasks])
    priced.sort(key=lambda pair: (_ORDER[verdict(pair[0]["verdict"]).key], -pair[1]))
    total = sum(usd for _, usd in priced)
    scale, begun, segments = Scale(0.0, total), 0.0, []
    for row, usd in priced:
        if usd > 0:
            segments.append(_segment(row, usd, begun, scale))
            begun += usd
    staying = sum(usd for row, usd in priced if verdict(row["verdict"]).key == "stays")
    rules = [Rule(total - staying, tone="dotted")] if 0 < staying < total else []
    lines = [
        Line(PAID, segments),
        Line(MOVABLE, _movable(MOVABLE, expected, scale, ACCENT)),
        Line(PROVEN, _movable(PROVEN, proven, scale, GREEN)),
    ]
    return render(Figure(scale, lines, money_ticks(total), rules, height=2.9))


def _segment(row: Row, usd: float, begun: float, scale: Scale) -> str:
    each, share = verdict(row["verdict"]), usd / scale.high
    said = (
        f"{row['name']}: {each.icon} {each.word}, {render_money(usd)}, {render_share(share)} of spend, "
        f"{render_count(row['calls'])} calls"
    )
    tone = f"bar tall {HATCH.get(each.pattern, '')}{' dark' if each.key in ('untested', 'stays') else ''}"
    style = f"{scale.span(begun, begun + usd)};background-color:{each.colour}"
    name = e(row["name"]) if share >= READ else ""
    if not row["task_id"]:
        return f'<span class="{tone}" style="{style}" title="{e(said)}">{name}</span>'
    address = href(task_link(row["task_id"]))
    return f'<a class="{tone}" style="{style}" href="{address}" target="_self" title="{e(said)}" aria-label="{e(said)}">{name}</a>'


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


def _movable(label: str, estimate: Row | None, scale: Scale, colour: str) -> list[str]:
    """One line under the bar: solid up to the interval's low end, fading to its high one, a tick at the value."""
    value, low, high = (number_or_none(estimate[name]) if estimate else None for name in ("value", "low", "high"))
    total = scale.high
    if value is None:
        return [words(scale, 0.0, "unknown")]
    shown = render_interval(value, low, high) if value else render_share(value)
    left, right = (value if low is None else min(low, value)), (value if high is None else max(high, value))
    said = f"{label}: {shown} of spend, {render_money(value * total)}"
    marks = [bar(scale, 0.0, total, FAINT)]
    for start, end, fade in ((0.0, left, "ff"), (left, value, "b8"), (value, right, "66")):
        if end > start:
            marks.append(bar(scale, start * total, end * total, colour + fade, said))
    inside = left >= 0.34  # the words fit on the solid part
    if value > 0:
        marks.append(tick(scale, value * total))
    money = f" · {render_money(value * total)}"
    return [*marks, words(scale, 0.0 if inside else right * total, shown, money, "in" if inside else "")]


def spend_over_time(rows: Sequence[Row], unit: str = "day") -> str:
    """Bars of USD a day or hour; a bucket with nothing priced is drawn hollow, not as 0. A day without calls leaves a gap."""
    times = [_seconds(row["key"]) for row in rows]
    if not times:
        return ""
    first, wide = min(times), UNIT_S[unit]
    span = max(times) - first + wide
    paid = [number_or_none(row["paid_usd"]) for row in rows]
    bars = [
        Column(
            100 * (at - first + 0.1 * wide) / span,
            100 * 0.8 * wide / span,
            usd,
            f"{_moment(at, unit)}: {_said(row, usd)}",
        )
        for row, at, usd in zip(rows, times, paid, strict=True)
    ]
    buckets = round(span / wide)
    every = -(-buckets // MOST_TIMES)
    below = [
        (100 * (place + 0.5) * wide / span, _moment(first + place * wide, unit)) for place in range(0, buckets, every)
    ]
    return columns(bars, max((usd or 0.0 for usd in paid), default=0.0) * 1.04, below, f"Spend by {unit}")


def _said(row: Row, usd: float | None) -> str:
    return (
        f"{render_money(usd)}, {render_count(row['calls'])} calls, {render_count(row['error_calls'])} errors, "
        f"{render_count(row['unpriced_calls'])} unpriced"
    )


def _moment(seconds: float, unit: str) -> str:
    at = datetime.fromtimestamp(seconds, UTC)
    return f"{at.day} {at:%b}" if unit == "day" else f"{at.day} {at:%b, %H:%M}"


def _seconds(key: Any) -> float:
    """When a bucket begins: its key is an ISO day or hour, a day's number or nanoseconds."""
    if isinstance(key, str) and key.isdigit():
        key = int(key)
    if isinstance(key, int):
        return key / 1e9 if key > 10**12 else key * 86_400.0
    at = datetime.fromisoformat(str(key))
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
