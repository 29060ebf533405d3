"""Page one: five figures, what they cover, what changed since the report before. At most 200 words with the decisions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from suffice_analysis.estimate import BAR
from suffice_analysis.report.bridge import NONE_SHORT
from suffice_analysis.report.decisions import between
from suffice_analysis.report.parts import Remainder, find_parts, proven_alone, remainder, staying_calls
from suffice_analysis.report.replayed import tested_tasks
from suffice_analysis.report.wording import counted
from suffice_analysis.savings.recommend import TESTED
from suffice_store.console import UNKNOWN, format_share, format_usd, format_usd_estimate, format_usd_range

if TYPE_CHECKING:
    from suffice_analysis.report.model import Report

SHORT = {"small_tier": "small tier", "hosted_slm": "hosted SLM", "self_hosted_slm": "own GPUs"}


@dataclass(frozen=True, slots=True)
class Figure:
    """A number and the words under it; ``ends``: its interval, which stays in one line."""

    value: str
    words: str
    ends: str = ""


def figures(report: Report) -> list[Figure]:
    """What was paid and how much of the bill that is; proven, expected, what stays; what it would save."""
    expected, ends = report.expected_words
    rest = remainder(report)
    worse = f"; {rest.worse} worse" if rest is not None else ""
    return [
        Figure(report.paid_words, _paid(report)),
        _proven(report),
        Figure(expected, f"calls expected{worse}", ends),
        _staying(report, rest),
        _saved(report),
    ]


def _paid(report: Report) -> str:
    if report.paid_usd is None:
        return "no call is priced"
    priced = f" ({report.priced_share} priced)" if report.priced_share else ""  # beside the amount, not above it
    said = f"paid; {format_usd_estimate(report.basis_usd)} {report.basis_words}{priced}"
    if report.billed is None:
        return f"{said}; no invoice"
    invoiced, ours = report.billed
    return f"{said}; {format_share(float(ours / invoiced)) if invoiced else UNKNOWN} of {format_usd(invoiced)} invoiced"


def _proven(report: Report) -> Figure:
    calls = report.shares.get("proven_share_calls")
    if calls is None or not tested_tasks(report):
        return Figure("0 %", "proven: none tested")
    if proven_alone(report):
        alone = next(part.share_calls for part in find_parts(report) if part.name == "proven")
        return Figure(format_share(calls["value"]), f"proven; {format_share(alone)} singly")
    how = "by" if calls["value"] else "after"
    return Figure(format_share(calls["value"]), f"proven {how} {counted(calls['n'], 'replay')}")


def _staying(report: Report, rest: Remainder | None) -> Figure:
    _, tasks, tested = staying_calls(report)
    share = {part.name: part.share_calls for part in find_parts(report)}
    words = _stay(tasks, tested) if tasks else "stay, as far as known"
    stays, left = format_share(share["stays"]), format_share(share["not_judged"])
    if rest is not None:
        stays, left = rest.stays, rest.not_judged
    return Figure(
        stays if report.analysis["calls"] else UNKNOWN, words + (f"; {left} not judged" if share["not_judged"] else "")
    )


def _stay(tasks: int, refuted: int) -> str:
    """``must`` only of what tests refuted: what was not tested stays for now."""
    named = counted(tasks, "task")
    if refuted == tasks:
        return f"must stay: {named} refuted"
    return f"stay: {named}, {refuted} refuted" if refuted else f"stay for now: {named}"


def meaning(report: Report) -> str:
    """What proven and the ends of a range mean, in as few words as page one has; page two says it in full."""
    bars = {t.share["bar"] for t in report.tasks if t.share is not None and t.row["verdict"] == "proven"} or {BAR}
    good = f"≥{format_share(bars.pop())} as good" if len(bars) == 1 else "as good as its bar"
    return f"Proven: {good}. Ranges: 90 %."


def _saved(report: Report) -> Figure:
    if report.recommended is None:
        why = "no saving is stated" if report.caching is None else "no small model saves more than caching"
        return Figure(UNKNOWN, why)
    row = report.recommended.row
    saves, low, high = format_usd_range(row["saving_usd"], row["saving_low_usd"], row["saving_high_usd"])
    verb = "saved" if row["quality_grade"] in TESTED else "expected saving"
    return Figure(saves, f"{verb} {report.basis_words}: {SHORT[row['alternative']]}", between(low, high))


def covered(report: Report) -> str:
    """The window and how much of it is counted: calls, tasks, days, prices, tokens that no answer stated."""
    calls = report.overview.get("calls") or report.analysis["calls"]
    said = f"{counted(report.analysis['calls'], 'call')} in {counted(report.analysis['task_count'], 'task')}"
    said += f", {_short(report.period_words.partition(' (')[0]) or 'of unknown times'}"
    if not calls:
        return said
    estimated = (report.overview.get("estimated_calls") or 0) / calls
    told = [
        ""
        if report.priced_share
        else f"{format_share(1 - (report.overview.get('unpriced_calls') or 0) / calls)} priced",
        f"{format_share(estimated)} tokens estimated" if estimated else "",
    ]
    return "; ".join([said, ", ".join(filter(None, told))]).rstrip("; ")


def _short(period: str) -> str:
    """``14:13–15:13 UTC``: words are few on page one."""
    return period.replace(" to ", "–") if period.endswith("UTC") else period


def since(report: Report) -> str:
    """What can be said of an earlier report in one line; "" where the bridge is drawn."""
    if report.bridge is None:
        return NONE_SHORT
    return "" if report.bridge.changes else " ".join(report.bridge.sentences)


def origin(report: Report) -> str:
    """By which the numbers can be found again; the same data give the same hash."""
    return f"Data {report.analysis['data_hash']}"
