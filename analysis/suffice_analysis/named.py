"""Which task a person means, who says its id or its name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from suffice.errors import UsageError

SHOWN = 12  # tasks told where none is meant


def named_task(rows: Iterable[Mapping[str, Any]], said: str) -> Mapping[str, Any]:
    """The row of the read ``tasks`` with this id or, where only one has it, this name. Raises UsageError."""
    rows = list(rows)
    wanted = said.strip().casefold()
    found = [row for row in rows if row["task_id"].casefold() == wanted]
    found = found or [row for row in rows if row["name"].casefold() == wanted]
    if len(found) == 1:
        return found[0]
    what = "several tasks are" if found else "no task of the last analysis is"
    told = ", ".join(f"{row['task_id']} ({row['name']})" for row in (found or rows)[:SHOWN])
    raise UsageError(f"{what} called '{said}': name one by its id; there are {told or 'none yet'}")
