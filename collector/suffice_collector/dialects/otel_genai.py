"""OpenTelemetry's GenAI conventions, as instrumentations of many hands emit them (v1.28 to genai v0.1.0).

Most dialects are these conventions with something of their own: they start from ``call_of``.
Proof: on the real captures of every dialect the counted input tokens equal what the server billed
(tests/collector/dialects/test_captures.py).
"""

from __future__ import annotations

from typing import Any

from suffice import semconv
from suffice.wire.call import Call, Usage
from suffice_collector.dialects import events, fields, tokens
from suffice_collector.dialects.place import call_record, failure_of
from suffice_collector.otlp import Resource, Span
from suffice_store.records import CallRecord

NAME = "otel_genai"
SCOPES: tuple[str, ...] = ()  # any scope may speak it

SYSTEM = "gen_ai.system"  # provider up to v1.36
_INPUT = (semconv.INPUT_TOKENS, "gen_ai.usage.prompt_tokens")
_OUTPUT = (semconv.OUTPUT_TOKENS, "gen_ai.usage.completion_tokens")
_CACHE_READ = (
    semconv.CACHE_READ_TOKENS,
    "gen_ai.usage.cache_read_input_tokens",
    "gen_ai.usage.details.cache_read_tokens",
)
_CACHE_WRITE = (
    semconv.CACHE_WRITE_TOKENS,
    "gen_ai.usage.cache_creation.input_tokens",  # up to v1.41
    "gen_ai.usage.cache_creation_input_tokens",
    "gen_ai.usage.cache_write_input_tokens",
    "gen_ai.usage.details.cache_write_tokens",
)
_REASONING = (
    semconv.REASONING_TOKENS,
    "gen_ai.usage.reasoning_tokens",
    "gen_ai.usage.details.reasoning_tokens",
)
CONTENT = (
    semconv.INPUT_MESSAGES,
    semconv.OUTPUT_MESSAGES,
    semconv.SYSTEM_INSTRUCTIONS,
    semconv.TOOL_DEFINITIONS,
)
_NOT_PARAMETERS = {semconv.REQUEST_MODEL, semconv.REQUEST_STREAM}
_SERVICE_TIERS = (
    "openai.response.service_tier",
    "anthropic.response.service_tier",
    "gen_ai.openai.response.service_tier",
    "openai.request.service_tier",
)


def matches(span: Span) -> bool:
    a = span.attributes
    if semconv.PROVIDER not in a and SYSTEM not in a:
        return False
    operation = a.get(semconv.OPERATION)
    if operation is None:  # before v1.28 there was none: a model and tokens make a call
        return semconv.REQUEST_MODEL in a and any(key in a for key in _INPUT)
    return fields.word(a, semconv.OPERATION, semconv.CALL_OPERATIONS) is not None


def normalise(span: Span, resource: Resource) -> CallRecord | None:
    return call_record(call_of(span), span, resource, NAME, CONTENT)


def call_of(span: Span, *, exclusive: bool = False) -> Call:
    """The call that the conventions' attributes tell; ``exclusive``: its input tokens leave the cache out."""
    a = span.attributes
    failed, why = failure_of(span)
    call = Call(
        wire_format="",
        operation=fields.text(a, semconv.OPERATION) or "chat",
        provider=(fields.text(a, semconv.PROVIDER, SYSTEM) or "").lower(),
        request_model=fields.text(a, semconv.REQUEST_MODEL),
        response_model=fields.text(a, semconv.RESPONSE_MODEL),
        system_instructions=fields.parts(a, semconv.SYSTEM_INSTRUCTIONS),
        input_messages=fields.messages(a, semconv.INPUT_MESSAGES),
        output_messages=fields.messages(a, semconv.OUTPUT_MESSAGES),
        tool_definitions=fields.tools(a, semconv.TOOL_DEFINITIONS),
        usage=usage_of(a, exclusive=exclusive),
        parameters=parameters_of(a),
        response_format={"type": "json_object"} if a.get(semconv.OUTPUT_TYPE) == "json" else None,
        stream=bool(a.get(semconv.REQUEST_STREAM) or a.get("gen_ai.is_streaming")),
        response_id=fields.text(a, semconv.RESPONSE_ID),
        finish_reasons=fields.finish_reasons(a, semconv.FINISH_REASONS)
        or fields.finish_reasons(a, "anthropic.message.stop_reason"),
        service_tier=fields.text(a, *_SERVICE_TIERS),
        completeness="complete" if failed is None else "error",
        status_code=fields.integer(a, semconv.STATUS_CODE, "http.status_code", at_most=999),
        error_type=failed,
        error_message=why,
    )
    if span.events:
        events.add_events(call, ((event.name, event.attributes) for event in span.events))
    if not call.finish_reasons:
        call.finish_reasons = [each["finish_reason"] for each in call.output_messages if "finish_reason" in each]
    return call


def usage_of(a: dict[str, Any], *, exclusive: bool = False) -> Usage | None:
    """One meaning whatever the sender's: input includes cached, output includes reasoning."""
    usage = Usage(
        input_tokens=fields.integer(a, *_INPUT),
        output_tokens=fields.integer(a, *_OUTPUT),
        cache_read_tokens=fields.integer(a, *_CACHE_READ),
        cache_write_5m_tokens=fields.integer(a, *_CACHE_WRITE),  # the lifetime is not told: the vendor's default
        reasoning_tokens=fields.integer(a, *_REASONING),
    )
    if usage == Usage():
        return None
    return tokens.finished(usage, {k: v for k, v in a.items() if k.startswith("gen_ai.usage.")}, exclusive=exclusive)


def parameters_of(a: dict[str, Any]) -> dict[str, Any]:
    start = len(semconv.REQUEST_PREFIX)
    return {
        key[start:]: fields.json_value(a, key) if isinstance(value, str) and value.startswith("[") else value
        for key, value in a.items()
        if key.startswith(semconv.REQUEST_PREFIX) and key not in _NOT_PARAMETERS
    }
