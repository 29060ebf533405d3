"""What stands beside the money of an alternative, in sentences: wrong answers, set-up, commitments, falling prices, whole runs.

The report and the dashboard both say these. Pure functions of a row of ``savings``; a row of an older analysis says less.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from suffice_analysis.savings.caching import assumed_words
from suffice_analysis.savings.effort import (
    YEARS,
    assumed,
    gpus_words,
    hours_words,
    once_range,
    once_words,
    pays_from_calls,
    pays_from_range,
    pays_from_words,
    range_of,
)
from suffice_analysis.savings.payback import span_words
from suffice_analysis.savings.recommend import TESTED
from suffice_analysis.savings.row_details import details_of
from suffice_store.console import (
    format_count,
    format_interval,
    format_share,
    format_share_interval,
    format_usd_estimate,
    format_usd_interval,
)
from suffice_store.rounding import about

Row = Mapping[str, Any]
SELDOM = 0.2  # of the wrong answers caught: under it a reader asks what went unseen
WIDE = 0.40  # of the share's interval: wider is no answer
_NS_PER_DAY = 86_400_000_000_000
_EPOCH = date(1970, 1, 1)


def beside_the_money(row: Row, published_ns: int) -> list[str]:
    """All of them, for one alternative over all traffic."""
    details, per = details_of(row), _per(row)
    if "parts" not in details:
        return []
    found = [
        _wrong(row, per),
        *assumed_words(*details.get("not_told", (0, 0, 0))),
        _whole_runs(details),
        _once(row, details, published_ns),
        _floor(row, details, per),
    ]
    return [sentence for sentence in (*found, _falling(row, details, per), _annual(row, details)) if sentence]


def at_stake(row: Row) -> str | None:
    """``untested: $12 at stake`` where the share's interval is wider than 40 points (``tested: ...`` where a few answers say no more); else None. Never of today's own model."""
    low, high = row["quality_low"], row["quality_high"]
    if row["alternative"] == "caching_batch" or low is None or high is None or high - low <= WIDE:
        return None
    known = "tested" if row["quality_grade"] in TESTED else "untested"
    return f"{known}: {format_usd_estimate(row['paid_usd'])} at stake"


def replay_sentence(details: Mapping[str, Any], per: str) -> str | None:
    """How many replays would settle a task, and the money that waits. ``details``: of its row of ``estimates``."""
    if details.get("status") == "open":
        return _still_open(details)
    if "replays_needed" not in details:
        return None
    waiting, stake = details.get("waiting_usd"), details.get("at_stake_usd")
    money = "" if stake is None else f" {format_usd_estimate(stake)} {per} is at stake"
    if waiting:
        money += f", a saving of {format_usd_estimate(waiting)} waits for it"
    n = details["replays_needed"]
    if n is None:
        return f"Its share lies too near the bar: 2,400 replayed calls settle it with a chance of {format_share(details['settles'])} only.{money}{'.' if money else ''}"
    return (
        f"Asking a small model {n:,} of its calls settles it with a chance of {format_share(details['settles'])} (proves it: "
        f"{format_share(details['proves'])}, rules it out: {format_share(max(0.0, details['settles'] - details['proves']))})."
        f"{money}{'.' if money else ''}"
    )


def _still_open(details: Mapping[str, Any]) -> str:
    """Of a task that was replayed and is not settled."""
    needed, asked = details["needed"], details.get("asked", 0)  # an older analysis does not tell how many were asked
    if needed is None:
        return "Its share lies too near the bar: no number of answers that one would ask settles it."
    said = f"About {about(needed)} more answers would settle it."
    if asked < details.get("calls", 1):
        return said
    return f"All its {asked:,} calls were asked. {said} That takes more traffic, or another candidate."


def priced_share(total: Row) -> str:
    """``86 %``: the priced ones of the calls that amounts of all traffic are of; "" where all are, or an older analysis does not tell."""
    details = details_of(total)
    unpriced, calls = details.get("unpriced_calls", 0), details.get("all_calls", 0)
    if not unpriced or not calls:
        return ""
    said = format_share(1 - unpriced / calls)
    return "over 99 %" if said == "100 %" else said


def per_words(total: Row) -> str:
    """``per 1,000 calls, 86 % of them priced``, ``a month, 86 % of the calls priced``: what an amount of all traffic is per."""
    share, per = priced_share(total), _per(total)
    return per if not share else f"{per}, {share} of {'the calls' if total['basis'] == 'month' else 'them'} priced"


def _per(row: Row) -> str:
    return "a month" if row["basis"] == "month" else "per 1,000 calls"


def _wrong(row: Row, per: str) -> str:
    if row["alternative"] == "caching_batch":
        return "The same model answers: no answer gets worse."
    caught, silent = row["caught"], row["extra_wrong"]
    carried = ", ".join(details_of(row).get("carried_from", ()))
    by = (
        "going by its tested answers"
        if row["quality_grade"] in TESTED
        else f"going by the answers of {carried}"
        if carried
        else "which is assumed, not tested"
    )
    said = (
        f"About {format_count(round(caught + silent))} answers {per} would be worse. Of these a check of form (complete, "
        f"readable, of the allowed values) would stop {format_count(round(caught))} ({_span(row, 'caught')}), {by}; today's "
        f"model answers those again, and that cost is counted. **{format_count(round(silent))} ({_span(row, 'extra_wrong')}) would go "
        f"out unnoticed**."
    )
    if row["quality_grade"] in TESTED and silent and caught < SELDOM * (caught + silent):
        said += f" They have the right form and the wrong content, which no such check sees{_judged(row)}."
    if row["break_even_wrong_usd"] is not None:
        gone = (
            "Caching the same tasks would save as much" if details_of(row).get("caching_usd") else "The saving is gone"
        )
        said += f" {gone} when an unnoticed one costs more than {format_usd_estimate(row['break_even_wrong_usd'])}."
    return said


def _judged(row: Row) -> str:
    """What tells how many they are after the move, where it is stated."""
    share = assumed(row, "judged_share")
    return (
        f"; judging {format_share(share.value)} of the moved calls, a cost that is counted, tells how many they are"
        if share
        else ""
    )


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
    ends = range_of(row)
    parts = ", ".join(
        f"{name.replace('_', '-')} {once_range(usd, *_around(usd, row['one_off_usd'], ends))[0]}"
        for name, usd in sorted(details["one_off"].items())
    )
    once = once_words(row["one_off_usd"], *(ends or (None, None)))
    hours = f"; for each task {told}" if (told := hours_words(row)) else ""
    said = f"Set-up costs about {once} once: {parts}{_not_counted(row)}{hours}. It"
    if row["saving_usd"] <= 0:
        return f"{said} never comes back, as nothing is saved: **it does not pay**."
    if row["basis"] != "month":
        calls = pays_from_calls(row, 1000.0)
        least = (
            f"from about {pays_from_words(calls, *pays_from_range(row, 1000.0))} calls a month of all traffic on"
            if calls
            else "at a volume that is not known"
        )
        counted = f", {told}" if calls and (told := gpus_words(row)) else ""
        return f"{said} is back within {YEARS} only {least}{counted}."
    if row["payback_days"] is None:
        return f"{said} is not back within {YEARS}: **at today's volume it does not pay**."
    day = (_EPOCH + timedelta(days=published_ns // _NS_PER_DAY + round(row["payback_days"]))).isoformat()
    back = span_words(row["payback_days"], row["payback_days_low"], row["payback_days_high"])
    return f"{said} is back after {back} at today's volume: **{day}** if moved at once."


def _around(part: float, whole: float, ends: tuple[float, float] | None) -> tuple[float | None, float | None]:
    """Ends as far off as those of the whole, so that a part is rounded to the same place and no part reads as more than all."""
    return (None, None) if ends is None else (part + ends[0] - whole, part + ends[1] - whole)


def _not_counted(row: Row) -> str:
    """What a proof has settled already, as ``assumptions`` say it; nothing where nothing is proven."""
    name = f"left_out_once_{row['alternative']}"
    unit = next((each["unit"] for each in json.loads(row["assumptions"]) if each["name"] == name), "")
    what = unit.partition("not counted: ")[2]
    why = "the one is done and the other not needed" if " and " in what.partition(" of ")[0] else "that is done"
    return f"; {what} not counted, as {why}" if what else ""


def _floor(row: Row, details: Mapping[str, Any], per: str) -> str:
    floor = details.get("floor")
    if not floor:
        return ""
    cash = floor["cash_usd"]
    now = (
        f"{format_usd_estimate(cash)} of it is cash before"
        if cash > 0
        else f"before it costs {format_usd_estimate(-cash)} more"
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
    return f"it would save {format_usd_estimate(usd)}" if usd > 0 else f"it would cost {format_usd_estimate(-usd)} more"


def _annual(row: Row, details: Mapping[str, Any]) -> str:
    if not details.get("annual") or row["saving_usd"] <= 0:
        return ""
    yearly = (12 * row[name] for name in ("saving_usd", "saving_low_usd", "saving_high_usd"))
    return f"Over a year at this rate: {format_usd_interval(*yearly)}."
