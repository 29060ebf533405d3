"""OpenLIT: the conventions. Anthropic's input is told without the cache; settings that were not sent come as defaults
(temperature 1.0, max_tokens -1, ...), which are left out; a first token's time is in seconds.

What no reader can mend: a streamed Anthropic call comes without its cached tokens.
"""

from __future__ import annotations

from typing import Any

from suffice_collector.dialects import fields, otel_genai
from suffice_collector.dialects.place import call_record
from suffice_collector.otlp import Resource, Span
from suffice_store.records import CallRecord

NAME = "openlit"
SCOPES: tuple[str, ...] = ("openlit.",)

_INVENTED: dict[str, Any] = {
    "temperature": 1.0, "top_p": 1.0, "frequency_penalty": 0.0, "presence_penalty": 0.0, "seed": 0, "max_tokens": -1,
    "user": "",
}  # fmt: skip


def matches(span: Span) -> bool:
    return otel_genai.matches(span)


def normalise(span: Span, resource: Resource) -> CallRecord | None:
    a = span.attributes
    call = otel_genai.call_of(span, exclusive="anthropic" in span.scope)
    call.parameters = {
        key: value for key, value in call.parameters.items() if _INVENTED.get(key, value is None) != value
    }
    if call.system_instructions and call.input_messages and call.input_messages[0]["role"] == "system":
        call.system_instructions = []  # told twice
    record = call_record(call, span, resource, NAME, otel_genai.CONTENT)
    if call.stream and (seconds := fields.number(a, "gen_ai.server.time_to_first_token")):
        record.time_to_first_token_ms = seconds * 1000
    return record
