"""Messages that come as events, on a span (Strands) or as log records (OpenTelemetry up to v1.36, pydantic-ai).

``gen_ai.system.message``, ``.user.``, ``.assistant.``, ``.tool.``: one message of the request each;
``gen_ai.choice``: one of the answer; ``gen_ai.client.inference.operation.details``: everything at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from suffice import semconv
from suffice.wire.call import Call, Message
from suffice_collector.dialects import fields
from suffice_collector.dialects.said import messages_of

DETAILS = "gen_ai.client.inference.operation.details"
CHOICE = "gen_ai.choice"
MESSAGES = {f"gen_ai.{role}.message": role for role in ("system", "user", "assistant", "tool")}
NAMES = frozenset({DETAILS, CHOICE, *MESSAGES, "gen_ai.content.prompt", "gen_ai.content.completion"})


def add_events(call: Call, events: Iterable[tuple[str, Mapping[str, Any]]]) -> bool:
    """Puts into ``call`` what (name, body) events say and it does not have yet; whether any said something."""
    asked: list[Message] = []
    answered: list[Message] = []
    for name, body in events:
        if name in MESSAGES:
            asked += _message(body, MESSAGES[name])
        elif name == CHOICE:
            answered += _choice(body)
        elif name == DETAILS:
            asked += fields.messages(body, semconv.INPUT_MESSAGES)
            answered += fields.messages(body, semconv.OUTPUT_MESSAGES)
            call.system_instructions = call.system_instructions or fields.parts(body, semconv.SYSTEM_INSTRUCTIONS)
            call.tool_definitions = call.tool_definitions or fields.tools(body, semconv.TOOL_DEFINITIONS)
        elif name == "gen_ai.content.prompt":
            asked += messages_of(fields.json_value(body, "gen_ai.prompt"))
        elif name == "gen_ai.content.completion":
            answered += messages_of(fields.json_value(body, "gen_ai.completion"), "assistant")
    call.input_messages = call.input_messages or asked
    call.output_messages = call.output_messages or answered
    if not call.finish_reasons:
        call.finish_reasons = [each["finish_reason"] for each in answered if "finish_reason" in each]
    return bool(asked or answered)


def _message(body: Mapping[str, Any], role: str) -> list[Message]:
    content = _unpacked(body.get("content"))
    return messages_of([{**body, "role": body.get("role") or role, "content": content}])


def _choice(body: Mapping[str, Any]) -> list[Message]:
    said = _unpacked(body.get("message"))
    message = said if isinstance(said, dict) else {"content": said}
    found = messages_of([{**message, "role": message.get("role") or "assistant"}])
    reason = body.get("finish_reason")
    for each in found:
        if isinstance(reason, str) and reason:
            each["finish_reason"] = fields.finish_reason(reason)
    return found


def _unpacked(value: Any) -> Any:
    """A structure, given as it is or as JSON text of one; a text that is none stays a text."""
    if isinstance(value, str) and value[:1] in ("[", "{"):
        inner = fields.json_value({"value": value}, "value")
        if isinstance(inner, dict) or (isinstance(inner, list) and all(isinstance(each, dict) for each in inner)):
            return inner
    return value
