"""Imported calls as they would have been captured: through the SDK's own gate, before anything is stored.

``suffice import --capture masked|hashed|metrics``. Ids that calls are known by (``call_id``) are made before, of what
the file says, so the same file imported again adds nothing, in whatever mode.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from suffice import semconv
from suffice.privacy import Gate
from suffice_collector.importers.contract import Read
from suffice_store.records import CallRecord, OutcomeRecord, SpanRecord

# field of a record -> the attribute it would have been
_CALL_FIELDS = {
    "run_id": semconv.RUN_ID,
    "run_name": semconv.RUN_NAME,
    "agent_name": semconv.AGENT_NAME,
    "task_name": semconv.TASK_NAME,
    "conversation_id": semconv.CONVERSATION_ID,
    "user_id": semconv.USER_ID,
    "call_site": semconv.CALL_SITE,
}


def through_gate(pieces: Iterable[Read], gate: Gate) -> Iterator[Read]:
    """The pieces as they may be stored."""
    for piece in pieces:
        if isinstance(piece, CallRecord):
            yield _call(piece, gate)
        elif isinstance(piece, SpanRecord):
            yield replace(piece, name=gate.label(piece.name), attributes=_attributes(piece.attributes, gate))
        elif isinstance(piece, OutcomeRecord):
            yield _outcome(piece, gate)
        else:
            yield piece


def _call(record: CallRecord, gate: Gate) -> CallRecord:
    stated = {attribute: getattr(record, name) for name, attribute in _CALL_FIELDS.items()}
    leaves = gate.attributes({name: value for name, value in stated.items() if value is not None})
    fields: dict[str, Any] = {name: leaves.get(attribute) for name, attribute in _CALL_FIELDS.items()}
    if record.tags:
        fields["tags"] = json.loads(gate.attributes({semconv.TAGS: record.tags})[semconv.TAGS])
    return replace(record, call=gate.call(record.call), attributes=_attributes(record.attributes, gate), **fields)


def _outcome(record: OutcomeRecord, gate: Gate) -> OutcomeRecord:
    leaves = gate.attributes({semconv.OUTCOME_LABEL: record.label} if record.label else {})
    return replace(record, label=leaves.get(semconv.OUTCOME_LABEL))


def _attributes(given: dict[str, Any], gate: Gate) -> dict[str, Any]:
    """Raw attributes; the collector's own (``otel.*``) hold the resource and events, whose attributes go the same way."""
    kept = gate.attributes({name: value for name, value in given.items() if not name.startswith("otel.")})
    if isinstance(given.get("otel.resource"), dict):
        kept["otel.resource"] = gate.attributes(given["otel.resource"])
    return kept
