"""Vercel's AI SDK 7 with @ai-sdk/otel (scope ``gen_ai``): the conventions. ``invoke_agent`` repeats the sum of its
calls and is a step; ``embeddings`` comes twice, the outer span without tokens (marked by ``nested_same``)."""

from __future__ import annotations

from suffice_collector.dialects import fields, otel_genai
from suffice_collector.dialects.place import call_record
from suffice_collector.otlp import Resource, Span
from suffice_store.records import CallRecord

NAME = "vercel_otel"
SCOPES: tuple[str, ...] = ("gen_ai",)

FIRST_CHUNK_S = "gen_ai.client.operation.time_to_first_chunk"


def matches(span: Span) -> bool:
    return otel_genai.matches(span)


def normalise(span: Span, resource: Resource) -> CallRecord | None:
    call = otel_genai.call_of(span)
    record = call_record(call, span, resource, NAME, otel_genai.CONTENT)
    seconds = fields.number(span.attributes, FIRST_CHUNK_S)
    if seconds is not None:
        call.stream = True
        record.time_to_first_token_ms = seconds * 1000
    return record
