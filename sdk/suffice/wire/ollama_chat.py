"""Ollama chat: https://docs.ollama.com/api/chat. Streams JSON lines unless told not to; arguments are objects.

``prompt_eval_count`` is left out where the prompt was still in the model's memory: not stated, so estimated.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from suffice.wire.call import Call, Message
from suffice.wire.lenient import as_list, as_object, as_objects, as_text, parse_json
from suffice.wire.ollama_common import (
    image_parts,
    read_format,
    read_parameters,
    take_answer,
    write_format,
    write_parameters,
)
from suffice.wire.openai_chat import parse_tool, write_tool
from suffice.wire.parts import joined_parts, text_of, text_parts
from suffice.wire.sse import Event
from suffice.wire.written import arguments_object, json_text, read_arguments

NAME = "ollama.chat"
PROVIDER = "ollama"
PATH_ENDINGS = ("/api/chat",)
STREAMS = True
CHATS = True

_READ_ELSEWHERE = frozenset({"model", "messages", "tools", "stream", "format", "options", "keep_alive"})


def matches(path: str, body: Mapping[str, Any]) -> bool:
    return path.endswith(PATH_ENDINGS) and isinstance(body.get("messages"), list) and isinstance(body.get("model"), str)


def parse_request(body: Mapping[str, Any], path: str = "") -> Call:
    """What was asked: model, messages, tools, options."""
    return Call(
        wire_format=NAME,
        operation="chat",
        provider=PROVIDER,
        request_model=as_text(body.get("model")),
        input_messages=[_message(each) for each in as_objects(body.get("messages"))],
        tool_definitions=[parse_tool(each) for each in as_objects(body.get("tools"))],
        parameters=read_parameters(body, _READ_ELSEWHERE),
        response_format=read_format(body.get("format")),
        stream=body.get("stream") is not False,
    )


def _message(message: Mapping[str, Any]) -> Message:
    role = as_text(message.get("role")) or "user"
    if role == "tool":
        part: dict[str, Any] = {"type": "tool_call_response", "id": as_text(message.get("tool_call_id"))}
        if name := as_text(message.get("tool_name")) or as_text(message.get("name")):
            part["name"] = name
        return {"role": role, "parts": [part | {"response": message.get("content")}]}
    thought = as_text(message.get("thinking"))
    parts: list[dict[str, Any]] = [{"type": "reasoning", "content": thought}] if thought else []
    parts += text_parts(as_text(message.get("content")) or "")
    parts += image_parts(message.get("images"))
    parts += [_tool_call(each) for each in as_objects(message.get("tool_calls"))]
    return {"role": role, "parts": parts}


def _tool_call(call: Mapping[str, Any]) -> dict[str, Any]:
    function = as_object(call.get("function"))
    part = {"type": "tool_call", "id": as_text(call.get("id")), "name": as_text(function.get("name")) or ""}
    return part | {"arguments": read_arguments(function.get("arguments"))}


def parse_response(call: Call, body: Mapping[str, Any]) -> None:
    """Put the answer into the call: one message, its finish reason, usage, error."""
    answer = as_object(body.get("message"))
    parts = joined_parts(_message({"role": "assistant"} | answer)["parts"]) if answer else None
    take_answer(call, body, parts)


def join_stream(events: Iterable[Event]) -> tuple[dict[str, Any], bool]:
    """The lines as one response body, and whether the stream said that it was over."""
    body: dict[str, Any] = {}
    joined: dict[str, Any] = {}
    for event in events:
        line = as_object(parse_json(event.data))
        body |= {k: v for k, v in line.items() if k != "message"}
        message = as_object(line.get("message"))
        for key in ("content", "thinking"):
            if isinstance(text := message.get(key), str):
                joined[key] = joined.get(key, "") + text
        if calls := as_objects(message.get("tool_calls")):
            joined["tool_calls"] = [*as_list(joined.get("tool_calls")), *calls]
    if joined:
        body["message"] = {"role": "assistant", **joined}
    return body, body.get("done") is True


def write_path(call: Call) -> str:
    return "/api/chat"


def write_request(call: Call) -> dict[str, Any]:
    """The call's request as a body of this format. Blobs are gone, so they are written as their description."""
    body: dict[str, Any] = {"model": call.request_model or ""}
    body["messages"] = [written for each in call.request_messages() for written in _written_messages(each)]
    if call.tool_definitions:
        body["tools"] = [write_tool(each) for each in call.tool_definitions]
    body |= write_format(call.response_format)
    body["stream"] = call.stream
    return body | write_parameters(call.parameters)


def _written_messages(message: Message) -> list[dict[str, Any]]:
    """One message, and one for each tool result in it."""
    results = [_written_result(part) for part in message["parts"] if part["type"] == "tool_call_response"]
    others = [part for part in message["parts"] if part["type"] != "tool_call_response"]
    if results and not others:
        return results
    written: dict[str, Any] = {"role": message["role"], "content": _text(others)}
    if thought := "".join(part["content"] for part in others if part["type"] == "reasoning"):
        written["thinking"] = thought
    if images := [dict(part) for part in others if part["type"] not in ("text", "refusal", "reasoning", "tool_call")]:
        written["images"] = images
    if calls := [_written_call(part) for part in others if part["type"] == "tool_call"]:
        written["tool_calls"] = calls
    return [*results, written]


def _text(parts: list[dict[str, Any]]) -> str:
    return text_of({**part, "type": "text"} for part in parts if part["type"] in ("text", "refusal"))


def _written_call(part: Mapping[str, Any]) -> dict[str, Any]:
    function = {"name": part["name"], "arguments": arguments_object(part.get("arguments"))}
    return ({"id": part["id"]} if part.get("id") else {}) | {"function": function}


def _written_result(part: Mapping[str, Any]) -> dict[str, Any]:
    written = {"role": "tool", "content": json_text(part.get("response"))}
    written |= {"tool_call_id": part["id"]} if part.get("id") else {}
    return written | ({"tool_name": part["name"]} if part.get("name") else {})
