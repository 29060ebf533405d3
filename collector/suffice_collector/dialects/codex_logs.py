"""Codex's log events: ``codex.sse_event`` of kind ``response.completed`` with counts is a call, with its model;
``codex.user_prompt`` is what was asked, ``codex.api_request`` tells when it was sent, or that it failed.

The answer's text is on no event (23 others of a turn tell the stream's progress); ``codex.tool_result`` is a step.
"""

from __future__ import annotations

from collections.abc import Sequence

from suffice.wire.call import Call
from suffice_collector.dialects import fields, tokens
from suffice_collector.dialects.log_place import log_call_record, milliseconds
from suffice_collector.dialects.said import messages_of
from suffice_collector.otlp import Resource
from suffice_collector.otlp_logs import LogRecord
from suffice_store.records import CallRecord

NAME = "codex_logs"

_FAILED = 400  # HTTP statuses from here


def claims(log: LogRecord, resource: Resource) -> bool:
    return log.event_name.startswith("codex.")


def calls_of(logs: Sequence[LogRecord], resource: Resource) -> tuple[list[CallRecord], list[LogRecord]]:
    calls: list[CallRecord] = []
    used: list[LogRecord] = []
    prompts: dict[str, LogRecord] = {}
    sent: dict[str, LogRecord] = {}
    for log in sorted(logs, key=LogRecord.at_ns):
        conversation = str(log.attributes.get("conversation.id"))
        if log.event_name == "codex.user_prompt":
            prompts[conversation] = log
        elif log.event_name == "codex.api_request":
            sent[conversation] = log
            if _status(log) >= _FAILED:
                calls.append(_record(log, prompts.get(conversation), log, resource))
                used.append(log)
        elif log.attributes.get("event.kind") == "response.completed" and "input_token_count" in log.attributes:
            calls.append(_record(log, prompts.get(conversation), sent.pop(conversation, None), resource))
            used.append(log)
    return calls, used


def _record(log: LogRecord, prompt: LogRecord | None, sent: LogRecord | None, resource: Resource) -> CallRecord:
    a = log.attributes
    failed = _status(log) >= _FAILED
    counts = {key: a[key] for key in a if key.endswith("_token_count")}
    call = Call(
        wire_format="",
        operation="chat",
        provider="openai",
        request_model=fields.text(a, "model"),
        input_messages=messages_of(prompt.attributes.get("prompt")) if prompt else [],
        usage=tokens.usage_of(_named(counts)),
        stream=True,
        status_code=_status(sent) or None if sent else None,
        completeness="error" if failed else "complete",
        error_type=(fields.text(a, "error.type") or str(_status(log))) if failed else None,
        error_message=fields.text(a, "error.message") if failed else None,
    )
    record = log_call_record(call, log, resource, NAME)
    if sent is not None and sent.at_ns():
        record.started_ns = max(1, sent.at_ns() - int(milliseconds(sent, "duration_ms") * 1e6))
        record.trace_id = record.run_id = sent.trace_id or record.trace_id
        record.attempt = (fields.integer(sent.attributes, "attempt", at_most=fields.MAX_INT32 - 1) or 0) + 1
    record.time_to_first_token_ms = milliseconds(log, "ttft_ms") or None
    return record


def _status(log: LogRecord) -> int:
    return fields.integer(log.attributes, "http.response.status_code", at_most=999) or 0


def _named(counts: dict[str, object]) -> dict[str, object]:
    """Its names of the counts; ``tool_token_count`` is the total."""
    renamed = {"output_token_count": "output_tokens", "reasoning_token_count": "reasoning_tokens"}
    return {renamed.get(key, key): value for key, value in counts.items() if key != "tool_token_count"}
