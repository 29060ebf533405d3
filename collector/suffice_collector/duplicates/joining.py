"""Halves of a call made whole: its span tells tokens, its log records the words, in either order and batch.

``completed`` fills what the later one lacks from the earlier; the later is then the one that counts (``span_log``).
A coding agent's prompt comes once and long before the requests it causes: ``Prompts`` keeps it for them.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable

from suffice_collector.dialects.said import messages_of
from suffice_store.records import CallRecord, SpanRecord

MOST_PROMPTS = 2_000
MAX_PROMPT_CHARS = 200_000
_PROMPT_EVENTS = ("user_prompt", "codex.user_prompt", "claude_code.user_prompt", "gemini_cli.user_prompt")
_PROMPT_KEYS = ("prompt.id", "prompt_id", "conversation.id", "session.id")
_CALL_TEXTS = ("request_model", "response_model", "response_id", "service_tier", "status_code", "response_format")
_CALL_LISTS = ("system_instructions", "input_messages", "output_messages", "tool_definitions", "finish_reasons")
_PLACE = (
    "parent_span_id", "service", "environment", "agent_name", "task_name", "conversation_id", "user_id", "run_name",
    "step", "call_site", "server_address", "time_to_first_token_ms",
)  # fmt: skip


def adds(new: CallRecord, old: CallRecord) -> bool:
    """Whether ``new`` tells something that ``old`` lacks."""
    a, b = new.call, old.call
    return (
        any(bool(getattr(a, name)) and not getattr(b, name) for name in _CALL_LISTS[1:4])
        or (a.usage is not None and b.usage is None)
        or (a.request_model is not None and b.request_model is None and b.response_model is None)
    )


def complete(record: CallRecord, other: CallRecord) -> None:
    """Into ``record``, what only ``other`` tells."""
    call, told = record.call, other.call
    if not call.input_messages and call.system_instructions and told.input_messages:
        call.system_instructions = []  # the other's messages come with their own
    for name in (*_CALL_TEXTS, *_CALL_LISTS):
        if not getattr(call, name):
            setattr(call, name, getattr(told, name))
    if any(message["role"] == "system" for message in call.input_messages):
        call.system_instructions = []
    call.usage = call.usage or told.usage
    call.provider = call.provider or told.provider
    call.parameters = {**told.parameters, **call.parameters}
    call.stream = call.stream or told.stream
    if call.completeness == "complete" and told.completeness == "error":
        call.completeness, call.error_type, call.error_message = "error", told.error_type, told.error_message
    for name in _PLACE:
        if getattr(record, name) is None:
            setattr(record, name, getattr(other, name))
    starts = [each for each in (record.started_ns, other.started_ns) if each]
    ends = [each for each in (record.ended_ns, other.ended_ns) if each]
    record.started_ns, record.ended_ns = min(starts, default=None), max(ends, default=None)


class Prompts:
    """What users asked coding agents lately, by prompt or session."""

    def __init__(self) -> None:
        self._texts: OrderedDict[tuple[str, str], str] = OrderedDict()

    def note(self, moments: Iterable[SpanRecord]) -> None:
        for moment in moments:
            if moment.name in _PROMPT_EVENTS and isinstance(prompt := moment.attributes.get("prompt"), str):
                for key in _keys(moment):
                    self._texts[key] = prompt[:MAX_PROMPT_CHARS]
                    self._texts.move_to_end(key)
        while len(self._texts) > MOST_PROMPTS:
            self._texts.popitem(last=False)

    def fill(self, record: CallRecord) -> None:
        """The prompt that caused a call of which no words came."""
        keys = _keys(record)
        prompt = self._texts.get(keys[0]) if keys else None
        if prompt:
            record.call.input_messages = messages_of(prompt)


def _keys(record: CallRecord | SpanRecord) -> list[tuple[str, str]]:
    """The narrowest first: a prompt, where there is one, else the session."""
    found = [record.attributes.get(key) for key in _PROMPT_KEYS]
    return [(record.project, each) for each in found if isinstance(each, str) and each][:1]
