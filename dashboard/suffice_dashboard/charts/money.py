"""Pictures of what a saving hangs on: what moves it most, and from how many requests an hour one's own GPU pays."""

from __future__ import annotations

import math
from base64 import b64encode
from collections.abc import Mapping, Sequence
from typing import Any

from suffice_analysis.savings.assumption_words import name_words, value_words
from suffice_dashboard.charts.drawn import Figure, Line, Rule, Scale, bar, money_ticks, render, side, words
from suffice_dashboard.charts.style import ACCENT, GREEN, GREY
from suffice_dashboard.formatting import MILLION, MINUS, render_estimate, render_money
from suffice_dashboard.pieces import e
from suffice_store.rounding import estimated_usd_range

Row = Mapping[str, Any]
SEEN = 0.01  # of the widest bar: a narrower one moves nothing that can be seen
BEYOND = 1.25  # of what is paid today: what costs more is cut there and said in words
ROOM = 0.04  # of the axis, on either side
STACKED = ("would cost", GREY), ("saved; a line above saves it too", "#87d1bf"), ("saved; no line above does", GREEN)


def tornado_chart(bars: Sequence[Row], saving_usd: float) -> str:
    """Each assumption from the low to the high end of its range, the rest as it is. USD per basis; the line is the saving."""
    widest = max((abs(each["at_high_usd"] - each["at_low_usd"]) for each in bars), default=0.0)
    bars = [each for each in bars if abs(each["at_high_usd"] - each["at_low_usd"]) >= SEEN * widest]
    if not bars:
        return ""
    ends = [float(each[f"at_{end}_usd"]) for each in bars for end in ("low", "high")]
    low, high = min([*ends, saving_usd]), max([*ends, saving_usd])
    room = ROOM * (high - low)
    scale = Scale(low - room, high + room)
    lines = [
        Line(
            name_words(each["name"]),
            [
                bar(
                    scale,
                    saving_usd,
                    each[f"at_{end}_usd"],
                    colour,
                    f"at {_end(each, end)}: saves {_saved_at(each, end, saving_usd)}",
                )
                for end, colour in (("low", GREY), ("high", ACCENT))
            ],
        )
        for each in bars
    ]
    rules = [Rule(saving_usd)]
    if low < 0 < high:
        rules.append(Rule(0.0, "saves nothing", "bad"))
    return render(Figure(scale, lines, money_ticks(high, low, most=4), rules, height=2.3))


def _saved_at(bar: Row, end: str, saving_usd: float) -> str:
    """What is saved at that end, with the digits that tell it from the other end and from the expected saving."""
    ends = float(bar["at_low_usd"]), float(bar["at_high_usd"])
    texts = estimated_usd_range(saving_usd, min(ends), max(ends), MINUS, MILLION)
    return texts[1] if (end == "low") == (ends[0] <= ends[1]) else texts[2]


def _end(bar: Row, end: str) -> str:
    value = bar[end]
    return f"the {end} {bar['unit']}" if value is None else value_words({**bar, "value": value})


def stacked_chart(rows: Sequence[tuple[str, float, float, float]], paid: float) -> str:
    """(name, would cost, saved already by one before it, saved beyond) per alternative: never added up. USD per basis.

    The line is what is paid today; what costs more than that by far runs out of the picture and says what it costs.
    """
    scale = Scale(0.0, BEYOND * (paid or 1.0))
    lines = []
    for name, *values in rows:
        marks, begun = [], 0.0
        for (word, colour), value in zip(STACKED, values, strict=True):
            if value > 0:
                marks.append(bar(scale, begun, begun + value, colour, f"{name}: {render_estimate(value)} {word}"))
            begun += max(0.0, value)
        if values[0] > scale.high:
            marks.append(words(scale, scale.high, f"costs {render_estimate(values[0])} →", kind="in end"))
        lines.append(Line(name, marks))
    legend = [(colour, word) for word, colour in STACKED]
    return render(Figure(scale, lines, money_ticks(scale.high), [Rule(paid)], legend=legend))


def break_even_chart(points: Sequence[tuple[float, float, float]], now: float | None) -> str:
    """USD of 1,000 requests on one's own GPUs by requests an hour, against what is paid today. Both axes logarithmic."""
    across = Scale(math.log10(points[0][0]), math.log10(points[-1][0]))
    amounts = [math.log10(usd) for point in points for usd in point[1:] if usd > 0]
    up = Scale(min(amounts), max(amounts))
    curves = "".join(_curve(points, place, colour, across, up) for place, colour in ((1, ACCENT), (2, GREY)))
    picture = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100" preserveAspectRatio="none">' + curves + "</svg>"
    )
    image = f'<img class="sf-curves" alt="" src="data:image/svg+xml;base64,{b64encode(picture.encode()).decode()}">'
    below = "".join(
        f'<span class="{side(across.at(ten))}" style="left:{across.at(ten):.2f}%">{10**ten:,}</span>'
        for ten in _tens(across)
    )
    beside = "".join(f'<span style="bottom:{up.at(ten):.2f}%">{e(render_money(10.0**ten))}</span>' for ten in _tens(up))
    rule = (
        ""
        if not now
        else f'<i class="rule" style="left:{across.at(math.log10(now)):.2f}%" title="now: {now:,.1f} an hour"></i>'
    )
    key = "".join(
        f'<span><i style="background:{colour}"></i>{word}</span>'
        for word, colour in (("own GPUs", ACCENT), ("as paid today", GREY), *([("now", "#D9534F")] if now else []))
    )
    return (
        f'<div class="sf-key">{key}<span>USD per 1,000 requests, by requests an hour</span></div>'
        f'<div class="sf-curved"><div class="in">{image}{rule}<div class="x">{below}</div><div class="y">{beside}</div></div></div>'
    )


def _curve(points: Sequence[tuple[float, ...]], place: int, colour: str, across: Scale, up: Scale) -> str:
    drawn = " ".join(
        f"{across.at(math.log10(point[0])):.2f},{100 - up.at(math.log10(point[place])):.2f}"
        for point in points
        if point[place] > 0
    )
    return f'<polyline points="{drawn}" fill="none" stroke="{colour}" stroke-width="3" vector-effect="non-scaling-stroke"/>'


def _tens(scale: Scale) -> range:
    return range(math.ceil(scale.low - 1e-9), math.floor(scale.high + 1e-9) + 1)
