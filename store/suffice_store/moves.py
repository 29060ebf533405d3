"""How far moving a task has come: a decision of kind ``move``, one row for each step, none ever overwritten."""

from __future__ import annotations

from typing import Any

from suffice.errors import SufficeError

STATES = ("proposed", "testing", "approved", "moved", "declined")
FIELDS = ("state", "owner", "reason", "model", "evidence_hash", "slice_id")
MOST_CHARACTERS = 1_000


def check_move(value: Any) -> None:
    """Raises SufficeError for what says no state, no reason, or more than it may."""
    if not isinstance(value, dict) or value.get("state") not in STATES:
        raise SufficeError(f"a move has a 'state', one of {', '.join(STATES)}")
    for key, text in value.items():
        if key not in FIELDS:
            raise SufficeError(f"a move has no '{key}'; it has {', '.join(FIELDS)}")
        if text is not None and (not isinstance(text, str) or len(text) > MOST_CHARACTERS):
            raise SufficeError(f"'{key}' of a move must be a text of at most {MOST_CHARACTERS:,} characters")
    if not (value.get("owner") or "").strip() or not (value.get("reason") or "").strip():
        raise SufficeError("a move needs an 'owner' and a 'reason'")
