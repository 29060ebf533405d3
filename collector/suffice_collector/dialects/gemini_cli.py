"""Gemini CLI's log events: ``gemini_cli.api_response`` and ``.api_error`` are calls; ``.api_request`` (of the same
``prompt_id``) tells what was asked. Written from its documentation, not from a recording.

Gemini counts the cached tokens within the prompt, and thoughts apart from the answer. Beside its own events it emits
``gen_ai.client.inference.operation.details`` (``otel_events``) of the same call: matched by time and tokens.
"""

from __future__ import annotations

from collections.abc import Sequence

from suffice.wire.call import Call, Message
from suffice_collector.dialects import fields, tokens
from suffice_collector.dialects.log_place import log_call_record, milliseconds
from suffice_collector.dialects.said import messages_of
from suffice_collector.otlp import Resource
from suffice_collector.otlp_logs import LogRecord
from suffice_store.records import CallRecord

NAME = "gemini_cli"

_CONTENT = ("request_text", "response_text")


def claims(log: LogRecord, resource: Resource) -> bool:
    return log.event_name.startswith("gemini_cli.")


def calls_of(logs: Sequence[LogRecord], resource: Resource) -> tuple[list[CallRecord], list[LogRecord]]:
    calls: list[CallRecord] = []
    used: list[LogRecord] = []
    asked: dict[tuple[object, object], list[LogRecord]] = {}
    for log in sorted(logs, key=LogRecord.at_ns):
        place = log.attributes.get("session.id"), log.attributes.get("prompt_id")
        if log.event_name == "gemini_cli.api_request":
            asked.setdefault(place, []).append(log)
        elif log.event_name in ("gemini_cli.api_response", "gemini_cli.api_error"):
            waiting = asked.get(place)
            request = waiting.pop(0) if waiting else None
            calls.append(_record(log, request, resource))
            used += [log] if request is None else [request, log]
    return calls, used


def _record(log: LogRecord, request: LogRecord | None, resource: Resource) -> CallRecord:
    a = log.attributes
    failed = log.event_name.endswith("error")
    counts = {
        "input_tokens": a.get("input_token_count"),
        "output_tokens": a.get("output_token_count"),
        "cached_content_token_count": a.get("cached_content_token_count"),
        "reasoning_tokens": a.get("thoughts_token_count"),
    }
    call = Call(
        wire_format="",
        operation="generate_content",
        provider="gcp.gemini",
        request_model=fields.text(a, "model"),
        input_messages=_said(request, "request_text", "user") if request else [],
        output_messages=_said(log, "response_text", "assistant"),
        usage=None if failed else tokens.usage_of(counts, output_exclusive=True),
        finish_reasons=fields.finish_reasons(a, "finish_reasons"),
        status_code=fields.integer(a, "status_code", at_most=999),
        completeness="error" if failed else "complete",
        error_type=(fields.text(a, "error_type", "error.type") or "_OTHER") if failed else None,
        error_message=fields.text(a, "error", "error.message") if failed else None,
    )
    return log_call_record(call, log, resource, NAME, content=_CONTENT, duration_ms=milliseconds(log, "duration_ms"))


def _said(log: LogRecord, key: str, role: str) -> list[Message]:
    value = fields.json_value(log.attributes, key)
    return messages_of(value if isinstance(value, list | dict) else log.attributes.get(key), role)
