"""The spans that Anthropic's own SDK emits (2.x, as soon as a tracer provider is set): the conventions, v0.1.0."""

from __future__ import annotations

from suffice_collector.dialects import otel_genai
from suffice_collector.dialects.place import call_record
from suffice_collector.otlp import Resource, Span
from suffice_store.records import CallRecord

NAME = "anthropic_sdk"
SCOPES: tuple[str, ...] = ("com.anthropic.sdk.",)


def matches(span: Span) -> bool:
    return otel_genai.matches(span)


def normalise(span: Span, resource: Resource) -> CallRecord | None:
    return call_record(otel_genai.call_of(span), span, resource, NAME, otel_genai.CONTENT)
