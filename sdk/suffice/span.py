"""Call to span: the attributes of the GenAI conventions (semantic-conventions-genai v0.1.0) and our own.

Messages, tools and the like leave as JSON strings, because a span attribute can hold no nested value; ``privacy.gate``
writes them, after it has masked them.
What isn't known is left out: an absent count is not 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from suffice import semconv
from suffice.about import About
from suffice.context import Place, Run
from suffice.wire.call import Call, Usage
from suffice.wire.exchange import Exchange

Attributes = dict[str, Any]

_STANDARD_PARAMETERS = frozenset(
    {"temperature", "top_p", "top_k", "max_tokens", "seed", "stop_sequences", "choice.count"}
    | {"frequency_penalty", "presence_penalty", "reasoning.level", "previous_response.id"}
)
_PLAIN = (bool, int, float, str)


def span_name(call: Call) -> str:
    """``chat gpt-4o-mini``."""
    return f"{call.operation} {call.request_model}" if call.request_model else call.operation


def call_attributes(call: Call, exchange: Exchange, place: Place | None, call_site: str | None) -> Attributes:
    """Everything a call's span says, content as JSON values. Not yet through the gate, which writes them as text."""
    host, port = _address(exchange.url)
    given: Attributes = {
        semconv.OPERATION: call.operation,
        semconv.PROVIDER: call.provider,
        semconv.REQUEST_MODEL: call.request_model,
        semconv.RESPONSE_MODEL: call.response_model,
        semconv.RESPONSE_ID: call.response_id,
        semconv.FINISH_REASONS: call.finish_reasons or None,
        semconv.REQUEST_STREAM: call.stream or None,  # absent means false
        semconv.OUTPUT_TYPE: _output_type(call.response_format),
        semconv.TIME_TO_FIRST_CHUNK: _seconds_to_first_chunk(exchange),
        semconv.SERVER_ADDRESS: host,
        semconv.SERVER_PORT: port,
        semconv.STATUS_CODE: call.status_code,
        semconv.ERROR_TYPE: call.error_type,
        semconv.ERROR_MESSAGE: call.error_message,
        semconv.INPUT_MESSAGES: call.input_messages or None,
        semconv.OUTPUT_MESSAGES: call.output_messages or None,
        semconv.SYSTEM_INSTRUCTIONS: call.system_instructions or None,
        semconv.TOOL_DEFINITIONS: call.tool_definitions or None,
        semconv.RESPONSE_FORMAT: call.response_format or None,
        semconv.PARAMETERS: call.parameters or None,
        semconv.SERVICE_TIER: call.service_tier,
        semconv.WIRE_FORMAT: call.wire_format,
        semconv.COMPLETENESS: call.completeness,
        semconv.ATTEMPT: exchange.attempt,
        semconv.RETRY_OF: exchange.retry_of or None,
        semconv.CALL_SITE: call_site,
    }
    given |= _usage_attributes(call.usage)
    given |= _parameter_attributes(call.parameters)
    if place is not None:
        given |= {semconv.TASK_NAME: place.task, semconv.STEP: place.step, semconv.RUN_ID: place.run_id}
        if place.run is not None:
            given |= run_attributes(place.run)
        given |= about_attributes(place.about)
    return {name: value for name, value in given.items() if value is not None}


def run_attributes(run: Run) -> Attributes:
    """What a run says of itself, on its own span and on each of its calls."""
    given: Attributes = {
        semconv.RUN_ID: run.id,
        semconv.RUN_NAME: run.name,
        semconv.AGENT_NAME: run.agent_name,
        semconv.USER_ID: run.user,
        semconv.CONVERSATION_ID: run.session,
        semconv.TAGS: dict(run.tags) or None,
    }
    return {name: value for name, value in given.items() if value is not None}


def about_attributes(about: About) -> Attributes:
    """Whom and what a call is for."""
    given: Attributes = {
        semconv.AGENT_NAME: about.agent,
        semconv.USER_ID: about.user,
        semconv.CONVERSATION_ID: about.session,
        semconv.TAGS: dict(about.tags) or None,
    }
    return {name: value for name, value in given.items() if value is not None}


def run_span_name(run: Run) -> str:
    return f"invoke_agent {run.agent_name}" if run.agent_name else "invoke_agent"


def outcome_attributes(
    target: str, target_id: str, ok: bool | None, score: float | None, label: str | None
) -> Attributes:
    given: Attributes = {
        semconv.OUTCOME_TARGET: target,
        semconv.OUTCOME_TARGET_ID: target_id,
        semconv.OUTCOME_OK: ok,
        semconv.OUTCOME_SCORE: score,
        semconv.OUTCOME_LABEL: label,
    }
    return {name: value for name, value in given.items() if value is not None}


@lru_cache(256)
def _address(url: str) -> tuple[str | None, int | None]:
    parts = urlsplit(url)
    return parts.hostname, parts.port or {"https": 443, "http": 80}.get(parts.scheme)


def _usage_attributes(usage: Usage | None) -> Attributes:
    if usage is None:
        return {semconv.USAGE_SOURCE: "absent"}
    write_5m, write_1h = usage.cache_write_5m_tokens, usage.cache_write_1h_tokens
    written = None if write_5m is None and write_1h is None else (write_5m or 0) + (write_1h or 0)
    return {
        semconv.INPUT_TOKENS: usage.input_tokens,
        semconv.OUTPUT_TOKENS: usage.output_tokens,
        semconv.CACHE_READ_TOKENS: usage.cache_read_tokens,
        semconv.CACHE_WRITE_TOKENS: written,
        semconv.CACHE_WRITE_5M_TOKENS: write_5m,
        semconv.CACHE_WRITE_1H_TOKENS: write_1h,
        semconv.REASONING_TOKENS: usage.reasoning_tokens,
        semconv.AUDIO_INPUT_TOKENS: usage.audio_input_tokens,
        semconv.AUDIO_OUTPUT_TOKENS: usage.audio_output_tokens,
        semconv.USAGE_SOURCE: usage.source,
        semconv.USAGE_RAW: usage.raw or None,
    }


def _parameter_attributes(parameters: Mapping[str, Any]) -> Attributes:
    given: Attributes = {}
    for name, value in parameters.items():
        if name not in _STANDARD_PARAMETERS:
            continue
        if name == "stop_sequences":
            value = [value] if isinstance(value, str) else value
            if not (isinstance(value, list) and all(isinstance(each, str) for each in value)):
                continue
        elif not isinstance(value, _PLAIN):
            continue
        given[semconv.REQUEST_PREFIX + name] = value
    return given


def _output_type(response_format: Mapping[str, Any] | None) -> str | None:
    kind = (response_format or {}).get("type")
    if kind in ("json_schema", "json_object", "json"):
        return "json"
    return "text" if kind == "text" else None


def _seconds_to_first_chunk(exchange: Exchange) -> float | None:
    if exchange.first_chunk_ns is None:
        return None
    return (exchange.first_chunk_ns - exchange.started_ns) / 1e9
