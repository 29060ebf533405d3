"""Changes: what became of the tasks of the analysis before. Nothing splits, merges, appears or vanishes silently.

Old tasks are compared with new ones through the calls that the old recognisers take: no stored assignment is needed,
and calls that were deleted since do not look like a change.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from suffice_analysis.discovery.types import KnownTask, TaskChange

PART = 0.1  # of an old task's calls, from which a part of it counts
MOST = 0.5  # of an old task's calls, from which it is in a new one
LEAST_CALLS = 3


def find_changes(
    ids: Sequence[str],
    names: Sequence[str],
    task_of: npt.NDArray[np.int64],
    known: Sequence[KnownTask],
    known_of: npt.NDArray[np.int64],
    calls: npt.NDArray[np.int64],
) -> list[TaskChange]:
    """The changes, most calls first. ``task_of`` and ``known_of``: positions in ``ids`` and ``known`` of each head."""
    if not known:
        return []
    together = np.zeros((len(ids), len(known) + 1))
    np.add.at(together, (task_of, np.where(known_of < 0, len(known), known_of)), calls)
    of_task, of_known = together.sum(axis=1), together.sum(axis=0)
    name_of = {task.task_id: task.name for task in known if task.name} | dict(zip(ids, names, strict=True))
    before = {task.task_id for task in known}
    found: list[TaskChange] = []
    for k, task in enumerate(known):
        if task.earlier:
            continue
        parts = [t for t in np.argsort(-together[:, k], kind="stable") if together[t, k] >= _least(of_known[k])]
        if len(parts) > 1 and any(ids[t] not in before for t in parts):
            found.append(_split(task.task_id, [ids[t] for t in parts], int(of_known[k]), name_of))
        elif task.task_id not in ids and not parts:
            found.append(_change("vanished", task.task_id, (), 0, name_of, "no call of it was seen."))
    for t, task_id in enumerate(ids):
        whole = [known[k].task_id for k in range(len(known)) if _holds(together[t, k], of_known[k])]
        merged = tuple(sorted(k for k in whole if k != task_id and k not in ids))
        if merged:
            said = f"now holds what was {_listed(merged, name_of)}."
            found.append(_change("merged", task_id, merged, int(of_task[t]), name_of, said))
        elif task_id not in before and together[t, -1] >= MOST * of_task[t]:
            said = f"is new: {int(of_task[t]):,} calls."
            found.append(_change("appeared", task_id, (), int(of_task[t]), name_of, said))
    return sorted(found, key=lambda c: (-c.calls, c.change, c.task_id))


def _least(calls: float) -> float:
    return max(PART * calls, LEAST_CALLS)


def _holds(shared: float, of_known: float) -> bool:
    return bool(of_known >= LEAST_CALLS and shared >= MOST * of_known)


def _split(task_id: str, parts: Sequence[str], calls: int, name_of: Mapping[str, str]) -> TaskChange:
    others = tuple(part for part in parts if part != task_id)
    return _change(
        "split", task_id, others, calls, name_of, f"was split; parts of it are now {_listed(others, name_of)}."
    )


def _change(
    change: str, task_id: str, others: tuple[str, ...], calls: int, name_of: Mapping[str, str], said: str
) -> TaskChange:
    return TaskChange(change, task_id, others, calls, f"{_named(task_id, name_of)} {said}")


def _named(task_id: str, name_of: Mapping[str, str]) -> str:
    return f"\u201c{name_of.get(task_id) or task_id}\u201d"


def _listed(ids: Sequence[str], name_of: Mapping[str, str]) -> str:
    shown = ", ".join(_named(each, name_of) for each in ids[:3])
    return shown if len(ids) <= 3 else f"{shown} and {len(ids) - 3} more"
