"""The proven shares: of calls and of cost, the part that belongs to tasks proven together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from suffice_analysis.multiplicity import proven_together
from suffice_analysis.profile import TaskProfile
from suffice_analysis.replaceability import proven_row
from suffice_analysis.replay.results import Result

_WEIGHTS: dict[str, Callable[[TaskProfile], float]] = {
    "proven_share_calls": lambda p: p.calls,
    "proven_share_cost": lambda p: float(p.paid_usd or 0),
}


def proven_rows(parts: Sequence[tuple[TaskProfile, str, Sequence[Result]]], seed: int) -> list[dict[str, Any]]:
    """Rows of ``estimates``. ``parts``: each task's profile, verdict and replays; the choice among tasks and candidates is paid for."""
    together = proven_together({p.task_id: [r.p_value for r in results] for p, _, results in parts if results})
    proven = [p for p, word, _ in parts if word == "proven" and p.task_id in together]
    answers = sum(r.counts.n for _, _, results in parts for r in results)
    calls = sum(p.calls for p, _, _ in parts)
    return [
        proven_row(measure, calls, seed, sum(weight(p) for p in proven), sum(weight(p) for p, _, _ in parts), answers)
        for measure, weight in _WEIGHTS.items()
    ]
