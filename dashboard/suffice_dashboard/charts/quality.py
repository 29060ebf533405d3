"""How true the costs are: calls with something to be said about them, and the provider's days beside ours."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal

from suffice_dashboard import pieces
from suffice_dashboard.charts.drawn import Column, columns
from suffice_dashboard.charts.style import ACCENT, BAD, GREY
from suffice_dashboard.formatting import render_count, render_money, render_share
from suffice_store.prices_file import EPOCH

_TROUBLE = ("Unpriced", "Estimated", "Incomplete", "No usage")
_BESIDE = ("Duplicates", "Not production")  # not among the calls that count, so no share of them
GROUPS = (
    ("Not in the sums of money, or on weak ground", BAD),
    ("In the sums all the same", GREY),
    ("Beside them, not counted", GREY),
)
MOST_DAYS = 8  # words under the bars


def trust_bars(shares: Sequence[tuple[str, int, str]], calls: int) -> str:
    """A bar for each thing that was found, its share of the calls that count: 4 % must look like 4 %."""
    grouped: list[list[tuple[str, str, float | None, str]]] = [[], [], []]
    for name, count, meaning in shares:
        if count:
            share, said = count / max(calls, 1), render_count(count)
            if name not in _BESIDE:
                said = f"{render_share(share)} · {said}"
            grouped[0 if name in _TROUBLE else 2 if name in _BESIDE else 1].append((name, said, share, meaning))
    drawn = (
        f'<p class="sf-note sf-over">{pieces.e(title)}</p>{pieces.bar_list(rows, colour)}'
        for (title, colour), rows in zip(GROUPS, grouped, strict=True)
        if rows
    )
    return f'<div class="sf-narrow">{"".join(drawn)}</div>'


def days_chart(days: Sequence[tuple[int, Decimal | None, Decimal | None]]) -> str:
    """(day, billed, counted) in USD as two bars a day; an unknown amount is drawn hollow, not as 0."""
    wide, bars = 100 / max(len(days), 1), []
    names = [(EPOCH + timedelta(days=day)).isoformat() for day, _, _ in days]
    for place, (name, (_, *amounts)) in enumerate(zip(names, days, strict=True)):
        for side, (word, colour, amount) in enumerate(zip(("billed", "counted"), (GREY, ACCENT), amounts, strict=True)):
            left = (place + 0.12 + 0.38 * side) * wide
            usd = None if amount is None else float(amount)
            bars.append(Column(left, 0.36 * wide, usd, f"{name}, {word}: {render_money(amount)}", colour))
    below = [((place + 0.5) * wide, names[place]) for place in range(0, len(days), -(-len(days) // MOST_DAYS) or 1)]
    high = max((bar.value or 0.0 for bar in bars), default=0.0) * 1.04
    key = "".join(
        f'<span><i style="background:{colour}"></i>{word}</span>'
        for word, colour in (("Billed", GREY), ("Counted", ACCENT))
    )
    return f'<div class="sf-key">{key}</div>' + columns(bars, high, below, "Billed and counted by day")
