"""Pydantic AI, versions 1 to 6 of its telemetry: the conventions; version 1 has the messages as ``events`` (JSON).

An agent's span repeats the sum of its calls under the same keys (1.x) or under ``gen_ai.aggregated_usage.*`` (2.x);
its operation is ``invoke_agent``, so that it is a step and no call.
"""

from __future__ import annotations

from suffice_collector.dialects import events, fields, otel_genai
from suffice_collector.dialects.place import call_record
from suffice_collector.otlp import Resource, Span
from suffice_store.records import CallRecord

NAME = "pydantic_ai"
SCOPES: tuple[str, ...] = ("pydantic-ai",)

_EVENTS = "events"
_REQUEST = "model_request_parameters"


def matches(span: Span) -> bool:
    return otel_genai.matches(span)


def normalise(span: Span, resource: Resource) -> CallRecord | None:
    a = span.attributes
    call = otel_genai.call_of(span)
    told = fields.json_value(a, _EVENTS)
    if isinstance(told, list):
        events.add_events(call, [(str(each.get("event.name")), each) for each in told if isinstance(each, dict)])
    if not call.tool_definitions:
        request = fields.json_object(a, _REQUEST) or {}
        call.tool_definitions = fields.tools(request, "function_tools")
    content = (*otel_genai.CONTENT, *((_EVENTS,) if call.input_messages else ()))
    return call_record(call, span, resource, NAME, content)
