"""Figures of HTML: bars, whiskers, marks and words on one axis from left to right, placed by percent.

Plotly is 4.7 MB of script that a browser loads, reads and runs before its first chart stands (one to two seconds); these stand
with the page, follow its theme and width, and need none. Everything that came from outside goes through ``e``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from suffice_dashboard.pieces import e

HATCH = {"/": "sf-hatch", ".": "sf-dots"}  # the patterns of verdicts


@dataclass(frozen=True, slots=True)
class Scale:
    """An axis from ``low`` to ``high``; what lies beyond stands at its end."""

    low: float
    high: float

    def at(self, value: float) -> float:
        """The place of a value, in percent."""
        return 100 * min(1.0, max(0.0, (value - self.low) / ((self.high - self.low) or 1.0)))

    def span(self, start: float, end: float) -> str:
        """The style of what reaches from one value to another."""
        left, right = sorted((self.at(start), self.at(end)))
        return f"left:{left:.2f}%;width:{right - left:.2f}%"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a figure: its name, a second line under it, and its marks (HTML of the functions below)."""

    name: str
    marks: Sequence[str]
    under: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """A line across the whole figure at a value, with words above it."""

    at: float
    words: str = ""
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Figure:
    """What is drawn. ``ticks``: (value, words) under the axis. ``height``: of a line, in rem."""

    scale: Scale
    lines: Sequence[Line]
    ticks: Sequence[tuple[float, str]] = ()
    rules: Sequence[Rule] = ()
    height: float = 2.6
    legend: Sequence[tuple[str, str]] = field(default=())  # (colour, words)


def render(figure: Figure) -> str:
    """The figure as HTML."""
    rules = "".join(
        f'<i class="rule {e(rule.tone)}" style="left:{figure.scale.at(rule.at):.2f}%"></i>' for rule in figure.rules
    )
    head = "".join(_head(figure.scale, rule) for rule in figure.rules if rule.words)
    grid = "".join(f'<i class="grid" style="left:{figure.scale.at(value):.2f}%"></i>' for value, _ in figure.ticks)
    lines = "".join(
        f'<div class="l"><span>{e(line.name)}{f"<small>{e(line.under)}</small>" if line.under else ""}</span></div>'
        f'<div class="p" style="height:{figure.height:g}rem">{grid}{"".join(line.marks)}{rules}</div>'
        for line in figure.lines
    )
    ticks = "".join(
        f'<span style="left:{figure.scale.at(value):.2f}%" class="{side(figure.scale.at(value))}">{e(words)}</span>'
        for value, words in figure.ticks
    )
    key = "".join(f'<span><i style="background:{e(colour)}"></i>{e(words)}</span>' for colour, words in figure.legend)
    return (
        (f'<div class="sf-key">{key}</div>' if key else "")
        + '<div class="sf-fig">'
        + (f'<div class="l"></div><div class="h">{head}</div>' if head else "")
        + lines
        + (f'<div class="l"></div><div class="x">{ticks}</div>' if ticks else "")
        + "</div>"
    )


def _head(scale: Scale, rule: Rule) -> str:
    place = scale.at(rule.at)
    where = "to" if place > 80 else side(place)  # longer than words under the axis
    return f'<span style="left:{place:.2f}%" class="{where} {e(rule.tone)}">{e(rule.words)}</span>'


def side(place: float) -> str:
    """Words at an end of the axis stay within the figure."""
    return "from" if place < 4 else "to" if place > 96 else "mid"


def bar(scale: Scale, start: float, end: float, colour: str, said: str = "", kind: str = "") -> str:
    """A bar from one value to another; ``said`` is told when it is pointed at."""
    return f'<span class="bar {e(kind)}" style="{scale.span(start, end)};background-color:{e(colour)}" title="{e(said)}"></span>'


def whisker(scale: Scale, low: float, high: float, said: str = "") -> str:
    """An interval."""
    return f'<span class="ends" style="{scale.span(low, high)}" title="{e(said)}"></span>'


def dot(scale: Scale, value: float, colour: str, said: str = "") -> str:
    """A round mark."""
    return f'<span class="dot" style="left:{scale.at(value):.2f}%;background:{e(colour)}" title="{e(said)}"></span>'


def tick(scale: Scale, value: float) -> str:
    """A thin upright mark: a dot would hide a narrow interval."""
    return f'<span class="tick" style="left:{scale.at(value):.2f}%"></span>'


def words(scale: Scale, value: float, strong: str, rest: str = "", kind: str = "") -> str:
    """Words that begin at a value. ``kind``: ``in`` stands on a bar, ``up`` and ``down`` above and below the middle of it."""
    return f'<span class="w {e(kind)}" style="left:{scale.at(value):.2f}%"><b>{e(strong)}</b>{e(rest)}</span>'


def money_ticks(high: float, low: float = 0.0, most: int = 5) -> list[tuple[float, str]]:
    """Round amounts from ``low`` to ``high``, at most ``most`` steps apart."""
    if not high > low:
        return [(low, "$0")] if low == 0 else []
    step = round_step((high - low) / most)
    digits = max(2, -math.floor(math.log10(step))) if step < 1 else 0  # $0.50
    first = math.ceil(low / step - 1e-9)
    amounts = [place * step for place in range(first, math.floor(high / step + 1e-9) + 1)]
    return [(usd, f"{'−' if usd < 0 else ''}${abs(usd):,.{digits if usd else 0}f}") for usd in amounts]


def count_ticks(high: float, most: int = 4) -> list[tuple[float, str]]:
    """Round counts from 0."""
    step = max(1.0, round_step(high / most)) if high > 0 else 1.0
    return [(place * step, f"{place * step:,.0f}") for place in range(math.floor(high / step + 1e-9) + 1)]


def round_step(least: float) -> float:
    """The next of 1, 2, 5, 10, ... that is no smaller."""
    ten = 10.0 ** math.floor(math.log10(least))
    return next(ten * factor for factor in (1, 2, 5, 10) if ten * factor >= least * (1 - 1e-9))


@dataclass(frozen=True, slots=True)
class Column:
    """An upright bar: left and width in percent, USD or None (drawn hollow, not as 0), what is told of it."""

    left: float
    width: float
    value: float | None
    said: str
    colour: str = ""


def columns(bars: Sequence[Column], high: float, below: Sequence[tuple[float, str]], name: str) -> str:
    """Upright bars in USD; ``below``: words under them. Who hears the page is told ``name`` and every bar."""
    scale = Scale(0.0, high)
    ticks = money_ticks(high, most=4)
    grid = "".join(
        f'<i class="grid" style="bottom:{scale.at(value):.2f}%"><span>{e(said)}</span></i>' for value, said in ticks
    )
    drawn = "".join(
        f'<span class="{"none" if bar.value is None else "bar"}" title="{e(bar.said)}" '
        f'style="left:{bar.left:.3f}%;width:{bar.width:.3f}%;height:{scale.at(bar.value or 0.0):.2f}%'
        f'{f";background:{e(bar.colour)}" if bar.colour and bar.value is not None else ""}"></span>'
        for bar in bars
    )
    axis = "".join(f'<span style="left:{left:.2f}%" class="{side(left)}">{e(said)}</span>' for left, said in below)
    heard = e("; ".join([name, *(bar.said for bar in bars)]))
    return f'<div class="sf-cols" role="img" aria-label="{heard}"><div class="p">{grid}{drawn}</div><div class="x">{axis}</div></div>'
