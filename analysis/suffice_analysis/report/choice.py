"""By which rule the alternatives stand in their order, by which one of them is named first, and what that comes to here."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from suffice_analysis.report.wording import IN_A_SENTENCE, Row, counted
from suffice_analysis.savings.recommend import CACHING, TESTED, recommend, usd_per_wrong
from suffice_store.console import format_usd_estimate, format_usd_range

if TYPE_CHECKING:
    from suffice_analysis.report.model import Report

ORDER = (
    "They stand in the order of what they change: only how today's model is asked, the model at the same vendor, the company that "
    "answers, one's own machines."
)
RULE = (
    "Named first is the one that saves most for each wrong answer nobody catches, among those that save at least half of what the "
    "best of them does; where one was tested, only what was tested is named."
)


def why(report: Report) -> str:
    """What the rule comes to: the one named, and why none of the others; "" where no small model pays."""
    found = report.recommended
    if found is None:
        return ""
    others = [r for r in report.totals if r["pays"] and r["alternative"] not in (CACHING, found.row["alternative"])]
    chosen = f"Here that is {_named(found.row)}"
    untested = [r for r in others if r["quality_grade"] not in TESTED]
    if found.row["quality_grade"] in TESTED and untested:
        names = " and ".join(_named(r) for r in untested)
        was, it = ("was", "it") if len(untested) == 1 else ("were", "them")
        return f"{chosen}: it was tested, {names} {was} not. What is said of {it} is expected: a test may turn the order round."
    each = [r for r in (found.row, *others) if r["saving_usd"]]
    told = ", ".join(f"{_named(r)} {_worth(r, report)}" for r in each)
    return f"{chosen}, by what each wrong answer brings: {told}." if len(each) > 1 else f"{chosen}: no other pays."


def rival_sentence(rows: Sequence[Row]) -> str:
    """Why the one named first is named, against its nearest rival, with the figures of both; "" where there is none of either.

    ``rows``: of ``savings`` over all traffic. Of a tested one the rival is the untested that is expected to save most.
    """
    found = recommend(rows)
    if found is None or found.row["quality_grade"] not in TESTED:
        return ""
    others = [r for r in rows if r["pays"] and r["alternative"] != CACHING and r["quality_grade"] not in TESTED]
    if not others:
        return ""
    rival = max(others, key=lambda r: (r["saving_usd"], -r["position"]))
    named = IN_A_SENTENCE[found.row["alternative"]].rstrip(" ,")
    per = " a month" if found.row["basis"] == "month" else " per 1,000 calls of all traffic"
    return (
        f"{named[:1].upper()}{named[1:]} is named because it was tested; {_named(rival)} was not, and is expected to save "
        f"{_figures(rival, per)}, against {_figures(found.row)}: test it too before you decide."
    )


def _figures(row: Row, per: str = "") -> str:
    """``$0.151 per 1,000 calls of all traffic at 3 uncaught wrong answers and $2,400 once``"""
    money = format_usd_range(row["saving_usd"], row["saving_low_usd"], row["saving_high_usd"])[0]
    once = "" if row.get("one_off_usd") is None else f" and {format_usd_estimate(row['one_off_usd'])} once"
    return f"{money}{per} at {counted(round(row['extra_wrong'] or 0), 'uncaught wrong answer')}{once}"


def choice_sentences(report: Report) -> list[str]:
    """Order, rule, and what it comes to."""
    return [ORDER, RULE, *([said] if (said := why(report)) else [])]


def _named(row: Row) -> str:
    return f"{IN_A_SENTENCE[row['alternative']].rstrip(' ,')} ({row['model']})"


def _worth(row: Row, report: Report) -> str:
    usd = usd_per_wrong(row, report.totals)
    return format_usd_estimate(usd) if math.isfinite(usd) else "without any"
