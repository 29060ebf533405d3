"""How many digits a number needs beside its interval: one rule for the report, the command line and the dashboard.

A number is rounded for reading: money below ten cents to two significant digits, above to cents, from $10,000 to dollars; shares
to whole percents. Where two different ends would read the same, all three get one more digit, at most two. Cents stay cents:
from a dollar on there are no parts of a cent.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from decimal import Decimal

MOST_DIGITS = 2  # beyond the usual ones: "39.12 % (39.11–39.13)" is as fine as a share is told
LEAST_USD = 1e-6
_TEN_CENTS = 0.0995  # what reads as $0.10 already
_WHOLE_DOLLARS = 9_999.995


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
