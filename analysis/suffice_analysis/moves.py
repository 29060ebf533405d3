"""How far moving each task has come: what was decided, by whom, why, on which evidence; and what the traffic says of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from suffice_analysis.realised import Realised

Row = Mapping[str, Any]
Read = Callable[..., Sequence[Row]]
_KEPT = {
    "estimates": ("measure", "candidate", "mode", "grade", "value", "low", "high", "n", "proven"),
    "evidence": ("grade", "kind", "value", "low", "high", "n", "sentence", "source"),
    "savings": ("alternative", "model", "saving_usd", "saving_low_usd", "saving_high_usd", "quality", "extra_wrong"),
}


@dataclass(frozen=True, slots=True)
class Move:
    """One step. ``evidence_hash``: of what was known of the task then, so that it can be told whether that has changed."""

    task_id: str
    state: str
    owner: str
    reason: str
    model: str
    evidence_hash: str
    decided_by: str
    recorded_ns: int
    slice_id: str = ""  # "" = the whole task

    @property
    def place(self) -> tuple[str, str]:
        """What it is about: (task_id, slice_id)."""
        return self.task_id, self.slice_id


def parse_moves(log: Sequence[Row]) -> dict[str, list[Move]]:
    """Of rows of ``decision_log``: each task's steps, the oldest first."""
    found: dict[str, list[Move]] = {}
    for row in log:
        value = json.loads(row["value"]) if row["kind"] == "move" else None
        if isinstance(value, dict):
            keys = ("state", "owner", "reason", "model", "evidence_hash", "slice_id")
            said = {key: str(value.get(key) or "") for key in keys}
            move = Move(row["task_id"], **said, decided_by=row["decided_by"] or "", recorded_ns=row["recorded_ns"])
            found.setdefault(row["task_id"], []).append(move)
    return found


def standing(moves: Mapping[str, Sequence[Move]]) -> dict[tuple[str, str], Move]:
    """Where each task and slice stands: its last step."""
    return {each.place: each for steps in moves.values() for each in steps}


def evidence_hash(read: Read, task_id: str) -> str:
    """16 hex digits of the task's estimates, evidence and savings. ``read``: a read's name and parameters -> rows."""
    rows = {
        name: sorted(json.dumps([row.get(key) for key in keys], default=str) for row in read(name, task_id=task_id))
        for name, keys in _KEPT.items()
    }
    return blake2b(json.dumps(rows, sort_keys=True).encode(), digest_size=8).hexdigest()


def asks(moves: Mapping[str, Sequence[Move]], changes: Sequence[Realised]) -> list[Realised]:
    """Changes of model that nobody has said are a move: the person is asked."""
    return [each for each in changes if not any(m.state == "moved" for m in moves.get(each.task_id, ()))]
