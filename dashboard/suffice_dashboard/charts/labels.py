"""Where the names on a map stand: each beside its own mark, over no other mark and no other name.

Greedy, the most important first: a name takes the nearest free place around its mark, else it is left out (a hover tells it).
Pure functions over pixels; the origin is the upper left corner.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

CHARACTER = 6.4  # pixels: the mean of the font's letters at 11.5 px
LINE_HEIGHT = 15.0
GAPS = (6.0, 18.0, 34.0, 54.0)  # between a mark's edge and its name
ROOM = 2.0  # that stays free around a name


@dataclass(frozen=True, slots=True)
class Mark:
    """A round mark on the map, in pixels."""

    x: float
    y: float
    radius: float


@dataclass(frozen=True, slots=True)
class Box:
    """The place of a name: its middle and its size, in pixels."""

    x: float
    y: float
    width: float
    height: float

    def meets(self, other: Box) -> bool:
        """Whether the two overlap."""
        near = abs(self.x - other.x) * 2 < self.width + other.width + 2 * ROOM
        return near and abs(self.y - other.y) * 2 < self.height + other.height + 2 * ROOM

    def away(self, mark: Mark) -> float:
        """From the edge of ``mark`` to this box; negative where they overlap."""
        across = max(abs(self.x - mark.x) - self.width / 2, 0.0)
        down = max(abs(self.y - mark.y) - self.height / 2, 0.0)
        return math.hypot(across, down) - mark.radius


def place_names(
    marks: Sequence[Mark], names: Sequence[tuple[int, str]], width: float, height: float
) -> list[tuple[int, Box]]:
    """(number of the mark, place of its name) for those ``names`` (number of a mark, text) that have a place of their own."""
    placed: list[tuple[int, Box]] = []
    for number, text in names:
        own = marks[number]
        others = [mark for place, mark in enumerate(marks) if place != number]
        for box in _around(own, text):
            inside = (
                box.width / 2 <= box.x <= width - box.width / 2 and box.height / 2 <= box.y <= height - box.height / 2
            )
            nearest = min((box.away(mark) for mark in others), default=math.inf)
            if inside and nearest >= max(ROOM, box.away(own)) and not any(box.meets(each) for _, each in placed):
                placed.append((number, box))
                break
    return placed


def _around(mark: Mark, text: str) -> Iterator[Box]:
    """Places from near to far: below, above, right, left, then the corners."""
    width, height = max(1, len(text)) * CHARACTER, LINE_HEIGHT
    for gap in GAPS:
        down, across = mark.radius + gap + height / 2, mark.radius + gap + width / 2
        aside = [(0, down), (0, -down), (across, 0), (-across, 0)]
        corners = [(x * (width / 2 + gap), y * down) for y in (1, -1) for x in (1, -1)]
        yield from (Box(mark.x + dx, mark.y + dy, width, height) for dx, dy in (*aside, *corners))
