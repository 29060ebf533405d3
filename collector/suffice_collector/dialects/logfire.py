"""Logfire's instrument_openai and instrument_anthropic: the conventions, and the vendor's usage in ``gen_ai.usage.raw``.

A streamed call is two spans: the request, and a log of the answer that starts where it ends and tells ``duration`` in
seconds. The log is read as the whole call; the request that says nothing more is marked by ``split_stream``.
"""

from __future__ import annotations

from suffice_collector.dialects import fields, otel_genai, tokens
from suffice_collector.dialects.place import call_record
from suffice_collector.otlp import Resource, Span
from suffice_store.records import CallRecord

NAME = "logfire"
SCOPES: tuple[str, ...] = ("logfire",)

TYPE = "logfire.span_type"
MAX_DURATION_S = 86_400.0


def matches(span: Span) -> bool:
    return TYPE in span.attributes and otel_genai.matches(span)


def normalise(span: Span, resource: Resource) -> CallRecord | None:
    a = span.attributes
    call = otel_genai.call_of(span)
    raw = fields.json_object(a, "gen_ai.usage.raw")
    if call.usage is not None and raw is not None:
        told = tokens.usage_of(raw)
        if told is not None:
            call.usage.cache_read_tokens = call.usage.cache_read_tokens or told.cache_read_tokens
            call.usage.cache_write_5m_tokens = call.usage.cache_write_5m_tokens or told.cache_write_5m_tokens
            call.usage.reasoning_tokens = call.usage.reasoning_tokens or told.reasoning_tokens
        call.usage.raw = raw
    record = call_record(call, span, resource, NAME, otel_genai.CONTENT)
    duration_s = fields.number(a, "duration")
    if a[TYPE] == "log" and duration_s is not None and 0 <= duration_s <= MAX_DURATION_S and span.started_ns:
        call.stream = True
        record.started_ns = max(1, span.started_ns - int(duration_s * 1e9))
        record.ended_ns = span.started_ns
    elif (request := fields.json_object(a, "request_data")) is not None and request.get("stream") is True:
        call.stream = True
    return record
