"""What a careful reader should know before acting, and every assumption that the amounts rest on."""

from __future__ import annotations

import json
from typing import Any

from suffice_analysis.report.model import Report
from suffice_analysis.report.replayed import rests_on
from suffice_analysis.report.wording import counted


def caveats(report: Report) -> list[str]:
    """What a careful reader should know before acting."""
    o, a = report.overview, report.analysis
    notes = [
        rests_on(report),
        "Acceptable means no worse than the recorded answer. Whether recorded answers were right is another question.",
        "The alternatives stand beside each other. Their savings must not be added up.",
        "Engineering time, fine-tuning and replay are spent once: they stand beside the saving, with the day it has paid for them.",
    ]
    if a["basis"] == "per_1000_calls":
        notes.append(
            "Less than 7 days of the calls are timed, so amounts are per 1,000 calls and nothing is said per month."
        )
    else:
        notes.append("A month is projected from the recorded window at its mean rate.")
    for key, text in (
        ("unpriced_calls", "without a price, in no amount"),
        ("estimated_calls", "with estimated tokens"),
        ("incomplete_calls", "recorded in part"),
        ("duplicate_calls", "that told again what others tell, not counted"),
        ("error_calls", "ended in an error"),
    ):
        if o.get(key):
            notes.append(f"{counted(o[key], 'call')} {text}.")
    return notes


def assumptions(report: Report) -> list[dict[str, Any]]:
    """Every assumption of the totals once, in order."""
    found: dict[str, dict[str, Any]] = {}
    for total in report.totals:
        for entry in json.loads(total["assumptions"]):
            found.setdefault(entry["name"], entry | {"words": entry["name"].replace("_", " ")})
    return list(found.values())
