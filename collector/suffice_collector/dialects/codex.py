"""Codex's spans: of the hundreds a turn makes, ``handle_responses`` tells a request's usage (and no model).

``session_task.turn`` tells the turn's sum under names of its own and is a step. The model and the prompt come on
logs: ``codex_logs``; the log of the same request is matched by time and tokens, and counts.
"""

from __future__ import annotations

from suffice import semconv
from suffice.wire.call import Call
from suffice_collector.dialects import fields, otel_genai
from suffice_collector.dialects.place import call_record, failure_of
from suffice_collector.otlp import Resource, Span
from suffice_store.records import CallRecord

NAME = "codex"
SCOPES: tuple[str, ...] = ("codex",)


def matches(span: Span) -> bool:
    return span.name == "handle_responses" and semconv.INPUT_TOKENS in span.attributes


def normalise(span: Span, resource: Resource) -> CallRecord | None:
    a = span.attributes
    failed, why = failure_of(span)
    usage = otel_genai.usage_of(a)
    if usage is not None:
        usage.reasoning_tokens = fields.integer(a, "codex.usage.reasoning_output_tokens")
    call = Call(
        wire_format="",
        operation="chat",
        provider="openai",
        request_model=fields.text(a, "model", semconv.REQUEST_MODEL),
        usage=usage,
        stream=True,
        completeness="complete" if failed is None else "error",
        error_type=failed,
        error_message=why,
    )
    return call_record(call, span, resource, NAME, ())
