"""What the spans of a scope have in common: their resource, as the general path reads it, and what it adds to each."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count

import orjson
from opentelemetry.proto.common.v1.common_pb2 import InstrumentationScope

from suffice import semconv
from suffice_collector.dialects.place import raw_attributes, sender_of
from suffice_collector.otlp import Resource, Span
from suffice_collector.otlp_lite import lite_resource

MOST = 1_000  # resources and scopes remembered
_NUMBERS = count()


@dataclass(frozen=True, slots=True)
class Group:
    """``suffix``: what stands behind the attributes of each of its spans, as JSON."""

    resource: Resource
    project: str
    scope: str
    version: str
    suffix: bytes
    number: int  # no other group has it


class Groups:
    """The groups that came, by their bytes."""

    def __init__(self) -> None:
        self._known: dict[tuple[bytes, bytes, str], Group] = {}

    def find(self, resource: bytes, scope: bytes, project: str) -> Group:
        """``project`` is the key's, or "". Raises DecodeError, MalformedBodyError."""
        key = (resource, scope, project)
        group = self._known.get(key)
        if group is None:
            group = _read(resource, scope, project)
            if len(self._known) >= MOST:
                self._known.clear()
            self._known[key] = group
        return group


def _read(resource: bytes, scope: bytes, project: str) -> Group:
    attributes = lite_resource(resource)
    if project:
        attributes[semconv.PROJECT] = project
    told = InstrumentationScope.FromString(scope)
    read = Resource(attributes)
    bare = Span("", "", None, "", 0, told.name, told.version, 0, 0, "unset")
    suffix = orjson.dumps(raw_attributes(bare, read))[1:-1]
    return Group(read, sender_of(read).project, told.name, told.version, suffix, next(_NUMBERS))
