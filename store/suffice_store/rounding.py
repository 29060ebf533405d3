"""How many digits a number needs beside its interval: one rule for the report, the command line and the dashboard.

A number is rounded for reading: money below ten cents to two significant digits, above to cents, from $10,000 to dollars; shares
to whole percents. Where two different ends would read the same, all three get one more digit, at most two. Cents stay cents:
from a dollar on there are no parts of a cent. An amount that was counted keeps them; an *estimate* has the digits that its
interval leaves it, three without one, and its ends have as many decimals as itself. Files for programs hold every digit.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from decimal import Decimal

MOST_DIGITS = 2  # beyond the usual ones: "39.12 % (39.11–39.13)" is as fine as a share is told
LEAST_USD = 1e-6
_TEN_CENTS = 0.0995  # what reads as $0.10 already
_WHOLE_DOLLARS = 9_999.995
_CENTS = -2  # the power of ten
_TWO_DIGITS = 35.5  # of a width's first two digits: below it both are kept, above it one
_SEEN = 0.1  # of the width: numbers that differ by more may not read the same


def tell_apart(numbers: Sequence[float], text_of: Callable[[float, int], str]) -> list[str]:
    """Each number as ``text_of(number, digits)``, with as few more digits as no two different ones read the same."""
    written = [[text_of(number, digits) for number in numbers] for digits in range(MOST_DIGITS + 1)]
    return min(written, key=lambda texts: _mistaken(numbers, texts))  # the first, so the shortest, of equally good ones


def _mistaken(numbers: Sequence[float], texts: Sequence[str]) -> int:
    """How many pairs differ, by more than what adding up leaves, and have one text."""
    pairs = [(i, j) for i in range(len(texts)) for j in range(i) if texts[i] == texts[j]]
    return sum(not math.isclose(numbers[i], numbers[j], rel_tol=1e-9, abs_tol=1e-12) for i, j in pairs)


def usd_digits(size: float, digits: int = 0) -> str:
    """An amount of USD over 0 without its sign: ``12,340``, ``412.80``, ``0.50``, ``0.0042``; ``digits`` more below a dollar."""
    if size >= _WHOLE_DOLLARS:
        return f"{size:,.{2 if digits else 0}f}"
    if size >= 1:
        return f"{size:,.2f}"
    if size >= _TEN_CENTS:
        return f"{size:.{2 + digits}f}"
    return f"{Decimal(f'{size:.{2 + digits}g}'):f}"


def estimated_usd(value: float, minus: str = "-") -> str:
    """An estimate that stands without its interval: three digits, from $100 on no cents. ``$7,200``, ``$413``, ``$9.61``."""
    size = abs(float(f"{value:.3g}"))
    sign = minus if value < 0 else ""
    if size < LEAST_USD:
        return f"{sign}<${LEAST_USD:f}" if value else "$0"
    return f"{sign}${size:,.0f}" if size >= 100 else f"{sign}${usd_digits(size)}"


def estimated_usd_range(
    value: float, low: float, high: float, minus: str = "-", million: str = ""
) -> tuple[str, str, str]:
    """An estimate and its ends, rounded to one place: ``$7,200``, ``$6,100``, ``$8,000``; ``$0.041``, ``$0.040``, ``$0.046``.

    The place is that of the width's second digit where it begins with less than 36, else of its first (as the Particle Data Group
    rounds), no finer than the value's third digit and no coarser than its second; finer only until what differs by a tenth of the
    width reads differently. ``million``: how to say it from ten millions on.
    """
    numbers, width = (value, low, high), high - low
    if width <= 0:
        text = estimated_usd(value, minus)
        return text, text, text
    sizes = [abs(number) for number in numbers if number]
    least = _CENTS if max(sizes) >= 1 else max(_power(LEAST_USD), _power(max(sizes)) - 1 - MOST_DIGITS)
    place = _place(width)
    if value:
        place = min(max(place, _power(abs(value)) - 2), _power(abs(value)) - 1)
    place = max(least, min(place, *(_power(size) for size in sizes)))  # no end is rounded to nothing
    unit = million if max(sizes) >= 10_000_000 else ""
    while True:
        texts = [_at_place(number, place, minus, unit) for number in numbers]
        told = [(0, 1), (0, 2), (1, 2)]
        if place <= least or not any(
            texts[i] == texts[j] and abs(numbers[i] - numbers[j]) > _SEEN * width for i, j in told
        ):
            return texts[0], texts[1], texts[2]
        place -= 1


def _place(width: float) -> int:
    """The power of ten that a number so uncertain is rounded to."""
    power = _power(width)
    first_two = width / 10.0 ** (power - 1)
    return power - 1 if first_two < _TWO_DIGITS else power


def _power(size: float) -> int:
    return math.floor(math.log10(size) + 1e-9)


def _at_place(usd: float, place: int, minus: str, million: str) -> str:
    size, sign = round(abs(usd), -place), minus if usd < 0 else ""
    decimals = 0 if place >= 0 else max(2, -place)
    if usd and not size:
        return f"{sign}<${10.0**place:.{decimals}f}"
    if million:
        return f"{sign}${size / 1e6:,.{max(0, 6 - place)}f}{million}"
    return f"{sign}${size:,.{decimals}f}"


def percent_digits(share: float, digits: int = 0) -> str:
    """A share of 1 in percent: ``42``, ``0.4`` below one, ``39.1`` with one more digit. Only all is 100.0."""
    percent = share * 100
    digits = digits or (1 if 0 < percent < 1 else 0)
    text = f"{percent:.{digits}f}"
    if digits and share < 1 and float(text) == 100:
        return f"{math.floor(percent * 10**digits) / 10**digits:.{digits}f}"
    return text


def about(count: float) -> str:
    """A projected count as a person says it, two significant digits: ``280 million``, ``46,000``, ``85``."""
    rounded = float(f"{count:.2g}")
    for size, word in ((1e9, "billion"), (1e6, "million")):
        if rounded >= size:
            return f"{rounded / size:,.10g} {word}"
    return f"{rounded:,.0f}"
