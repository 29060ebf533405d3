"""The report's charts as inline SVG: no script, so they open offline, print sharply and follow light and dark.

A verdict is told by colour (Okabe and Ito's palette), by pattern and by a word. All text is escaped.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import LiteralString

from markupsafe import Markup, escape

from suffice_analysis.replaceability import CLAIM_CALLS
from suffice_analysis.report.bridge import Bridge, signed_usd
from suffice_analysis.report.model import Report, TaskPart
from suffice_analysis.report.parts import MOVING, find_parts
from suffice_analysis.report.wording import ALTERNATIVE_NAMES, Row, is_wide, verdict_words, would_cost
from suffice_analysis.savings.assumption_words import name_words
from suffice_store.console import (
    format_count,
    format_interval,
    format_share,
    format_share_interval,
    format_usd,
    format_usd_estimate,
    format_usd_range,
)

WIDTH = 920
ROW = 36
NAME_WIDTH, BAR_WIDTH, SHARE_LEFT, SHARE_WIDTH = 250, 200, 560, 240
NAME_CHARS = 30  # with the widest font that stands in for a missing one it ends before the bar
MOST_TASKS = 20

PATTERNS = Markup(
    '<svg width="0" height="0" class="defs" aria-hidden="true"><defs>'
    '<pattern id="p-untested" width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    '<rect width="7" height="7" class="f-untested"/><rect width="2.5" height="7" class="hatch"/></pattern>'
    '<pattern id="p-stays" width="6" height="6" patternUnits="userSpaceOnUse">'
    '<rect width="6" height="6" class="f-stays"/><circle cx="2" cy="2" r="1.2" class="hatch"/></pattern>'
    '<marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto">'
    '<path d="M0 0 L8 4 L0 8 Z" class="ink-fill"/></marker></defs></svg>'
)
LEAST_LABEL = 0.04  # of the bar: what is narrower has no room for its percent
_PART_FILL = {"proven": "proven", "to_test": "likely", "not_judged": "not_judged", "stays": "stays"}
_FILL = {
    "not_judged": "f-shared",
    "proven": "f-proven",
    "likely": "f-likely",
    "untested": "p-untested",
    "stays": "p-stays",
}


def swatch(verdict: str) -> Markup:
    """A small square in the colour and pattern of a verdict, for a legend; drawn as the bars are."""
    return Markup('<svg viewBox="0 0 12 12" aria-hidden="true">') + _rect(0, 0, 12, 12, verdict) + Markup("</svg>")


def spend_chart(report: Report, most_tasks: int = MOST_TASKS) -> Markup:
    """Each task: what it costs, and beside it the interval of the share a small model is expected to suffice for."""
    claimed = [t for t in report.tasks if t.row["calls"] >= CLAIM_CALLS]  # of the others nothing is claimed
    tasks = (claimed or report.tasks)[:most_tasks]
    if not tasks:
        return Markup("")
    most = max((_size(t) for t in tasks), default=0.0) or 1.0
    height = 46 + ROW * len(tasks)
    priced = report.basis_usd is not None
    unit = f"cost {report.task_basis_words}{report.about_words}" if priced else "calls"
    parts = [
        _text(NAME_WIDTH, 16, unit, "head"),
        _text(SHARE_LEFT, 16, "expected to suffice for, % of its calls (90 % interval)", "head"),
    ]
    for percent in (0, 25, 50, 75, 100):
        x = SHARE_LEFT + SHARE_WIDTH * percent / 100
        parts.append(_draw('<line x1="{0:.1f}" x2="{0:.1f}" y1="34" y2="{1}" class="grid"/>', x, height - 4))
        parts.append(_text(x, 31, str(percent), "tick", anchor="middle"))
    for number, task in enumerate(tasks):
        parts.append(_spend_row(task, 40 + ROW * number, most, priced))
    label = f"Cost and expected share of {len(tasks)} tasks; the table below has the same numbers"
    return _svg(parts, height, label)


def _size(task: TaskPart) -> float:
    return task.basis_usd if task.basis_usd is not None else 0.0


def _spend_row(task: TaskPart, top: int, most: float, priced: bool) -> Markup:
    row, verdict = task.row, task.row["verdict"]
    width = max(1.5, BAR_WIDTH * _size(task) / most) if task.basis_usd is not None else 0
    amount = (
        format_usd_estimate(task.basis_usd)
        if task.basis_usd is not None
        else "unpriced"
        if priced
        else format_count(row["calls"])
    )
    middle = top + ROW / 2 - 2
    parts = [
        _text(0, middle - 1, _cut(row["name"], NAME_CHARS), "name"),
        _text(0, middle + 14, verdict_words(row), "small"),
        _rect(NAME_WIDTH, top + 5, width, ROW - 16, verdict),
        _text(NAME_WIDTH + width + 6, middle + 4, amount, "value"),
    ]
    share = task.share
    if share is None:
        parts.append(_text(SHARE_LEFT, middle + 4, "no answers recorded", "small"))
        return Markup("").join(parts)
    low, high = (SHARE_LEFT + SHARE_WIDTH * share[k] for k in ("low", "high"))
    few = row["calls"] < CLAIM_CALLS or share["value"] is None
    # A value is stated only where the interval allows one; under the whisker, for a dot hides a narrow one.
    if not few and not is_wide(share):
        dot = '<circle cx="{:.1f}" cy="{}" r="4" class="dot {}"/>'
        parts.append(_draw(dot, SHARE_LEFT + SHARE_WIDTH * share["value"], middle, f"f-{verdict}"))
    whisker = '<line x1="{0:.1f}" x2="{1:.1f}" y1="{2}" y2="{2}" class="whisker"/>'
    parts.append(_draw(whisker, low, high, middle))
    for x in (low, high):
        end = '<line x1="{0:.1f}" x2="{0:.1f}" y1="{1}" y2="{2}" class="whisker"/>'
        parts.append(_draw(end, x, middle - 5, middle + 5))
    words = f"under {CLAIM_CALLS} calls" if few else format_interval(share["low"], share["high"])
    parts.append(_text(SHARE_LEFT + SHARE_WIDTH + 12, middle + 4, words, "value"))
    return Markup("").join(parts)


def parts_chart(report: Report) -> Markup:
    """All calls, and all that was paid, as one bar each: proven, to be tested, not judged, staying; on it the expected share."""
    found = find_parts(report)
    bars = [("calls", "share_calls", "expected_share_calls")]
    if report.basis_usd:
        bars.append(("priced cost" if report.priced_share else "cost", "share_cost", "expected_share_cost"))
    left = 84 if report.priced_share else 60
    width, top = WIDTH - left, 44
    parts: list[Markup] = []
    x = float(left)
    for part in found:
        if part.calls or part.usd:
            parts += [_rect(x, 2, 12, 12, _PART_FILL[part.name]), _text(x + 18, 13, part.words, "head")]
            x += 150
    for number, (name, key, measure) in enumerate(bars):
        y, x = top + 72 * number, float(left)
        parts.append(_text(0, y + 19, name, "name"))
        for part in found:
            share = getattr(part, key) or 0.0
            parts.append(_rect(x, y, share * width, 28, _PART_FILL[part.name]))
            if share >= LEAST_LABEL:
                parts.append(_text(x + 2, y + 43, format_share(share), "small"))
            x += share * width
        estimate = report.shares.get(measure)
        if estimate is not None and any(part.calls for part in found if part.name in MOVING):
            low, high = (left + width * estimate[end] for end in ("low", "high"))
            parts += [
                *_whisker(low, high, y - 9),
                _text(high + 8, y - 5, f"{'' if number else 'expected '}{_stated(estimate)}", "small"),
            ]
    return _svg(
        parts, top + 72 * len(bars) - 20, "Of all calls and of all cost: proven, unsettled, not judged, staying"
    )


def _stated(estimate: Row) -> str:
    """The value where the interval allows one, else the interval."""
    ends = estimate["low"], estimate["high"]
    if estimate["value"] is None or is_wide(estimate):
        return format_interval(*ends)
    return format_share_interval(estimate["value"], *ends).partition(" (")[0]


def _whisker(low: float, high: float, middle: float) -> list[Markup]:
    line = '<line x1="{:.1f}" x2="{:.1f}" y1="{:.1f}" y2="{:.1f}" class="whisker"/>'
    return [
        _draw(line, low, high, middle, middle),
        *(_draw(line, x, x, middle - 5, middle + 5) for x in (low, high)),
    ]


def savings_chart(totals: Sequence[Row], words: str) -> Markup:
    """What is paid today and what each alternative would cost, with the extra wrong answers beside it."""
    paid = totals[0]["paid_usd"] if totals else None
    if not paid:
        return Markup("")
    left, width, height = 225, 355, 50 + 46 * (len(totals) + 1)
    scale = width / paid
    parts = [
        _text(left, 16, f"cost {words}", "head"),
        _text(left + width + 95, 16, "more wrong answers nobody catches", "head"),
        _text(0, 52, "Today", "name"),
        _draw('<rect x="{}" y="38" width="{}" height="20" class="f-paid"/>', left, width),
        _text(left + width + 8, 53, format_usd_estimate(paid), "value"),
    ]
    best = 0.0
    for number, row in enumerate(totals, 1):
        top = 38 + 46 * number
        parts.append(_text(0, top + 10, ALTERNATIVE_NAMES[row["alternative"]], "name"))
        parts.append(_text(0, top + 23, _cut(row["model"], 32), "small"))
        cost = row["projected_usd"]
        if cost is None:
            parts.append(_text(left, top + 14, "not known", "small"))
            continue
        shown = min(max(cost * scale, 1.5), width)
        parts.append(_draw('<rect x="{}" y="{}" width="{:.1f}" height="20" class="f-cost"/>', left, top, shown))
        if cost > paid:
            arrow = '<line x1="{0}" x2="{1}" y1="{2}" y2="{2}" class="whisker" marker-end="url(#arrow)"/>'
            parts.append(_draw(arrow, left + width - 40, left + width, top + 10))
        parts += _saved(row, best, left, top, scale, width)
        best = max(best, row["saving_usd"] or 0.0)
        parts.append(_text(left + width + 8, top + 15, would_cost(row), "value"))
        wrong = "none: same model" if row["alternative"] == "caching_batch" else _wrong(row)
        parts.append(_text(left + width + 95, top + 15, wrong, "value"))
    return _svg(parts, height, "Projected cost of each alternative; the table below has the same numbers")


def tornado_chart(row: Row | None, bars: Sequence[Row]) -> Markup:
    """What moves the saving of ``row`` most: each assumption from the low to the high end of its range."""
    widest = max((abs(b["at_high_usd"] - b["at_low_usd"]) for b in bars), default=0.0)
    bars = [b for b in bars if abs(b["at_high_usd"] - b["at_low_usd"]) >= 0.01 * widest]
    if row is None or not bars:
        return Markup("")
    left, width = 250, 480
    ends = [b[key] for b in bars for key in ("at_low_usd", "at_high_usd")]
    low, span = min(ends), (max(ends) - min(ends)) or 1.0
    height = 22 + ROW * len(bars)

    def x(usd: float) -> float:
        return float(left + 60 + (usd - low) / span * (width - 60))

    parts = []
    for number, bar in enumerate(bars):
        top = 12 + ROW * number
        first, last = sorted((x(bar["at_low_usd"]), x(bar["at_high_usd"])))
        parts.append(_text(0, top + 13, _cut(name_words(bar["name"]), 36), "name"))
        drawn = '<rect x="{:.1f}" y="{}" width="{:.1f}" height="18" class="f-cost"/>'
        parts.append(_draw(drawn, first, top, max(1.5, last - first)))
        _, least, most = format_usd_range(row["saving_usd"], *sorted((bar["at_low_usd"], bar["at_high_usd"])))
        parts.append(_text(first - 6, top + 13, least, "small", anchor="end"))
        parts.append(_text(last + 6, top + 13, most, "small"))
    line = '<line x1="{0:.1f}" x2="{0:.1f}" y1="4" y2="{1}" class="whisker"/>'
    parts.append(_draw(line, x(row["saving_usd"]), height - 6))
    return _svg(parts, height, "What moves the saving most, by assumption")


def bridge_chart(bridge: Bridge) -> Markup:
    """Spend and saving from the earlier report to this one: then, each step, now."""
    if not bridge.changes:
        return Markup("")
    left, column, strip = 70, 105, 78
    heads = ["then", *(name for name, _ in bridge.changes[0].short), "now"]
    parts = [_text(left + column * place + 4, 14, head, "head") for place, head in enumerate(heads)]
    for number, change in enumerate(bridge.changes):
        top, reached = 22 + strip * number, change.then_usd
        levels = [0.0, reached, change.now_usd]
        for _, usd in change.short:
            reached += usd or 0.0
            levels.append(reached)
        high, span = max(levels), (max(levels) - min(levels)) or 1.0

        def y(usd: float, top: int = top, high: float = high, span: float = span) -> float:
            return top + 22 + (high - usd) / span * (strip - 34)

        parts.append(_text(0, top + 15, "saving" if number else "spend", "name"))
        reached = change.then_usd
        bars: list[tuple[float, float, str, str]] = [(0.0, reached, "f-paid", format_usd(reached))]
        for _, usd in change.short:
            bars.append((reached, reached + (usd or 0.0), "f-cost", "" if usd is None else signed_usd(usd, span)))
            reached += usd or 0.0
        bars.append((0.0, change.now_usd, "f-paid", format_usd(change.now_usd)))
        for place, (begin, end, css, said) in enumerate(bars):
            x, height = left + column * place + 4, abs(y(begin) - y(end))
            bar = '<rect x="{:.1f}" y="{:.1f}" width="{}" height="{:.1f}" class="{}"/>'
            if not said:
                continue  # spend knows no evidence
            parts.append(_draw(bar, x, min(y(begin), y(end)), column - 24, max(1.5, height), css))
            parts.append(_text(x, top + 15, said, "value"))
    return _svg(parts, 22 + strip * len(bridge.changes), "From the earlier report to this one, step by step")


def _saved(row: Row, best: float, left: int, top: int, scale: float, width: int) -> list[Markup]:
    """The part saved already by an alternative before it, the part it saves beyond, and the interval of its cost."""
    saving = max(row["saving_usd"] or 0.0, 0.0)
    if saving <= 0:
        return []
    marginal = row["marginal_usd"] or 0.0
    start = left + width - saving * scale
    parts = [
        _draw('<rect x="{:.1f}" y="{}" width="{:.1f}" height="20" class="f-saved"/>', start, top, marginal * scale)
    ]
    if best > 0:
        shared = '<rect x="{:.1f}" y="{}" width="{:.1f}" height="20" class="f-shared"/>'
        parts.append(_draw(shared, start + marginal * scale, top, (saving - marginal) * scale))
    ends = [left + width - max(0.0, row[k]) * scale for k in ("saving_high_usd", "saving_low_usd")]
    whisker = '<line x1="{:.1f}" x2="{:.1f}" y1="{}" y2="{}" class="whisker"/>'
    parts.append(_draw(whisker, ends[0], ends[1], top + 10, top + 10))
    parts += [_draw(whisker, x, x, top + 5, top + 15) for x in ends]
    return parts


def _wrong(row: Row) -> str:
    if row["extra_wrong"] is None:
        return "–"
    low, high = format_count(row["extra_wrong_low"]), format_count(row["extra_wrong_high"])
    return f"{format_count(row['extra_wrong'])} ({low} to {high})"


def _rect(x: float, y: float, width: float, height: float, verdict: str) -> Markup:
    fill = _FILL[verdict]
    if fill.startswith("p-"):
        drawn = '<rect x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{}" fill="url(#{})"/>'
    else:
        drawn = '<rect x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{}" class="{}"/>'
    return _draw(drawn, x, y, width, height, fill)


def _text(x: float, y: float, text: str, css: str, anchor: str = "start") -> Markup:
    drawn = '<text x="{:.1f}" y="{:.1f}" class="{}" text-anchor="{}">{}</text>'
    return _draw(drawn, x, y, css, anchor, escape(text))


def _draw(form: LiteralString, *values: object) -> Markup:
    """An element; ``form`` is a constant of this file, the values are escaped by ``Markup.format``."""
    return Markup(form).format(*values)  # noqa: S704


def _svg(parts: Sequence[Markup], height: int, label: str) -> Markup:
    opening = _draw('<svg viewBox="0 0 {} {}" class="chart" role="img" aria-label="{}">', WIDTH, height, label)
    return opening + Markup("").join(parts) + Markup("</svg>")


def _cut(text: str, limit: int) -> str:
    line = " ".join(str(text).split())
    return line if len(line) <= limit else f"{line[: limit - 1].rstrip()}…"
