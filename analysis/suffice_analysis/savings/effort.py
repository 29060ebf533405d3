"""What moving takes once: hours at a rate, how sure that is, and from which volume on it is back within five years.

Pure functions of a row of ``savings``; a row of an older analysis says less. The report and the dashboard both ask here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from suffice_analysis.savings.one_off import HOURS
from suffice_analysis.savings.own_gpus import SELF_HOSTED, own_gpus
from suffice_analysis.savings.payback import falling_words, needed_usd_per_month
from suffice_analysis.savings.row_details import details_of
from suffice_store.console import format_usd_estimate, format_usd_range
from suffice_store.rounding import about

Row = Mapping[str, Any]
YEARS = "5 years"  # ``payback.LONGEST_DAYS`` in words


@dataclass(frozen=True, slots=True)
class Assumed:
    """An assumption with its ends, where it has any."""

    value: float
    low: float | None = None
    high: float | None = None


def assumed(row: Row, name: str) -> Assumed | None:
    """What the row states of an assumption; None where it states nothing."""
    for each in json.loads(row.get("assumptions") or "[]"):
        if each["name"] == name:
            return Assumed(float(each["value"]), each.get("low"), each.get("high"))
    return None


def hours_of(row: Row) -> tuple[Assumed, Assumed] | None:
    """The engineer's hours for one task and what one costs; None where the row does not state them."""
    hours, rate = assumed(row, HOURS.get(row["alternative"], "")), assumed(row, "engineer_usd_per_hour")
    return None if hours is None or rate is None else (hours, rate)


def hours_words(row: Row) -> str:
    """``24 engineer's hours (8 to 80) at $100 ($50 to $200)``; "" where the row does not state them."""
    found = hours_of(row)
    if found is None:
        return ""
    hours, rate = found
    span = "" if hours.low is None or hours.high is None else f" ({hours.low:,.0f} to {hours.high:,.0f})"
    ends = "" if rate.low is None or rate.high is None else f" (${rate.low:,.0f} to ${rate.high:,.0f})"
    gpus = assumed(row, "self_host_hours") if row["alternative"] == SELF_HOSTED else None
    more = f", and {gpus.value:,.0f} once for the GPUs" if gpus else ""
    return f"{hours.value:,.0f} engineer's hours{span} at ${rate.value:,.0f}{ends}{more}"


def falling_sentence(row: Row) -> str:
    """What a payback assumes of prices, as a sentence; "" where the row does not state it or they stay."""
    fall = assumed(row, "price_fall_per_year")
    said = "" if fall is None else falling_words(fall.value)
    return f"{said}." if said else ""


def range_of(row: Row) -> tuple[float, float] | None:
    """The 90 % interval of what is spent once, by the ranges of the assumptions; None where the row does not state it."""
    found = details_of(row).get("one_off_range")
    return None if found is None else (float(found[0]), float(found[1]))


def once_range(usd: float | None, low: float | None, high: float | None) -> tuple[str, str]:
    """``$2,400`` and ``$1,100–$6,800``: mostly hours, which nobody knows to the dollar; "" for ends that are not known."""
    if usd is None or low is None or high is None or low == high:
        return format_usd_estimate(usd), ""
    said, least, most = format_usd_range(usd, low, high)
    return said, f"{least}–{most}"


def once_words(usd: float | None, low: float | None = None, high: float | None = None) -> str:
    """Both in a sentence: ``$2,400 ($1,100–$6,800)``."""
    said, ends = once_range(usd, low, high)
    return f"{said} ({ends})" if ends else said


def pays_from_calls(row: Row, calls: float | None) -> float | None:
    """The calls a month from which on what is spent once is back within five years, prices falling as assumed.

    ``calls``: those that bring ``saving_usd``, in the same unit of traffic. None where nothing is saved or it is not known. Own GPUs
    are counted whole, with their upkeep.
    """
    once, saving, fall = row.get("one_off_usd"), row["saving_usd"], assumed(row, "price_fall_per_year")
    if once is None or not calls or fall is None or saving is None or saving <= 0:
        return None
    needed = needed_usd_per_month(float(once), fall.value)
    if row["alternative"] != SELF_HOSTED:
        return float(needed * calls / float(saving))
    gpus = own_gpus(row)
    times = None if gpus is None else gpus.from_volume(needed)
    return None if times is None else times * calls


def pays_from_range(row: Row, calls: float | None) -> tuple[float | None, float | None]:
    """The 90 % interval of ``pays_from_calls``; an end that is None: at no volume, or, where both are, not known."""
    found = details_of(row).get("pays_from_range")
    if found is None or not calls or pays_from_calls(row, calls) is None:
        return None, None
    low, high = (None if times is None else float(times) * calls for times in found)
    return low, high


def pays_from_words(calls: float, low: float | None = None, high: float | None = None) -> str:
    """``180,000`` or ``180,000 (90,000 to 600,000)``; no ``high``: at no volume."""
    return about(calls) if low is None else f"{about(calls)} ({ends_words(low, high)})"


def ends_words(low: float, high: float | None) -> str:
    """``90,000 to 600,000``."""
    return f"{about(low)} to {'no volume' if high is None else about(high)}"


def gpus_words(row: Row) -> str:
    """What a volume that pays for own GPUs counts: ``at least one GPU at $4,390 monthly and its upkeep at $800 counted``; "" where
    the row has none or does not state it."""
    gpus = own_gpus(row) if row["alternative"] == SELF_HOSTED else None
    if gpus is None:
        return ""
    usd = format_usd_estimate(gpus.gpu_usd_per_month), format_usd_estimate(gpus.upkeep_usd_per_month)
    return f"at least one GPU at {usd[0]} monthly and its upkeep at {usd[1]} counted"
