"""Lists that a sender spread over attributes: ``llm.input_messages.0.message.role``, ``gen_ai.prompt.1.content``.

An index is a name here and never a size: ``x.999999999.y`` makes one entry. OpenInference, OpenLLMetry up to 0.4x
and TraceAI write so.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from suffice.wire.call import Message, ToolDefinition
from suffice_collector.dialects import fields
from suffice_collector.dialects.said import Part, part_of, role_of, text_part, tool_call

MAX_ENTRIES = 10_000
_MAX_DIGITS = 9


def entries(attributes: Mapping[str, Any], prefix: str) -> list[dict[str, Any]]:
    """The entries under ``prefix``, by index: what follows the index, each a nested object with its own lists flat."""
    found: dict[int, dict[str, Any]] = {}
    start = len(prefix)
    for key, value in attributes.items():
        if not key.startswith(prefix):
            continue
        index, _, rest = key[start:].partition(".")
        if rest and index.isdigit() and index.isascii() and len(index) <= _MAX_DIGITS:
            found.setdefault(int(index), {})[rest] = value
    return [found[index] for index in sorted(found)[:MAX_ENTRIES]]


def keys_under(attributes: Mapping[str, Any], *prefixes: str) -> list[str]:
    """The attributes that ``entries`` reads."""
    return [key for key in attributes if key.startswith(prefixes)]


def openinference_messages(attributes: Mapping[str, Any], prefix: str) -> list[Message]:
    """OpenInference's (and TraceAI's) messages: ``N.message.role``, ``.content``, ``.contents.M``, ``.tool_calls.M``."""
    found = [_openinference_message(_inside(each, "message.")) for each in entries(attributes, prefix)]
    return [message for message in found if message["parts"] or message["role"] != "user"]


def openllmetry_messages(attributes: Mapping[str, Any], prefix: str, role: str = "user") -> list[Message]:
    """OpenLLMetry's before 0.5: ``N.role``, ``.content`` (text or JSON), ``.tool_calls.M.name``, ``.finish_reason``."""
    found: list[Message] = []
    for each in entries(attributes, prefix):
        spoken = role_of(each.get("role") or role)
        content = (
            fields.json_value(each, "content") if str(each.get("content"))[:2] in ("[{", '{"') else each.get("content")
        )
        calls = [tool_call(call) for call in entries(each, "tool_calls.")]
        if name := each.get("function_call.name"):
            calls.append(tool_call({"name": name, "arguments": each.get("function_call.arguments")}))
        message: Message = {"role": spoken, "parts": [*_content(spoken, content, each.get("tool_call_id")), *calls]}
        if isinstance(each.get("finish_reason"), str):
            message["finish_reason"] = fields.finish_reason(each["finish_reason"])
        found.append(message)
    return found


def openinference_tools(attributes: Mapping[str, Any], prefix: str = "llm.tools.") -> list[ToolDefinition]:
    schemas = [each.get("tool.json_schema") for each in entries(attributes, prefix)]
    return fields.tools({"tools": [schema for schema in schemas if schema]}, "tools")


def _openinference_message(flat: Mapping[str, Any]) -> Message:
    role = role_of(flat.get("role") or "user")
    content: Any = flat.get("content")
    if not content:
        content = [_content_part(_inside(each, "message_content.")) for each in entries(flat, "contents.")]
    calls = [
        tool_call(
            {"id": call.get("id"), "name": call.get("function.name"), "arguments": call.get("function.arguments")}
        )
        for call in (_inside(each, "tool_call.") for each in entries(flat, "tool_calls."))
    ]
    if name := flat.get("function_call_name"):
        calls.append(tool_call({"name": name, "arguments": flat.get("function_call_arguments_json")}))
    message: Message = {"role": role, "parts": [*_content(role, content, flat.get("tool_call_id")), *calls]}
    if isinstance(flat.get("name"), str) and flat["name"]:
        message["name"] = flat["name"]
    return message


def _content(role: str, content: Any, tool_call_id: Any) -> list[Part]:
    if role == "tool":
        return [{"type": "tool_call_response", "id": tool_call_id, "response": content}]
    if isinstance(content, list):
        return [part_of(each) for each in content if isinstance(each, dict)]
    return [text_part(content)] if content else []


def _content_part(flat: Mapping[str, Any]) -> dict[str, Any]:
    if address := flat.get("image.image.url", flat.get("audio.audio.url")):
        return {"type": str(flat.get("type") or "image"), "image_url": {"url": address}}
    return {"type": "text", "text": flat.get("text")}


def _inside(flat: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    return {key.removeprefix(prefix): value for key, value in flat.items()}
