"""What users decided about tasks, replayed over each analysis: names they gave, tasks they ignore."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import Any

from suffice_analysis.discovery.types import FoundTask
from suffice_store.store import Store


@dataclass(frozen=True, slots=True)
class Decisions:
    """Names by task id, and the ids of ignored tasks."""

    names: dict[str, str] = field(default_factory=dict)
    ignored: frozenset[str] = frozenset()

    def renamed(self, task: FoundTask) -> FoundTask:
        """The task under the name a user gave it, else as it is."""
        name = self.names.get(task.task_id)
        return task if name is None else replace(task, name=name, name_source="user")


def read_decisions(store: Store, project: str) -> Decisions:
    """The latest decision per task and kind (the read ``decisions``)."""
    names: dict[str, str] = {}
    ignored: set[str] = set()
    for row in store.read("decisions", project=project).to_pylist():
        value = _value(row["value"])
        if row["kind"] == "rename" and isinstance(value, str) and value:
            names[row["task_id"]] = value
        elif row["kind"] == "ignore" and value is not False:
            ignored.add(row["task_id"])
    return Decisions(names, frozenset(ignored))


def _value(text: str | None) -> Any:
    """A decision's value: JSON; an object's one value stands for it (``{"name": "Invoices"}``)."""
    try:
        value = json.loads(text or "null")
    except ValueError:
        return text
    return next(iter(value.values()), None) if isinstance(value, dict) else value
