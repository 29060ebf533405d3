"""Numbers, money and times as people read them. Unknown is "unknown" or "unpriced", never 0.

Pure functions; what they promise is in tests/dashboard/test_formatting.py.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from suffice_analysis.replaceability import CLAIM_CALLS
from suffice_analysis.verdicts import WIDE_POINTS
from suffice_store.rounding import LEAST_USD, estimated_usd, estimated_usd_range, percent_digits, tell_apart, usd_digits

Number = int | float | Decimal

UNKNOWN = "unknown"
UNPRICED = "unpriced"
NARROW = "\u202f"  # narrow no-break space, between number and unit
MINUS, MILLION = "−", f"{NARROW}M"


def number_or_none(value: Number | None) -> float | None:
    """The value as a float, or None where it is missing or not finite."""
    if value is None:
        return None
    number = float(value)
    return number if math.isfinite(number) else None


def render_count(value: Number | None) -> str:
    """``5214`` -> ``5,214``."""
    number = number_or_none(value)
    return UNKNOWN if number is None else f"{round(number):,}"


def render_share(value: Number | None) -> str:
    """``0.62`` -> ``62 %``. What is not quite nothing or all is never rounded to 0 or 100."""
    digits = _percent(value)
    return digits if digits == UNKNOWN else f"{digits}{NARROW}%"


def render_interval(value: Number | None, low: Number | None, high: Number | None) -> str:
    """``62 % (55–68)``, in percent; ``39.1 % (38.7–39.5)`` where an end would read as the value does; ``36–92 %`` where wide."""
    if number_or_none(value) is None:
        return UNKNOWN
    if number_or_none(low) is None or number_or_none(high) is None or low == high:
        return render_share(value)
    if is_wide(low, high):
        return f"{_percent(low)}–{_percent(high)}{NARROW}%"
    texts = tell_apart([float(each) for each in (value, low, high) if each is not None], _percent)
    return f"{texts[0]}{NARROW}% ({texts[1]}–{texts[2]})"


def is_wide(low: Number | None, high: Number | None) -> bool:
    """Whether an interval is too wide to state a value in it: the rule of the report and of ``suffice tasks``."""
    left, right = number_or_none(low), number_or_none(high)
    return left is not None and right is not None and 100 * (right - left) > WIDE_POINTS


def render_task_share(task: Mapping[str, Any]) -> str:
    """What a small model is expected to suffice for, of a row of ``tasks``: nothing is claimed under 100 calls."""
    if number_or_none(task["replaceability"]) is None and number_or_none(task["replaceability_low"]) is None:
        return UNKNOWN
    if number_or_none(task["replaceability"]) is None or task["calls"] < CLAIM_CALLS:
        return f"under {CLAIM_CALLS} calls"
    return render_interval(task["replaceability"], task["replaceability_low"], task["replaceability_high"])


def _percent(value: Number | None, digits: int = 0) -> str:
    number = number_or_none(value)
    if number is None:
        return UNKNOWN
    percent = number * 100
    if digits:
        return percent_digits(number, digits)
    if 0 < percent < 0.5:
        return "<1"
    return percent_digits(number, 1) if 99.5 <= percent < 100 else f"{percent:.0f}"


def render_money(value: Number | None) -> str:
    """``412.8`` -> ``$412.80``; ``12340`` -> ``$12,340``; below ten cents two significant digits, ``$0.025``; None -> ``unpriced``."""
    number = number_or_none(value)
    if number is None:
        return UNPRICED
    sign, size = (MINUS if number < 0 else ""), abs(number)
    if size == 0:
        return "$0.00"
    if size < LEAST_USD:
        return f"{sign}<${LEAST_USD:f}"
    if size < 10_000_000:
        return f"{sign}${usd_digits(size)}"
    return f"{sign}${size / 1e6:,.1f}{MILLION}"


def render_estimate(value: Number | None) -> str:
    """An amount that is projected and stands without its interval, in three digits: ``7201.06`` -> ``$7,200``."""
    number = number_or_none(value)
    if not number or abs(number) >= 10_000_000:
        return render_money(value)
    return estimated_usd(number, MINUS)


def render_estimate_within(value: Number | None, low: Number | None, high: Number | None) -> str:
    """The same with the digits that its interval leaves it, where the interval stands elsewhere."""
    return render_money_parts(value, low, high)[0]


def render_call_cost(call: Mapping[str, Any]) -> str:
    """What a call cost; ``unknown`` where it has no token counts, ``unpriced`` where only the price is missing."""
    if call["paid_usd"] is None and call["input_tokens"] is None and call["output_tokens"] is None:
        return UNKNOWN
    return render_money(call["paid_usd"])


def render_token_pair(call: Mapping[str, Any]) -> str:
    """``4,096 / 88``: tokens in and out, ``~`` before estimates, ``unknown`` where there are none."""
    if call["input_tokens"] is None and call["output_tokens"] is None:
        return UNKNOWN
    guessed = "~" if call["usage_source"] == "estimated" else ""
    return f"{guessed}{render_tokens(call['input_tokens'])} / {guessed}{render_tokens(call['output_tokens'])}"


def render_money_interval(value: Number | None, low: Number | None, high: Number | None) -> str:
    """``$7,200 ($6,100–$8,000)``, ``$0.041 ($0.040–$0.046)``: with the digits that the interval leaves it, as many for all."""
    said, between = render_money_parts(value, low, high)
    return f"{said} ({between})" if between else said


def render_money_parts(value: Number | None, low: Number | None, high: Number | None) -> tuple[str, str]:
    """The value and its interval, which is never rounded to nothing: more digits, or the words for it."""
    numbers = [number_or_none(each) for each in (value, low, high)]
    given = [each for each in numbers if each is not None]
    if len(given) < 3 or given[1] == given[2]:
        return render_estimate(value), ""
    joint = " to " if min(given[1:]) < 0 else "–"
    texts = estimated_usd_range(given[0], given[1], given[2], MINUS, MILLION)
    if texts[1] == texts[2]:
        return texts[0], "under a cent either way"
    return texts[0], f"{texts[1]}{joint}{texts[2]}"


def render_tokens(value: Number | None) -> str:
    """``1234567`` -> ``1.2 M``; ``812`` -> ``812``."""
    number = number_or_none(value)
    if number is None:
        return UNKNOWN
    for size, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if number >= size * (10 if unit == "k" else 1):
            scaled = number / size
            return f"{scaled:,.0f}{NARROW}{unit}" if scaled >= 100 else f"{scaled:,.1f}{NARROW}{unit}"
    return f"{round(number):,}"


def render_duration(milliseconds: Number | None) -> str:
    """``820 ms``, ``2.4 s``, ``1 min 12 s``, ``3 h 5 min``."""
    number = number_or_none(milliseconds)
    if number is None:
        return UNKNOWN
    if number < 1000:
        return f"{number:.0f}{NARROW}ms"
    seconds = number / 1000
    if seconds < 60:
        return f"{seconds:.1f}{NARROW}s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes}{NARROW}min {rest}{NARROW}s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours}{NARROW}h {minutes}{NARROW}min"


def render_time(ns: int | None) -> str:
    """``23 Nov 2026, 21:17:05 UTC``."""
    if ns is None:
        return UNKNOWN
    moment = datetime.fromtimestamp(ns / 1e9, UTC)
    return f"{moment.day} {moment:%b %Y, %H:%M:%S} UTC"


def render_moment(ns: int | None) -> str:
    """``23 Nov, 21:17:05``: short, for tables; always UTC."""
    if ns is None:
        return UNKNOWN
    moment = datetime.fromtimestamp(ns / 1e9, UTC)
    return f"{moment.day} {moment:%b, %H:%M:%S}"


def render_day(ns: int | None) -> str:
    """``23 Nov 2026``."""
    if ns is None:
        return UNKNOWN
    moment = datetime.fromtimestamp(ns / 1e9, UTC)
    return f"{moment.day} {moment:%b %Y}"


def render_window(first_ns: int | None, last_ns: int | None) -> str:
    """The span of time the calls lie in: ``in 8 days``, ``in 40 minutes``; "" where times are not known."""
    if first_ns is None or last_ns is None:
        return ""
    seconds = max(0.0, (last_ns - first_ns) / 1e9)
    for size, unit in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds >= size * 1.5:
            return f"in {round(seconds / size)} {unit}s"
    if seconds >= 60:
        return "in about a minute"
    return "in under a minute" if seconds >= 1 else ""


def basis_words(basis: str | None) -> str:
    """What a projection is per: ``a month`` or ``per 1,000 calls``."""
    return "a month" if basis == "month" else "per 1,000 calls"


def plural(count: Number | None, one: str, many: str | None = None) -> str:
    """``1 call``, ``5,214 calls``."""
    return f"{render_count(count)} {one if count == 1 else many or one + 's'}"


def shorten(text: str | None, limit: int) -> str:
    """One line, cut at a word, with an ellipsis where something was cut."""
    line = " ".join((text or "").split())
    if len(line) <= limit:
        return line
    cut = line[: limit - 1]
    return (cut.rsplit(" ", 1)[0] if " " in cut[limit // 2 :] else cut).rstrip(" ,.;:") + "…"
