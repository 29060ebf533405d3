"""AWS Strands: the conventions on spans, the messages as span events whose content is JSON text of Bedrock's blocks.

``gen_ai.system`` is the framework (``strands-agents``), no provider. The first token's time is in milliseconds here.
"""

from __future__ import annotations

from suffice_collector.dialects import fields, otel_genai
from suffice_collector.dialects.place import call_record
from suffice_collector.otlp import Resource, Span
from suffice_store.records import CallRecord

NAME = "strands"
SCOPES: tuple[str, ...] = ("strands.",)

FRAMEWORK = "strands-agents"


def matches(span: Span) -> bool:
    return otel_genai.matches(span)


def normalise(span: Span, resource: Resource) -> CallRecord | None:
    call = otel_genai.call_of(span)
    if call.provider == FRAMEWORK:
        call.provider = ""
    record = call_record(call, span, resource, NAME, otel_genai.CONTENT)
    record.time_to_first_token_ms = fields.number(span.attributes, "gen_ai.server.time_to_first_token")
    if call.input_messages or call.output_messages:
        record.attributes.pop("otel.events", None)  # they became messages
    return record
