"""Tasks are found by their templates: what recurs over distinct runs in the requests of one kind of call."""

from suffice_analysis.discovery.types import Discovery, FoundTask, FoundTemplate, KnownTask, MapPoint, MessageText

__all__ = ["Discovery", "FoundTask", "FoundTemplate", "KnownTask", "MapPoint", "MessageText"]
