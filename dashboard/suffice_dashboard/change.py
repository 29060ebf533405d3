"""Overview's comparison with the time before: which windows are compared, and the sentence that says it. Pure functions.

A window that the person chose is compared with the one as long before it; all time by the last 30 days, 7 days or day that
are recorded twice over. Whole hours, for which sums stand ready.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from suffice_dashboard.formatting import number_or_none, render_money, render_share

Row = Mapping[str, Any]
HOUR_NS = 3600 * 10**9
DAY_NS = 24 * HOUR_NS
LENGTHS = ((30 * DAY_NS, "30 days"), (7 * DAY_NS, "7 days"), (DAY_NS, "24 hours"), (HOUR_NS, "hour"))
LITTLE = 0.005  # a change that rounds to nothing
TIMES = 4.0  # from here on it is told as times, not in percent


@dataclass(frozen=True, slots=True)
class Window:
    """``since_ns`` to ``until_ns``, and as long before; ``last``: the end of all that is recorded, not a chosen one."""

    since_ns: int
    until_ns: int
    words: str
    last: bool = False

    @property
    def before_ns(self) -> int:
        """Where the one before it begins."""
        return 2 * self.since_ns - self.until_ns


def chosen_window(since_ns: int, days: float) -> Window:
    """The last ``days`` as the filter has them."""
    length = round(days * DAY_NS)
    return Window(since_ns, since_ns + length, dict(LENGTHS).get(length, f"{days:g} days"))


def last_window(first_ns: int | None, last_ns: int | None) -> Window | None:
    """Of all time: the longest that lies twice in what is recorded, up to the last whole hour; None where none does."""
    if first_ns is None or last_ns is None:
        return None
    until = last_ns // HOUR_NS * HOUR_NS
    for length, words in LENGTHS:
        if until - 2 * length >= first_ns:
            return Window(until - length, until, words, last=True)
    return None


def change_sentence(window: Window | None, rows: Sequence[Row], first_ns: int | None) -> str:
    """How the spend of ``window`` differs from the time before it. ``rows``: of the read ``spend_change``."""
    if first_ns is None:
        return ""
    if window is None:
        return "That is too short a time to compare with one before it."
    the_before = f"the {window.words} before"
    if window.before_ns < first_ns:
        return f"No comparison: {the_before} {'is' if window.words == 'hour' else 'are'} not recorded in full."
    found = {row["window"]: row for row in rows}
    if window.last and not found["this"]["calls"]:  # all of it lies before the last whole hour
        return ""
    this, before = (number_or_none(found[name]["paid_usd"]) for name in ("this", "before"))
    if not found["before"]["calls"]:
        return f"In {the_before} there was no such call."
    if this is None or not before:
        return f"No comparison: nothing in {the_before if not before else 'it'} has a price."
    change = this / before - 1
    much = (
        "**as much** as"
        if abs(change) < LITTLE
        else f"**{render_share(abs(change))} {'more' if change > 0 else 'less'}** than"
    )
    if change >= TIMES:
        much = f"**{this / before:,.0f} times** what it was"
    start = f"In the last {window.words} of it you spent {render_money(this)}," if window.last else "That is"
    priced = ", of priced calls" if found["this"]["unpriced_calls"] or found["before"]["unpriced_calls"] else ""
    return f"{start} {much} in {the_before} ({render_money(before)}{priced})."
