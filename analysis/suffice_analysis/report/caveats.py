"""What a careful reader should know before acting, and every assumption that the amounts rest on."""

from __future__ import annotations

import json
from typing import Any

from suffice_analysis.report.model import Report
from suffice_analysis.report.replayed import rests_on
from suffice_analysis.report.wording import counted
from suffice_analysis.savings.assumption_words import name_words
from suffice_analysis.savings.notes import left_out
from suffice_analysis.savings.row_details import details_of

# docs/wire-formats.md, as benchmarks/token_estimates.py prints it
ESTIMATES_OFF = "On 367 recorded answers that state theirs, an estimate was off by 12 % on average, their sum by -4 %."


def caveats(report: Report) -> list[str]:
    """What a careful reader should know before acting."""
    o, a = report.overview, report.analysis
    notes = [
        rests_on(report),
        "Acceptable means no worse than the recorded answer. Whether recorded answers were right is another question.",
        "The alternatives stand beside each other. Their savings must not be added up.",
        "Engineering time, fine-tuning and replay are spent once: they stand beside the saving, with the volume or the time that pays for them.",
    ]
    if any("left_out_once_" in total["assumptions"] for total in report.totals):
        notes[-1] += " Of what is proven only its integration is counted: the proof is paid for."
    if a["basis"] == "per_1000_calls":
        notes.append(
            "Less than 7 days of the calls are timed, so amounts are per 1,000 calls and nothing is said per month."
        )
    else:
        notes.append("A month is projected from the recorded window at its mean rate.")
    for key, text in (
        ("unpriced_calls", "without a price, in no amount and still paid for"),
        ("estimated_calls", f"with estimated tokens. {ESTIMATES_OFF}"),
        ("incomplete_calls", "recorded in part"),
        ("duplicate_calls", "that told again what others tell, not counted"),
        ("error_calls", "ended in an error"),
    ):
        if o.get(key):
            notes.append(f"{counted(o[key], 'call')} {text}".removesuffix(".") + ".")
    return notes


def left_out_words(report: Report) -> str:
    """What the amounts leave out, as one more sentence; "" where every call has a price."""
    unpriced = details_of(report.totals[0]).get("unpriced_calls", 0) if report.totals else 0
    return f" {left_out(unpriced)}" if unpriced and report.paid_usd is not None else ""


def assumptions(report: Report) -> list[dict[str, Any]]:
    """Every assumption of the totals once, in order."""
    found: dict[str, dict[str, Any]] = {}
    for total in report.totals:
        for entry in json.loads(total["assumptions"]):
            found.setdefault(entry["name"], entry | {"words": name_words(entry["name"])})
    return list(found.values())
