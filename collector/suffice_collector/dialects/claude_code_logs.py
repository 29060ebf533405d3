"""Claude Code's log events: ``api_request`` is a call; around it ``user_prompt``, ``api_request_body``,
``assistant_response`` and ``api_response_body`` tell what was asked and answered, where the user let them.

Events are in order of ``event.sequence`` within a session; bodies follow their request. Without its traces beta there
is no trace: a run is a prompt (``prompt.id``), a conversation is a session.
"""

from __future__ import annotations

from collections.abc import Sequence

from suffice.wire import anthropic_messages
from suffice.wire.call import Call
from suffice_collector.dialects import claude_code, fields, payload
from suffice_collector.dialects.log_place import log_call_record, milliseconds
from suffice_collector.dialects.said import messages_of
from suffice_collector.otlp import Resource
from suffice_collector.otlp_logs import LogRecord
from suffice_store.records import CallRecord

NAME = "claude_code_logs"
SCOPE = "com.anthropic.claude_code"

_CONTENT = ("prompt", "response", "body")


def claims(log: LogRecord, resource: Resource) -> bool:
    return log.scope.startswith(SCOPE)


def calls_of(logs: Sequence[LogRecord], resource: Resource) -> tuple[list[CallRecord], list[LogRecord]]:
    calls: list[CallRecord] = []
    used: list[LogRecord] = []
    by_session: dict[str, list[LogRecord]] = {}
    for log in logs:
        by_session.setdefault(str(log.attributes.get("session.id")), []).append(log)
    for session in by_session.values():
        session.sort(key=lambda log: (fields.integer(log.attributes, "event.sequence") or 0, log.at_ns()))
        for place, log in enumerate(session):
            if _name(log) in ("api_request", "api_error"):
                pieces = _pieces(session, place)
                calls.append(_record(log, pieces, resource))
                used += [log, *(each for name, each in pieces.items() if name != "user_prompt")]
    return calls, used


def _name(log: LogRecord) -> str:
    return log.event_name.removeprefix("claude_code.")


def _pieces(session: Sequence[LogRecord], place: int) -> dict[str, LogRecord]:
    """The events that belong to the request at ``place``: before it back to the last request, after it to the next."""
    prompt = session[place].attributes.get("prompt.id")
    found: dict[str, LogRecord] = {}
    for log in reversed(session[:place]):
        name = _name(log)
        if log.attributes.get("prompt.id") != prompt:
            continue
        if name == "user_prompt" or (name == "api_request_body" and "api_request" not in found):
            found.setdefault(name, log)
        elif name in ("api_request", "api_error"):
            found.setdefault("api_request", log)  # an earlier one: bodies before it are not ours
    found.pop("api_request", None)
    for log in session[place + 1 :]:
        name = _name(log)
        if name in ("api_request", "api_error", "api_request_body"):
            break
        if name in ("assistant_response", "api_response_body") and log.attributes.get("prompt.id") == prompt:
            found.setdefault(name, log)
    return found


def _record(log: LogRecord, pieces: dict[str, LogRecord], resource: Resource) -> CallRecord:
    a = log.attributes
    failed = _name(log) == "api_error"
    call = _asked(pieces)
    call.wire_format, call.provider = "", call.provider or "anthropic"
    call.request_model = fields.text(a, "model") or call.request_model
    call.usage = None if failed else claude_code.usage_of(a)
    call.status_code = fields.integer(a, "status_code", at_most=999)
    call.response_id = fields.text(a, "request_id") if failed else None
    if failed:
        call.completeness, call.error_type = "error", "api_error"
        call.error_message = fields.text(a, "error")
    if body := pieces.get("api_response_body"):
        answered = payload.read_answer(fields.json_value(body.attributes, "body"))
        answered.usage = None  # the event's counts are the whole request's
        payload.fill(call, None, answered)
    if response := pieces.get("assistant_response"):
        call.output_messages = call.output_messages or messages_of(response.attributes.get("response"), "assistant")
    record = log_call_record(call, log, resource, NAME, content=_CONTENT, duration_ms=milliseconds(log, "duration_ms"))
    record.attempt = fields.integer(a, "attempt", at_most=fields.MAX_INT32) or 1
    record.task_name = fields.text(a, "query_source")
    return record


def _asked(pieces: dict[str, LogRecord]) -> Call:
    body = pieces.get("api_request_body")
    request = fields.json_object(body.attributes, "body") if body else None
    call = anthropic_messages.parse_request(request) if request else Call(wire_format="", operation="chat", provider="")
    if not call.input_messages and (prompt := pieces.get("user_prompt")):
        call.input_messages = messages_of(prompt.attributes.get("prompt"))
    return call
