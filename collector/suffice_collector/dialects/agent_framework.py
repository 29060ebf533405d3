"""Microsoft Agent Framework: the conventions. Its agent's span repeats the sum of its calls, under the framework's
own provider name, and is a step; content comes on spans, on logs, or on both."""

from __future__ import annotations

from suffice_collector.dialects import otel_genai
from suffice_collector.dialects.place import call_record
from suffice_collector.otlp import Resource, Span
from suffice_store.records import CallRecord

NAME = "agent_framework"
SCOPES: tuple[str, ...] = ("agent_framework",)


def matches(span: Span) -> bool:
    return otel_genai.matches(span)


def normalise(span: Span, resource: Resource) -> CallRecord | None:
    return call_record(otel_genai.call_of(span), span, resource, NAME, otel_genai.CONTENT)
