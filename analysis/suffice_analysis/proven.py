"""The proven shares: of calls, of tokens and of cost, the part that belongs to tasks proven together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from suffice_analysis.multiplicity import proven_together
from suffice_analysis.profile import TaskProfile
from suffice_analysis.replaceability import proven_row
from suffice_analysis.replay.results import Result

_WEIGHTS: dict[str, Callable[[TaskProfile], float]] = {
    "proven_share_calls": lambda p: p.calls,
    "proven_share_tokens": lambda p: p.input_tokens + p.output_tokens,
    "proven_share_cost": lambda p: float(p.paid_usd or 0),
}


def proven_rows(parts: Sequence[tuple[TaskProfile, str, Sequence[Result], int]], seed: int) -> list[dict[str, Any]]:
    """Rows of ``estimates``. ``parts``: profile, verdict, replays and number of tests of each task, or of the slices it counts
    by; the choice among tasks, slices and candidates is paid for. ``n`` counts the answers that prove it: of the tasks proven
    together, else of those proven one by one, else, where nothing is proven, all that were asked for it."""
    p_values = {p.task_id: [min(1.0, n * r.p_value) for r in results] for p, _, results, n in parts if results}
    together = proven_together(p_values)
    proven = [p for p, word, _, _ in parts if word == "proven" and p.task_id in together]
    answers = sum(r.counts.n for _, _, results, _ in parts for r in results)
    named = {p.task_id for p in proven} or {p.task_id for p, word, _, _ in parts if word == "proven"}
    proving = sum(
        r.counts.n for p, _, results, _ in parts if p.task_id in named for r in results if r.status == "proven"
    )
    calls, profiles = sum(p.calls for p, _, _, _ in parts), [p for p, _, _, _ in parts]
    return [
        proven_row(
            measure, calls, seed, sum(map(weight, proven)), sum(map(weight, profiles)), answers, proving, sorted(named)
        )
        for measure, weight in _WEIGHTS.items()
    ]
