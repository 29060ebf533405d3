"""Cohere chat, version 1: https://docs.cohere.com/v1/reference/chat. The last message stands apart from the history.

Tool calls have no ids here; a result repeats the call it answers, so name and place tie them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from suffice.wire.call import Call, Message, ToolDefinition
from suffice.wire.cohere_usage import cohere_usage, error_of, note_finish
from suffice.wire.failure import note_failure
from suffice.wire.lenient import as_object, as_objects, as_text, parse_json
from suffice.wire.parameters import kept_parameters, written_parameters
from suffice.wire.parts import joined_parts, text_of, text_parts
from suffice.wire.sse import Event
from suffice.wire.written import arguments_object, json_text, read_arguments

NAME = "cohere.v1.chat"
PROVIDER = "cohere"
PATH_ENDINGS = ("/v1/chat",)
STREAMS = True
CHATS = False

_PARAMETER_NAMES = {"p": "top_p", "k": "top_k"}
_READ_ELSEWHERE = frozenset({"model", "message", "chat_history", "preamble", "tools", "tool_results", "stream"}) | {
    "response_format",
    "documents",
    "conversation_id",
}
_ROLES = {"CHATBOT": "assistant", "USER": "user", "SYSTEM": "system", "TOOL": "tool"}
_WRITTEN_ROLES = {"assistant": "CHATBOT", "user": "USER", "system": "SYSTEM", "developer": "SYSTEM", "tool": "TOOL"}


def matches(path: str, body: Mapping[str, Any]) -> bool:
    return path.endswith(PATH_ENDINGS) and isinstance(body.get("message"), str)


def parse_request(body: Mapping[str, Any], path: str = "") -> Call:
    """What was asked: preamble, history and the message after it, tools and their results."""
    messages = [_message(each) for each in as_objects(body.get("chat_history"))]
    if message := as_text(body.get("message")):
        messages.append({"role": "user", "parts": text_parts(message)})
    if results := _result_parts(body.get("tool_results")):
        messages.append({"role": "tool", "parts": results})
    return Call(
        wire_format=NAME,
        operation="chat",
        provider=PROVIDER,
        request_model=as_text(body.get("model")),
        system_instructions=text_parts(as_text(body.get("preamble")) or ""),
        input_messages=messages,
        tool_definitions=[_tool(each) for each in as_objects(body.get("tools"))],
        parameters=kept_parameters(body, _PARAMETER_NAMES, _READ_ELSEWHERE),
        response_format=as_object(body.get("response_format")) or None,
        stream=body.get("stream") is True,
    )


def _message(entry: Mapping[str, Any]) -> Message:
    role = (as_text(entry.get("role")) or "USER").upper()
    parts = text_parts(as_text(entry.get("message")) or "") + _call_parts(entry.get("tool_calls"))
    return {"role": _ROLES.get(role, role.lower()), "parts": parts + _result_parts(entry.get("tool_results"))}


def _call_parts(calls: Any) -> list[dict[str, Any]]:
    return [_call_part(each) for each in as_objects(calls)]


def _call_part(call: Mapping[str, Any]) -> dict[str, Any]:
    arguments = read_arguments(call.get("parameters"))
    return {"type": "tool_call", "id": None, "name": as_text(call.get("name")) or "", "arguments": arguments}


def _result_parts(results: Any) -> list[dict[str, Any]]:
    return [
        {
            "type": "tool_call_response",
            "id": None,
            "name": as_text(as_object(each.get("call")).get("name")) or "",
            "response": each.get("outputs"),
        }
        for each in as_objects(results)
    ]


def _tool(tool: Mapping[str, Any]) -> ToolDefinition:
    defined: ToolDefinition = {"type": "function", "name": as_text(tool.get("name")) or ""}
    if description := as_text(tool.get("description")):
        defined["description"] = description
    if (parameters := tool.get("parameter_definitions")) is not None:
        defined["parameters"] = parameters  # names with type, description, required: not a JSON schema
    return defined


# --- the answer ----------------------------------------------------------------------------------


def parse_response(call: Call, body: Mapping[str, Any]) -> None:
    """Put the answer into the call: one message, its finish reason, usage, error."""
    call.response_id = as_text(body.get("response_id")) or as_text(body.get("generation_id"))
    answered = isinstance(body.get("text"), str) or bool(body.get("tool_calls"))
    if answered:
        parts = text_parts(as_text(body.get("text")) or "") + _call_parts(body.get("tool_calls"))
        message: Message = {"role": "assistant", "parts": joined_parts(parts)}
        note_finish(call, message, as_text(body.get("finish_reason")))
        call.output_messages.append(message)
    call.usage = cohere_usage(as_object(body.get("meta")))
    call.completeness = "complete" if answered else "partial"
    note_failure(call, body if answered else error_of(body))


def join_stream(events: Iterable[Event]) -> tuple[dict[str, Any], bool]:
    """The events as one response body, and whether the stream said that it was over: its last repeats everything."""
    body: dict[str, Any] = {}
    for event in events:
        data = as_object(parse_json(event.data))
        match data.get("event_type"):
            case "stream-start":
                body["generation_id"] = data.get("generation_id")
            case "text-generation":
                body["text"] = (as_text(body.get("text")) or "") + (as_text(data.get("text")) or "")
            case "tool-calls-generation":
                body["tool_calls"] = data.get("tool_calls")
            case "stream-end":
                body |= as_object(data.get("response"))
                body["finish_reason"] = data.get("finish_reason") or body.get("finish_reason")
            case _ if "message" in data or "error" in data:
                body["error"] = data.get("error") or data
    return body, bool(as_text(body.get("finish_reason")))


# --- writing -------------------------------------------------------------------------------------


def write_path(call: Call) -> str:
    return "/v1/chat"


def write_request(call: Call) -> dict[str, Any]:
    """The call's request as a body of this format. Ids of tool calls and everything but text is lost."""
    body: dict[str, Any] = {"model": call.request_model} if call.request_model else {}
    messages = list(call.input_messages)
    results = _written_results(messages.pop()) if messages and messages[-1]["role"] == "tool" else []
    is_asked = bool(messages) and messages[-1]["role"] == "user"
    body["message"] = text_of(messages.pop()["parts"]) if is_asked else ""
    if messages:
        body["chat_history"] = [_written_entry(each) for each in messages]
    if results:
        body["tool_results"] = results
    if call.system_instructions:
        body["preamble"] = text_of(call.system_instructions)
    if call.tool_definitions:
        body["tools"] = [_written_tool(each) for each in call.tool_definitions]
    if call.response_format:
        body["response_format"] = call.response_format
    if call.stream:
        body["stream"] = True
    return body | written_parameters(call.parameters, _PARAMETER_NAMES)


def _written_entry(message: Message) -> dict[str, Any]:
    entry: dict[str, Any] = {"role": _WRITTEN_ROLES.get(message["role"], "USER")}
    if results := _written_results(message):
        entry["tool_results"] = results
    else:
        entry["message"] = text_of(message["parts"])
    calls = [
        {"name": part["name"], "parameters": arguments_object(part.get("arguments"))}
        for part in message["parts"]
        if part["type"] == "tool_call"
    ]
    return entry | ({"tool_calls": calls} if calls else {})


def _written_results(message: Message) -> list[dict[str, Any]]:
    return [
        {"call": {"name": part.get("name", ""), "parameters": {}}, "outputs": _outputs(part.get("response"))}
        for part in message["parts"]
        if part["type"] == "tool_call_response"
    ]


def _outputs(response: Any) -> list[Any]:
    return response if isinstance(response, list) else [{"output": json_text(response)}]


def _written_tool(tool: ToolDefinition) -> dict[str, Any]:
    written = {k: v for k, v in tool.items() if k in ("name", "description")}
    return written | ({"parameter_definitions": tool["parameters"]} if "parameters" in tool else {})
