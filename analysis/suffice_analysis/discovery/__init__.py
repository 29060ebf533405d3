"""Tasks are found by their templates: what recurs over distinct runs in the requests of one kind of call."""

from suffice_analysis.discovery.discover import discover
from suffice_analysis.discovery.heads import Request
from suffice_analysis.discovery.map import draw_map
from suffice_analysis.discovery.recogniser import assign, recognise
from suffice_analysis.discovery.types import Discovery, FoundTask, FoundTemplate, KnownTask, MapPoint, MessageText

__all__ = [
    "Discovery",
    "FoundTask",
    "FoundTemplate",
    "KnownTask",
    "MapPoint",
    "MessageText",
    "Request",
    "assign",
    "discover",
    "draw_map",
    "recognise",
]
