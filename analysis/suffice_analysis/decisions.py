"""What users decided about tasks, replayed over each analysis: names, tasks they ignore, pin, merge or split.

A decision is a row of the store, the latest of each task and kind counts, and none is lost when tasks are found anew:
ids follow the tasks (``discovery.identity``), a pinned task is recognised as it was, a merged one swallows whatever
its parts are found as, and a split is by conditions on the request, which no template can move.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from typing import Any

import numpy as np

from suffice_analysis.discovery.types import Discovery, FoundTask
from suffice_analysis.slices import condition_words, holds
from suffice_analysis.visible import Visible
from suffice_store.store import Store


@dataclass(frozen=True, slots=True)
class Decisions:
    """By task id: names, the id it was merged into, the parts split off it (each a list of conditions)."""

    names: dict[str, str] = field(default_factory=dict)
    ignored: frozenset[str] = frozenset()
    pinned: frozenset[str] = frozenset()
    merged: dict[str, str] = field(default_factory=dict)
    parted: frozenset[str] = frozenset()  # merged once, and no longer
    splits: dict[str, list[list[Mapping[str, Any]]]] = field(default_factory=dict)

    def renamed(self, task: FoundTask) -> FoundTask:
        """The task under the name a user gave it, else as it is."""
        name = self.names.get(task.task_id)
        return task if name is None else replace(task, name=name, name_source="user")


def read_decisions(store: Store, project: str) -> Decisions:
    """The latest decision per task and kind (the read ``decisions``)."""
    found = Decisions()
    ignored: set[str] = set()
    pinned: set[str] = set()
    parted: set[str] = set()
    for row in store.read("decisions", project=project).to_pylist():
        task_id, value = row["task_id"], _value(row["value"])
        match row["kind"]:
            case "rename" if isinstance(value, str) and value:
                found.names[task_id] = value
            case "ignore" if value is not False:
                ignored.add(task_id)
            case "pin" if value is True:
                pinned.add(task_id)
            case "merge" if isinstance(value, str) and value:
                found.merged[task_id] = value
            case "merge":
                parted.add(task_id)
            case "split" if isinstance(value, list) and value:
                found.splits[task_id] = value
    return replace(found, ignored=frozenset(ignored), pinned=frozenset(pinned), parted=frozenset(parted))


def split_tasks(
    found: Discovery, splits: Mapping[str, Sequence[Sequence[Mapping[str, Any]]]], visible: Visible
) -> Discovery:
    """The discovery with the parts that users split off as tasks of their own."""
    if not any(task_id in found.tasks for task_id in splits):
        return found
    task_ids = np.array(found.task_ids, dtype=object)
    tasks = dict(found.tasks)
    for task_id, parts in sorted(splits.items()):
        parent = tasks.get(task_id)
        if parent is None:
            continue
        for conditions in parts:
            rows = np.flatnonzero(task_ids == task_id)
            inside = rows[holds(conditions, visible, rows)]
            if not len(inside):
                continue
            part_id = part_of(task_id, conditions)
            task_ids[inside] = part_id
            words = ", ".join(map(condition_words, conditions))
            recogniser = {**parent.recogniser, "parent": task_id, "conditions": list(conditions)}
            name = f"{parent.name[: max(0, 57 - len(words))].rstrip()} · {words}"[:60]
            tasks[part_id] = FoundTask(part_id, name, parent.name_source, parent.template, recogniser, len(inside))
        left = int((task_ids == task_id).sum())
        tasks[task_id] = replace(parent, calls=left)
        if not left:
            del tasks[task_id]
    return replace(found, task_ids=task_ids.tolist(), tasks=tasks)


def part_of(task_id: str, conditions: Sequence[Mapping[str, Any]]) -> str:
    """The id of a part of a task: the same for the same conditions."""
    return f"{task_id}.{blake2b(json.dumps(list(conditions), sort_keys=True).encode(), digest_size=4).hexdigest()}"


def _value(text: str | None) -> Any:
    """A decision's value: JSON; an object's one value stands for it (``{"name": "Invoices"}``)."""
    try:
        value = json.loads(text or "null")
    except ValueError:
        return text
    return next(iter(value.values()), None) if isinstance(value, dict) else value
