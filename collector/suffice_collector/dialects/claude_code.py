"""Claude Code's spans (its traces beta): ``claude_code.llm_request`` with the counts of Anthropic's usage, cache apart.

Text comes on logs only: ``claude_code_logs``. Its log of the same request is matched by time and tokens.
"""

from __future__ import annotations

from typing import Any

from suffice import semconv
from suffice.wire.call import Call, Usage
from suffice_collector.dialects import fields, tokens
from suffice_collector.dialects.place import call_record, failure_of
from suffice_collector.otlp import Resource, Span
from suffice_store.records import CallRecord

NAME = "claude_code"
SCOPES: tuple[str, ...] = ("com.anthropic.claude_code",)

_REQUEST = "llm_request"
_COUNTS = ("input_tokens", "output_tokens", "cache_read_tokens", "cache_creation_tokens")


def matches(span: Span) -> bool:
    return span.attributes.get("span.type") == _REQUEST


def normalise(span: Span, resource: Resource) -> CallRecord | None:
    a = span.attributes
    failed, why = failure_of(span)
    if failed is None and a.get("success") in (False, "false"):
        failed, why = fields.text(a, "error") or "_OTHER", fields.text(a, "error")
    call = Call(
        wire_format="",
        operation="chat",
        provider=fields.text(a, semconv.PROVIDER, "gen_ai.system") or "anthropic",
        request_model=fields.text(a, "model", semconv.REQUEST_MODEL),
        response_model=fields.text(a, semconv.RESPONSE_MODEL),
        response_id=fields.text(a, semconv.RESPONSE_ID),
        usage=usage_of(a),
        finish_reasons=fields.finish_reasons(a, semconv.FINISH_REASONS) or fields.finish_reasons(a, "stop_reason"),
        status_code=fields.integer(a, "status_code", at_most=999),
        completeness="complete" if failed is None else "error",
        error_type=failed,
        error_message=why,
    )
    record = call_record(call, span, resource, NAME, ())
    record.attempt = fields.integer(a, "attempt", at_most=fields.MAX_INT32) or 1
    record.time_to_first_token_ms = fields.number(a, "ttft_ms")
    return record


def usage_of(a: dict[str, Any]) -> Usage | None:
    """Anthropic's counts, as spans and logs of Claude Code name them: input without the cache."""
    return tokens.usage_of({key: a[key] for key in _COUNTS if key in a}, exclusive=True)
