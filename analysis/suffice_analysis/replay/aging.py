"""Evidence ages: answers to another template, or of another version of the candidate, no longer count, and it is said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Row = Mapping[str, Any]
SAME_TEMPLATE = 0.7  # of the words that either template has: under it the task is another one


def fresh_answers(rows: Sequence[Row], campaigns: Mapping[str, Row], template: str) -> tuple[list[Row], str]:
    """The answers that still count, and why others no longer do."""
    same = [row for row in rows if same_template(campaigns[row["campaign_id"]]["template"], template)]
    reopened = [] if len(same) == len(rows) else ["its template changed"]
    versions = [row["response_model"] for row in same if row["response_model"]]
    fresh = [row for row in same if not versions or row["response_model"] in (None, versions[-1])]
    if len(fresh) < len(same):
        reopened.append(f"the candidate is now {versions[-1]}")
    return fresh, " and ".join(reopened)


def same_template(earlier: str, now: str) -> bool:
    """Whether two templates share most of their words: more calls move a template's edges, a new prompt its middle."""
    a, b = set(earlier.lower().split()), set(now.lower().split())
    return not a or not b or len(a & b) >= SAME_TEMPLATE * len(a | b)
