"""The alternatives side by side: what each would cost, and the wrong answers it would add. Never added up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from suffice_analysis.savings.recommend import CACHING
from suffice_dashboard.charts.drawn import (
    Figure,
    Line,
    Scale,
    bar,
    count_ticks,
    dot,
    money_ticks,
    render,
    whisker,
    words,
)
from suffice_dashboard.charts.style import ACCENT, BAD, FAINT, GREY
from suffice_dashboard.formatting import (
    number_or_none,
    render_count,
    render_estimate,
    render_estimate_within,
    render_money_interval,
    shorten,
)
from suffice_dashboard.verdicts import alternative_words

Row = Mapping[str, Any]

TODAY = "Today, as paid"
MOST_SHOWN = 1.5  # times what is paid today; what costs more is cut there, its words say how much
ROOM = 1.8  # of the axis, for the words at a bar's end
HEIGHT = 3.4


def cost_chart(savings: Sequence[Row]) -> str:
    """What each alternative would cost, beside today. ``savings``: rows of one task (or of all); USD per basis."""
    rows = sorted(savings, key=lambda row: row["position"])
    paid = next((usd for row in rows if (usd := number_or_none(row["paid_usd"])) is not None), None)
    widest = max([paid or 0.0, *(number_or_none(row["projected_usd"]) or 0.0 for row in rows)], default=0.0) or 1.0
    widest = min(widest, MOST_SHOWN * (paid or widest))
    scale = Scale(0.0, widest * ROOM)
    today = [
        bar(scale, 0.0, paid or 0.0, GREY, render_estimate(paid)),
        words(scale, paid or 0.0, render_estimate(paid)),
    ]
    lines = [Line(TODAY, today), *(_line(row, paid, widest, scale) for row in rows)]
    return render(Figure(scale, lines, money_ticks(widest), height=HEIGHT))


def _line(row: Row, paid: float | None, widest: float, scale: Scale) -> Line:
    cost = number_or_none(row["projected_usd"]) or 0.0
    said = f"{alternative_words(row['alternative'])}: {''.join(cost_words(row))}"
    marks, end = [bar(scale, 0.0, min(cost, widest), ACCENT if row["pays"] else FAINT, said)], cost
    low, high = number_or_none(row["saving_low_usd"]), number_or_none(row["saving_high_usd"])
    if paid is not None and low is not None and high is not None and high > low:
        between = max(0.0, paid - high), max(0.0, paid - low)
        saves = f"saves {render_money_interval(row['saving_usd'], low, high)}"
        marks.append(whisker(scale, min(between[0], widest), min(between[1], widest), saves))
        end = max(cost, between[1])
    marks.append(words(scale, min(end, widest), *cost_words(row)))
    return Line(alternative_words(row["alternative"]), marks, shorten(row["model"], 30))


def cost_words(row: Row) -> tuple[str, str]:
    """What a bar says at its end: the projected cost and, where it pays, the saving."""
    saving = number_or_none(row["saving_usd"])
    if number_or_none(row["projected_usd"]) is None or saving is None:
        return "", "unpriced"
    cost = would_cost(row)
    if saving == 0:
        return cost, " · saves nothing"
    return (
        (cost, " · costs more")
        if saving < 0
        else (cost, f" · saves {render_estimate_within(saving, row['saving_low_usd'], row['saving_high_usd'])}")
    )


def would_cost(row: Row) -> str:
    """The projected cost, as finely as what it saves is known."""
    paid, low, high = (number_or_none(row[name]) for name in ("paid_usd", "saving_low_usd", "saving_high_usd"))
    if paid is None or low is None or high is None:
        return render_estimate(row["projected_usd"])
    return render_estimate_within(row["projected_usd"], paid - high, paid - low)


def wrong_answers_chart(savings: Sequence[Row]) -> str:
    """How many more answers would be wrong under each alternative, per basis, with the interval."""
    rows = sorted(savings, key=lambda row: row["position"])
    counts = [number_or_none(row[name]) or 0.0 for row in rows for name in ("extra_wrong", "extra_wrong_high")]
    widest = max([*counts, 1.0])
    scale = Scale(0.0, widest * 1.08)
    lines = [Line(alternative_words(row["alternative"]), _wrong(row, scale)) for row in rows]
    return render(Figure(scale, lines, count_ticks(widest), height=HEIGHT))


def _wrong(row: Row, scale: Scale) -> list[str]:
    value, low, high = (number_or_none(row[name]) for name in ("extra_wrong", "extra_wrong_low", "extra_wrong_high"))
    if value is None or row["alternative"] == CACHING:
        return [words(scale, 0.0, "", "unknown" if value is None else "none: same model")]
    said = f"{render_count(value)} extra wrong answers ({render_count(low)}–{render_count(high)})"
    ends = [] if low is None or high is None else [whisker(scale, low, high, said)]
    return [
        *ends,
        dot(scale, value, BAD if value > 0 else GREY, said),
        words(scale, value, render_count(value), kind="up"),
    ]
