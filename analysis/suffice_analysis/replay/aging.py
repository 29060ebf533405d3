"""Evidence ages: answers to another template, or of another version of the candidate, no longer count, and it is said.

Candidates are counted by their name, wherever they were asked; an attempt that got no answer is its endpoint's alone.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

Row = Mapping[str, Any]
SAME_TEMPLATE = 0.7  # of the words that either template has: under it the task is another one


def own_attempts(rows: Sequence[Row], campaigns: Mapping[str, Row]) -> list[Row]:
    """The rows of these campaigns without the attempts that got no answer at another address than the one that answered last."""
    rows = [row for row in rows if row["campaign_id"] in campaigns]
    ordered = sorted(rows, key=lambda row: row["recorded_ns"])
    answered = [row for row in ordered if row["verdict"] not in ("unavailable", "sent")] or ordered
    own = _url(campaigns[answered[-1]["campaign_id"]]) if answered else None
    return [row for row in rows if row["verdict"] != "unavailable" or _url(campaigns[row["campaign_id"]]) == own]


def _url(campaign: Row) -> str | None:
    """Where its candidate was asked."""
    url: str | None = json.loads(campaign.get("settings") or "{}").get("candidate", {}).get("url")
    return url


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
