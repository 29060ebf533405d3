"""A span's place in project, service, trace and time: the part of a CallRecord that no dialect has its own word for."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from suffice import semconv
from suffice.wire.call import Call
from suffice.wire.canonical import call_hash
from suffice_collector.dialects import fields
from suffice_collector.dialects.ownership import COST_CENTRE, OWNER, TEAM, stated_usd
from suffice_collector.otlp import Resource, Span
from suffice_store.records import CallRecord, SpanRecord

DEFAULT_PROJECT = "default"
SCOPE_NAME = "otel.scope.name"
SPAN_NAME = "otel.span.name"
_AGENT = (semconv.AGENT_NAME, "agent_name", "agent.name")
_CONVERSATION = (semconv.CONVERSATION_ID, "session.id")
_USER = (semconv.USER_ID, "enduser.id")
_NAMES = (*_AGENT, *_CONVERSATION, *_USER)


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sent a resource's spans, and for whom."""

    project: str
    service: str | None
    environment: str | None
    team: str | None
    owner: str | None
    cost_centre: str | None


def sender_of(resource: Resource) -> Sender:
    """Read once a resource: 3 of the 18 us that a span takes here."""
    if resource.sender is None:
        a = resource.attributes
        resource.sender = Sender(
            project_of(resource),
            service_of(resource),
            fields.text(a, semconv.ENVIRONMENT, "deployment.environment"),
            fields.text(a, *TEAM),
            fields.text(a, *OWNER),
            fields.text(a, *COST_CENTRE),
        )
    sender: Sender = resource.sender
    return sender


def project_of(resource: Resource) -> str:
    return fields.text(resource.attributes, semconv.PROJECT) or DEFAULT_PROJECT


def service_of(resource: Resource) -> str | None:
    name = fields.text(resource.attributes, semconv.SERVICE_NAME)
    return None if name is None or name.startswith("unknown_service") else name


def call_record(call: Call, span: Span, resource: Resource, dialect: str, content: Collection[str]) -> CallRecord:
    """The record of a call; ``content`` names the attributes that became fields of the Call and need no second copy."""
    a = span.attributes
    sender = sender_of(resource)
    attributes = raw_attributes(span, resource, content)
    if span.name and dialect != semconv.SCOPE:  # our own spans' names say nothing more
        attributes[SPAN_NAME] = span.name
    first_chunk_s = fields.number(a, semconv.TIME_TO_FIRST_CHUNK)
    named = not a.keys().isdisjoint(_NAMES)
    return CallRecord(
        call=call,
        call_id=call_hash(sender.project, span.trace_id, span.span_id),
        project=sender.project,
        trace_id=span.trace_id,
        span_id=span.span_id,
        parent_span_id=span.parent_span_id,
        run_id=span.trace_id,
        service=sender.service,
        environment=sender.environment,
        team=sender.team,
        owner=sender.owner,
        cost_centre=sender.cost_centre,
        agent_name=fields.text(a, *_AGENT) if named else None,
        conversation_id=fields.text(a, *_CONVERSATION) if named else None,
        user_id=fields.text(a, *_USER) if named else None,
        server_address=fields.text(a, semconv.SERVER_ADDRESS),
        started_ns=span.started_ns or None,
        ended_ns=span.ended_ns or None,
        time_to_first_token_ms=None if first_chunk_s is None else first_chunk_s * 1000,
        source="otlp",
        dialect=dialect,
        stated_usd=stated_usd(a),
        attributes=attributes,
    )


def span_record(span: Span, resource: Resource) -> SpanRecord:
    """A span that no dialect reads as a call, whole."""
    return SpanRecord(
        project=project_of(resource),
        trace_id=span.trace_id,
        span_id=span.span_id,
        parent_span_id=span.parent_span_id,
        name=span.name,
        kind=span.kind,
        scope=span.scope,
        service=service_of(resource),
        started_ns=span.started_ns,
        ended_ns=span.ended_ns,
        status=span.status,
        attributes=raw_attributes(span, resource),
    )


def failure_of(span: Span) -> tuple[str | None, str | None]:
    """(error.type, message) of a failed span, from its attributes, its exception event or its status; else Nones."""
    stated = fields.text(span.attributes, semconv.ERROR_TYPE)
    if stated is None and span.status != "error":
        return None, None
    raised = next((event.attributes for event in span.events if event.name == "exception"), {})
    kind = stated or fields.text(raised, "exception.type") or "_OTHER"
    return kind, span.status_message or fields.text(raised, "exception.message")


def raw_attributes(span: Span, resource: Resource, content: Collection[str] = ()) -> dict[str, Any]:
    """The attributes as received, and under ``otel.*`` what else the span carried, so that it can be read anew."""
    raw = span.attributes.copy()
    for name in content:
        raw.pop(name, None)
    if resource.attributes:
        raw["otel.resource"] = resource.attributes
    if span.scope:
        raw[SCOPE_NAME] = span.scope
    if span.scope_version:
        raw["otel.scope.version"] = span.scope_version
    if span.status_message:
        raw["otel.status.message"] = span.status_message
    if span.events:
        raw["otel.events"] = [
            {"name": each.name, "time_ns": each.time_ns, "attributes": each.attributes} for each in span.events
        ]
    return raw
