"""What stands beside the money of an alternative, in sentences: wrong answers, set-up, commitments, falling prices, whole runs.

The report and the dashboard both say these. Pure functions of a row of ``savings``; a row of an older analysis says less.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from suffice_store.console import (
    format_count,
    format_interval,
    format_share,
    format_share_interval,
    format_usd,
    format_usd_interval,
)
from suffice_store.rounding import about

Row = Mapping[str, Any]
WIDE = 0.40  # of the share's interval: wider is no answer
_NS_PER_DAY = 86_400_000_000_000
_EPOCH = date(1970, 1, 1)


def details_of(row: Row) -> dict[str, Any]:
    """The row's details; empty for a row of an older analysis."""
    found = row.get("details") or "{}"
    return dict(found) if isinstance(found, Mapping) else dict(json.loads(found))


def beside_the_money(row: Row, published_ns: int) -> list[str]:
    """All of them, for one alternative over all traffic."""
    details, per = details_of(row), _per(row)
    if "parts" not in details:
        return []
    found = [_wrong(row, per), _whole_runs(details), _once(row, details, published_ns), _floor(row, details, per)]
    return [sentence for sentence in (*found, _falling(row, details, per), _annual(row, details)) if sentence]


def at_stake(row: Row) -> str | None:
    """``untested: $12 at stake`` where the share's interval is wider than 40 points; else None. Never of today's own model."""
    low, high = row["quality_low"], row["quality_high"]
    if row["alternative"] == "caching_batch" or low is None or high is None or high - low <= WIDE:
        return None
    return f"untested: {format_usd(row['paid_usd'])} at stake"


def replay_sentence(details: Mapping[str, Any], per: str) -> str | None:
    """How many replays would settle a task, and the money that waits. ``details``: of its row of ``estimates``."""
    if details.get("status") == "open":
        return _still_open(details)
    if "replays_needed" not in details:
        return None
    waiting, stake = details.get("waiting_usd"), details.get("at_stake_usd")
    money = "" if stake is None else f" {format_usd(stake)} {per} is at stake"
    if waiting:
        money += f", a saving of {format_usd(waiting)} waits for it"
    n = details["replays_needed"]
    if n is None:
        return f"Its share lies too near the bar: 2,400 replays would settle it in {format_share(details['settles'])} of cases.{money}{'.' if money else ''}"
    return (
        f"{n:,} replays would settle it in {format_share(details['settles'])} of cases (prove it in "
        f"{format_share(details['proves'])}).{money}{'.' if money else ''}"
    )


def _still_open(details: Mapping[str, Any]) -> str:
    """Of a task that was replayed and is not settled."""
    needed, asked = details["needed"], details.get("asked", 0)  # an older analysis does not tell how many were asked
    if needed is None:
        return "Its share lies too near the bar: no number of answers that one would ask settles it."
    said = f"About {needed:,} more answers would settle it."
    if asked < details.get("calls", 1):
        return said
    return f"All its {asked:,} calls were asked. {said} That takes more traffic, or another candidate."


def _per(row: Row) -> str:
    return "a month" if row["basis"] == "month" else "per 1,000 calls"


def _wrong(row: Row, per: str) -> str:
    if row["alternative"] == "caching_batch":
        return "The same model answers: no answer gets worse."
    caught, silent = row["caught"], row["extra_wrong"]
    said = (
        f"About {format_count(round(caught) + round(silent))} answers {per} would be worse: {format_count(round(caught))} "
        f"({_span(row, 'caught')}) caught and asked again (that cost is counted), **{format_count(round(silent))} "
        f"({_span(row, 'extra_wrong')}) unnoticed**."
    )
    if row["break_even_wrong_usd"] is not None:
        said += f" The saving is gone when an unnoticed one costs more than {format_usd(row['break_even_wrong_usd'])}."
    return said


def _span(row: Row, name: str) -> str:
    return f"{format_count(round(row[f'{name}_low']))}–{format_count(round(row[f'{name}_high']))}"


def _whole_runs(details: Mapping[str, Any]) -> str:
    runs = details.get("runs")
    if not runs:
        return ""
    interval = format_interval(runs["low"], runs["high"])
    share = interval if runs["value"] is None else format_share_interval(runs["value"], runs["low"], runs["high"])
    why = (
        ""
        if runs["rho"] is not None
        else ", from independent to all alike: the runs do not tell how alike their calls are"
    )
    return f"In **{share}** of the runs every moved call would be acceptable ({runs['calls_a_run']:.1f} moved calls a run{why})."


def _once(row: Row, details: Mapping[str, Any], published_ns: int) -> str:
    if row["one_off_usd"] is None:
        return ""
    parts = ", ".join(f"{name.replace('_', '-')} {format_usd(usd)}" for name, usd in sorted(details["one_off"].items()))
    said = f"Set-up costs about {format_usd(row['one_off_usd'])} once ({parts})"
    if row["saving_usd"] <= 0:
        return f"{said}; nothing is saved, so it never comes back: **it does not pay**."
    if row["basis"] != "month":
        calls = details.get("payback_calls")
        return f"{said} and is back after about {about(calls)} calls." if calls else f"{said}."
    if row["payback_days"] is None:
        return f"{said} and is not back within five years: **at this volume it does not pay**."
    day = (_EPOCH + timedelta(days=published_ns // _NS_PER_DAY + round(row["payback_days"]))).isoformat()
    late = "never" if row["payback_days_high"] is None else f"{row['payback_days_high']:,.0f}"
    return f"{said} and is back after {row['payback_days']:,.0f} days ({row['payback_days_low']:,.0f} to {late}): **{day}** if moved at once."


def _floor(row: Row, details: Mapping[str, Any], per: str) -> str:
    floor = details.get("floor")
    if not floor:
        return ""
    cash = floor["cash_usd"]
    now = (
        f"{format_usd(cash)} of it is cash before"
        if cash > 0
        else f"before it costs {format_usd(-cash)} more"
        if cash < 0
        else "none of it is cash before"
    )
    return (
        f"**Not cashable until {floor['until']}**: the commitment of {floor['contract']} is owed anyway; {now} ({per})."
    )


def _falling(row: Row, details: Mapping[str, Any], per: str) -> str:
    falling = details.get("falling")
    if not falling or row["saving_usd"] <= 0:
        return ""
    return (
        f"If today's model halved its price, {_saves(falling['today_halves_usd'])} {per}; if every vendor did, "
        f"{_saves(falling['all_halve_usd'])}."
    )


def _saves(usd: float) -> str:
    return f"it would save {format_usd(usd)}" if usd > 0 else f"it would cost {format_usd(-usd)} more"


def _annual(row: Row, details: Mapping[str, Any]) -> str:
    if not details.get("annual") or row["saving_usd"] <= 0:
        return ""
    yearly = (12 * row[name] for name in ("saving_usd", "saving_low_usd", "saving_high_usd"))
    return f"Over a year at this rate: {format_usd_interval(*yearly)}."
