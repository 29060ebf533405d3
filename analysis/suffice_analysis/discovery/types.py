"""What discovery takes and gives: the words the pipeline and the map share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple


class MessageText(NamedTuple):
    """One stored message: its role and the canonical parts as JSON (``content`` of the read ``analysis_messages``)."""

    role: str
    content: str  # the canonical message {"role", "parts"}, or its parts alone, as JSON


@dataclass(frozen=True, slots=True)
class KnownTask:
    """A task of an earlier analysis, whose id is kept where the same task is found again."""

    task_id: str
    recogniser: Mapping[str, Any]
    name: str = ""
    pinned: bool = False  # a user said that it stays as it is: what its recogniser takes is its own
    earlier: bool = False  # of an analysis before the last: it may come back, but its absence is no news


@dataclass(frozen=True, slots=True)
class TaskChange:
    """What became of a task since the last analysis."""

    change: str  # appeared, vanished, split, merged
    task_id: str
    other_ids: tuple[str, ...]  # the parts of a split beside it, the tasks that were merged into it
    calls: int
    sentence: str


@dataclass(frozen=True, slots=True)
class FoundTask:
    """A recurring kind of call."""

    task_id: str
    name: str  # at most 60 characters, distinct within a discovery
    name_source: str  # "app" or "template"
    template: str  # the constant text, variable parts as the character U+2026; at most ~4,000 characters
    recogniser: Mapping[str, Any]  # JSON: see discovery.recogniser
    calls: int


@dataclass(frozen=True, slots=True)
class FoundTemplate:
    """One template: a version of a task's request. A dot of the map."""

    point_id: str
    task_id: str
    calls: int
    example: str  # at most 200 characters of what is constant in it


@dataclass(frozen=True, slots=True)
class MapPoint:
    """A template's place on the map."""

    point_id: str
    task_id: str
    x: float
    y: float
    calls: int
    example: str


@dataclass(frozen=True, slots=True)
class Discovery:
    """Tasks of a set of calls. ``task_ids`` and ``point_ids`` are aligned with the calls; None = no task."""

    task_ids: list[str | None]
    point_ids: list[str | None]
    tasks: dict[str, FoundTask]
    templates: list[FoundTemplate] = field(default_factory=list)
    vectors: Any = None  # float32 [templates, dimensions]: what draw_map lays out
    changes: list[TaskChange] = field(default_factory=list)  # against the known tasks; empty without any
