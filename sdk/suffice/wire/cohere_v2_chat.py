"""Cohere chat, version 2: https://docs.cohere.com/reference/chat. Messages and tools are spelled as OpenAI's are.

Its own: ``tool_plan`` (a thought before calls), ``thinking`` parts, ``p`` and ``k``, and events of their own kind.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from suffice.wire.call import Call, Message
from suffice.wire.cohere_usage import cohere_usage, error_of, note_finish
from suffice.wire.failure import note_failure
from suffice.wire.lenient import as_list, as_object, as_objects, as_text, parse_json
from suffice.wire.openai_chat import parse_message, parse_tool, write_messages, write_tool
from suffice.wire.parameters import kept_parameters, written_parameters
from suffice.wire.parts import joined_parts
from suffice.wire.sse import Event

NAME = "cohere.v2.chat"
PROVIDER = "cohere"
PATH_ENDINGS = ("/v2/chat",)
STREAMS = True
CHATS = True

_PARAMETER_NAMES = {"p": "top_p", "k": "top_k"}
_READ_ELSEWHERE = frozenset({"model", "messages", "tools", "documents", "stream", "response_format"})


def matches(path: str, body: Mapping[str, Any]) -> bool:
    return path.endswith(PATH_ENDINGS) and isinstance(body.get("messages"), list)


def parse_request(body: Mapping[str, Any], path: str = "") -> Call:
    """What was asked: model, messages, tools, parameters."""
    return Call(
        wire_format=NAME,
        operation="chat",
        provider=PROVIDER,
        request_model=as_text(body.get("model")),
        input_messages=[_message(each) for each in as_objects(body.get("messages"))],
        tool_definitions=[parse_tool(each) for each in as_objects(body.get("tools"))],
        parameters=kept_parameters(body, _PARAMETER_NAMES, _READ_ELSEWHERE),
        response_format=as_object(body.get("response_format")) or None,
        stream=body.get("stream") is True,
    )


def _message(message: Mapping[str, Any]) -> Message:
    plan = as_text(message.get("tool_plan"))
    return parse_message({**message, "reasoning_content": plan} if plan else message)


# --- the answer ----------------------------------------------------------------------------------


def parse_response(call: Call, body: Mapping[str, Any]) -> None:
    """Put the answer into the call: one message, its finish reason, usage, error."""
    call.response_id = as_text(body.get("id"))
    answer = as_object(body.get("message"))
    if answer:
        parts = joined_parts(_message({"role": "assistant"} | answer)["parts"])
        message: Message = {"role": "assistant", "parts": parts}
        note_finish(call, message, as_text(body.get("finish_reason")))
        call.output_messages.append(message)
    call.usage = cohere_usage(as_object(body.get("usage")))
    call.completeness = "complete" if answer else "partial"
    note_failure(call, error_of(body))


def join_stream(events: Iterable[Event]) -> tuple[dict[str, Any], bool]:
    """The events as one response body, and whether the stream said that it was over."""
    body: dict[str, Any] = {}
    content: dict[int, dict[str, Any]] = {}
    calls: dict[int, dict[str, Any]] = {}
    plan, started = "", False
    for event in events:
        data = as_object(parse_json(event.data))
        delta = as_object(data.get("delta"))
        message = as_object(delta.get("message"))
        index = data.get("index")
        index = index if isinstance(index, int) else 0
        match data.get("type") or event.event:
            case "message-start":
                body["id"] = data.get("id")
                started = True
            case "content-start" | "content-delta":
                _add(content.setdefault(index, {}), as_object(message.get("content")))
            case "tool-plan-delta":
                plan += as_text(message.get("tool_plan")) or ""
            case "tool-call-start" | "tool-call-delta":
                _add_call(calls.setdefault(index, {"function": {}}), as_object(message.get("tool_calls")))
            case "message-end":
                body |= {key: delta[key] for key in ("finish_reason", "usage", "error") if delta.get(key)}
            case "error":
                body["error"] = data.get("error") or data
    if started or content or calls or plan:
        joined: dict[str, Any] = {"role": "assistant", "content": [content[each] for each in sorted(content)]}
        joined["tool_calls"] = [calls[each] for each in sorted(calls)]
        body["message"] = joined | ({"tool_plan": plan} if plan else {})
    return body, bool(as_text(body.get("finish_reason")))


def _add(part: dict[str, Any], piece: Mapping[str, Any]) -> None:
    for key in ("text", "thinking"):
        if isinstance(text := piece.get(key), str):
            part[key] = (as_text(part.get(key)) or "") + text
            part.setdefault("type", key)
    if kind := as_text(piece.get("type")):
        part["type"] = kind


def _add_call(call: dict[str, Any], piece: Mapping[str, Any]) -> None:
    if call_id := as_text(piece.get("id")):
        call["id"] = call_id
    function, given = as_object(call.get("function")), as_object(piece.get("function"))
    if name := as_text(given.get("name")):
        function["name"] = name
    if isinstance(fragment := given.get("arguments"), str):
        function["arguments"] = (as_text(function.get("arguments")) or "") + fragment
    call["function"] = function


# --- writing -------------------------------------------------------------------------------------


def write_path(call: Call) -> str:
    return "/v2/chat"


def write_request(call: Call) -> dict[str, Any]:
    """The call's request as a body of this format. Blobs are gone, so they are written as their description."""
    body: dict[str, Any] = {"model": call.request_model} if call.request_model else {}
    body["messages"] = [_written(each) for message in call.request_messages() for each in write_messages(message)]
    if call.tool_definitions:
        body["tools"] = [write_tool(each) for each in call.tool_definitions]
    if call.response_format:
        body["response_format"] = call.response_format
    if call.stream:
        body["stream"] = True
    return body | written_parameters(call.parameters, _PARAMETER_NAMES)


def _written(message: dict[str, Any]) -> dict[str, Any]:
    """Thoughts stand among the content here."""
    thought = message.pop("reasoning_content", None)
    if thought is not None:
        content = message.get("content")
        texts = [{"type": "text", "text": content}] if isinstance(content, str) else as_list(content)
        message["content"] = [{"type": "thinking", "thinking": thought}, *texts]
    return message
