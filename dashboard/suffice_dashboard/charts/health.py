"""What waits on its way into the store: received, in the journal, stored, set aside."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from suffice_dashboard.charts.drawn import Figure, Line, Scale, bar, render, words
from suffice_dashboard.charts.style import ACCENT, BAD, GREY
from suffice_dashboard.formatting import render_count

ROWS = (
    ("accepted", "Taken in", ACCENT),
    ("backlog_spans", "Waiting to be stored", GREY),
    ("rejected", "Not kept, said to the sender", BAD),
    ("dead_letters", "Set aside, to be tried again", BAD),
)
ROOM = 1.18  # of the axis, for the figure at a bar's end


def flow_bars(found: Mapping[str, Any]) -> str:
    """Spans by what became of them, on a square-root scale: one letter stays visible beside a million spans."""
    known = [(label, int(found[name]), colour) for name, label, colour in ROWS if found.get(name) is not None]
    scale = Scale(0.0, (max((count for _, count, _ in known), default=0) ** 0.5 or 1.0) * ROOM)
    lines = [
        Line(
            label,
            [*([bar(scale, 0.0, count**0.5, colour)] if count else []), words(scale, count**0.5, render_count(count))],
        )
        for label, count, colour in known
    ]
    return render(Figure(scale, lines, height=2.1))
