"""Joining: tasks that a user said are one stay one, however discovery cuts them this time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from suffice_analysis.discovery.finding import TEMPLATES_PER_TASK, TaskInMaking

MOST = 0.5  # of a task's recognised calls that a merged one takes, from which it is a part of it
MERGED_TEMPLATES = 4 * TEMPLATES_PER_TASK


def join_tasks(
    making: Sequence[TaskInMaking],
    ids: Sequence[str],
    task_of: npt.NDArray[np.int64],
    into: Mapping[str, str],
    known_ids: Sequence[str],
    known_of: npt.NDArray[np.int64],
    calls: npt.NDArray[np.int64],
) -> tuple[list[TaskInMaking], list[str], npt.NDArray[np.int64]]:
    """Tasks, ids and the task of each head after the merges ``into`` (task id -> the id it was merged into)."""
    if not into:
        return list(making), list(ids), task_of
    targets = set(into.values())
    final: list[str] = []
    for t, task_id in enumerate(ids):
        taken: dict[str, int] = {}
        for h in np.flatnonzero((task_of == t) & (known_of >= 0)):
            known = known_ids[known_of[h]]
            taken[known] = taken.get(known, 0) + int(calls[h])
        most = max(taken, key=lambda k: (taken[k], k), default="")
        part = most in targets and taken[most] > MOST * sum(taken.values())
        final.append(_target(most if part else task_id, into))
    kept = list(dict.fromkeys(final))
    place = {task_id: n for n, task_id in enumerate(kept)}
    sizes = np.bincount(task_of, weights=calls, minlength=len(ids))
    joined = [
        _joined([making[t] for t in sorted(range(len(ids)), key=lambda t: -sizes[t]) if final[t] == task_id])
        for task_id in kept
    ]
    return joined, kept, np.asarray([place[each] for each in final], dtype=np.int64)[task_of]


def _target(task_id: str, into: Mapping[str, str]) -> str:
    """Where merges lead; a circle ends where it began."""
    seen = {task_id}
    while into.get(task_id, task_id) not in seen:
        task_id = into[task_id]
        seen.add(task_id)
    return task_id


def _joined(parts: Sequence[TaskInMaking]) -> TaskInMaking:
    if len(parts) == 1:
        return parts[0]
    entries = [entry for part in parts for entry in (part.fixed["templates"] if part.fixed else part.entries)]
    one_set = len({part.shape.tools for part in parts}) == 1
    kind = "template" if entries else parts[0].kind
    return replace(
        parts[0],
        kind=kind,
        any_tools=parts[0].any_tools or not one_set,
        entries=entries[:MERGED_TEMPLATES],
        fixed=None,
    )
