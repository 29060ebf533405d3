"""OpenAI responses: https://platform.openai.com/docs/api-reference/responses, also at Azure, OpenRouter, xAI, vLLM.

Input and output are items, not messages: what the model made in one turn (thoughts, texts, calls) comes as
several and is one assistant message here, so that a call's answer is found again in the next call's history.
Items of the vendor's own tools are kept as sent, without ids, encrypted thoughts and files.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from suffice.wire.blobs import blob_part, uri_part, without_bytes
from suffice.wire.call import Call, Message, ToolDefinition
from suffice.wire.failure import note_failure
from suffice.wire.lenient import as_object, as_objects, as_text, parse_arguments
from suffice.wire.openai_responses_stream import join_stream as join_stream
from suffice.wire.openai_usage import responses_usage
from suffice.wire.parameters import kept_parameters, written_parameters
from suffice.wire.parts import joined_parts, text_of, text_parts
from suffice.wire.paths import deployment_of
from suffice.wire.written import arguments_text, tool_result

NAME = "openai.responses"
PROVIDER = "openai"
PATH_ENDINGS = ("/responses", "/responses/compact")
STREAMS = True
CHATS = True

_PARAMETER_NAMES = {"max_output_tokens": "max_tokens", "previous_response_id": "previous_response.id"}
_READ_ELSEWHERE = frozenset(
    {"model", "input", "instructions", "tools", "text", "stream", "stream_options", "service_tier", "reasoning"}
)
_INCOMPLETE = {"max_output_tokens": "length", "max_tokens": "length"}
_NOT_CONTENT = frozenset({"id", "status", "encrypted_content"})  # of an item of a tool of the vendor's
_SECRET = frozenset({"headers", "authorization"})  # of an MCP server
_CALLS = ("function_call", "custom_tool_call")
_OUTPUTS = ("function_call_output", "custom_tool_call_output")


def matches(path: str, body: Mapping[str, Any]) -> bool:
    if not path.endswith(PATH_ENDINGS) or not isinstance(body.get("input", []), str | list):
        return False
    return "messages" not in body and ("input" in body or isinstance(body.get("prompt"), dict))


# --- the request ---------------------------------------------------------------------------------


def parse_request(body: Mapping[str, Any], path: str = "") -> Call:
    """What was asked: model, instructions, items as messages, tools, parameters."""
    given, text, instructions = body.get("input"), as_object(body.get("text")), body.get("instructions")
    items = [{"role": "user", "content": given}] if isinstance(given, str) else as_objects(given)
    parameters = kept_parameters(body, _PARAMETER_NAMES, _READ_ELSEWHERE)
    reasoning = {k: v for k, v in as_object(body.get("reasoning")).items() if v is not None}
    if effort := as_text(reasoning.pop("effort", None)):
        parameters["reasoning.level"] = effort
    if reasoning:
        parameters["reasoning"] = reasoning
    if verbosity := as_text(text.get("verbosity")):
        parameters["verbosity"] = verbosity
    return Call(
        wire_format=NAME,
        operation="chat",
        provider=PROVIDER,
        request_model=as_text(body.get("model")) or deployment_of(path),
        system_instructions=text_parts(instructions) if isinstance(instructions, str) else _all_parts(instructions),
        input_messages=_messages(items),
        tool_definitions=[_tool(each) for each in as_objects(body.get("tools"))],
        parameters=parameters,
        response_format=as_object(text.get("format")) or None,
        stream=body.get("stream") is True,
        service_tier=as_text(body.get("service_tier")),
    )


def _tool(tool: Mapping[str, Any]) -> ToolDefinition:
    kind = as_text(tool.get("type")) or "function"
    if kind not in ("function", "custom"):
        settings = {k: v for k, v in tool.items() if k != "type" and k not in _SECRET and v is not None}
        return {"type": kind, "name": as_text(tool.get("server_label")) or kind, "parameters": settings}
    defined: ToolDefinition = {"type": kind, "name": as_text(tool.get("name")) or ""}
    if description := as_text(tool.get("description")):
        defined["description"] = description
    parameters = tool.get("parameters", tool.get("format"))
    if parameters is not None:
        defined["parameters"] = parameters
    if tool.get("strict") is True:
        defined["strict"] = True
    return defined


def _messages(items: list[dict[str, Any]]) -> list[Message]:
    """The items as messages; neighbours of the model's making are one."""
    messages: list[Message] = []
    for item in items:
        role, parts = _role(item), _item_parts(item)
        if role == "assistant" and messages and messages[-1]["role"] == "assistant":
            messages[-1]["parts"] += parts
        elif parts or _kind(item) == "message":
            messages.append({"role": role, "parts": parts})
    for message in messages:
        message["parts"] = joined_parts(message["parts"])
    return messages


def _kind(item: Mapping[str, Any]) -> str:
    return as_text(item.get("type")) or "message"


def _role(item: Mapping[str, Any]) -> str:
    if role := as_text(item.get("role")):
        return role
    kind = _kind(item)
    return "tool" if kind.endswith("_output") else "user" if kind == "message" else "assistant"


def _all_parts(items: Any) -> list[dict[str, Any]]:
    return [part for item in as_objects(items) for part in _item_parts(item)]


def _item_parts(item: Mapping[str, Any]) -> list[dict[str, Any]]:
    kind = _kind(item)
    if kind == "message":
        return _content_parts(item.get("content"))
    if kind == "reasoning":
        texts = [*as_objects(item.get("summary")), *as_objects(item.get("content"))]
        return [{"type": "reasoning", "content": text} for each in texts if (text := as_text(each.get("text")))]
    if kind in _CALLS:
        arguments = parse_arguments(item.get("arguments", item.get("input")))
        call_id, name = as_text(item.get("call_id")), as_text(item.get("name")) or ""
        return [{"type": "tool_call", "id": call_id, "name": name, "arguments": arguments}]
    if kind in _OUTPUTS:
        answer = _tool_response(item.get("output"))
        return [{"type": "tool_call_response", "id": as_text(item.get("call_id")), "response": answer}]
    if kind == "image_generation_call" and (image := as_text(item.get("result"))):
        form = as_text(item.get("output_format"))
        return [blob_part(image, f"image/{form}" if form else None, "image")]
    dropped = _NOT_CONTENT - {"id"} if kind == "item_reference" else _NOT_CONTENT
    kept = {k: v for k, v in item.items() if k not in dropped and k != "role" and v is not None}
    return [without_bytes(kept)]


def _tool_response(output: Any) -> Any:
    if isinstance(output, list):
        parts = _content_parts(output)
        return text_of(parts) if all(part["type"] == "text" for part in parts) else parts
    return output


def _content_parts(content: Any) -> list[dict[str, Any]]:
    if isinstance(content, str):
        return text_parts(content)
    return [part for each in as_objects(content) for part in _content_part(each)]


def _content_part(part: Mapping[str, Any]) -> list[dict[str, Any]]:
    match part:
        case {"type": "input_text" | "output_text" | "text", "text": str(text)}:
            return text_parts(text)
        case {"type": "refusal", "refusal": str(refusal)}:
            return [{"type": "refusal", "content": refusal}]
        case {"type": "input_image", "image_url": str(url)}:
            return [uri_part(url, "image")]
        case {"type": "input_file", "file_data": str(data)}:
            is_address = data.startswith(("data:", "http://", "https://"))
            return [uri_part(data, "file") if is_address else blob_part(data, None, "file")]
        case {"type": "input_file", "file_url": str(url)}:
            return [uri_part(url, "file")]
        case {"type": "input_image" | "input_file", "file_id": str(file_id)}:
            return [{"type": "file", "file_id": file_id}]
        case {"type": "input_audio", "input_audio": {"data": str(data)} as audio}:
            form = as_text(audio.get("format"))
            return [blob_part(data, f"audio/{form}" if form else None, "audio")]
        case {"type": str()}:
            kept: dict[str, Any] = without_bytes(dict(part))
            return [kept]
        case _:
            return []


# --- the answer ----------------------------------------------------------------------------------


def parse_response(call: Call, body: Mapping[str, Any]) -> None:
    """Put the answer into the call: one message of all output items, how it ended, usage, error."""
    call.response_model = as_text(body.get("model"))
    call.response_id = as_text(body.get("id"))
    call.service_tier = as_text(body.get("service_tier")) or call.service_tier
    items = [each for each in as_objects(body.get("output")) if _role(each) != "user"]  # a compaction repeats those
    status = as_text(body.get("status"))
    if items:
        message: Message = {"role": "assistant", "parts": joined_parts(_all_parts(items))}
        if reason := _finish_reason(body, status, message):
            message["finish_reason"] = reason
            call.finish_reasons.append(reason)
        call.output_messages.append(message)
    call.usage = responses_usage(as_object(body.get("usage")))
    is_over = bool(items) and status not in ("queued", "in_progress", "cancelled")
    call.completeness = "complete" if is_over else "partial"
    note_failure(call, body)


def _finish_reason(body: Mapping[str, Any], status: str | None, message: Message) -> str | None:
    if status in ("completed", "complete"):
        return "tool_call" if any(part["type"] == "tool_call" for part in message["parts"]) else "stop"
    if status == "incomplete":
        reason = as_text(as_object(body.get("incomplete_details")).get("reason")) or status
        return _INCOMPLETE.get(reason, reason)
    return "error" if status == "failed" else None


# --- writing -------------------------------------------------------------------------------------


def write_path(call: Call) -> str:
    return "/v1/responses"


def write_request(call: Call) -> dict[str, Any]:
    """The call's request as a body of this format. Blobs are gone, so they are written as their description."""
    body: dict[str, Any] = {"model": call.request_model} if call.request_model else {}
    if call.system_instructions:
        only_text = all(part["type"] == "text" for part in call.system_instructions)
        is_one = only_text and len(call.system_instructions) == 1
        parts = [_written_part(part, "system") for part in call.system_instructions]
        body["instructions"] = text_of(call.system_instructions) if is_one else [{"role": "system", "content": parts}]
    body["input"] = [item for each in call.input_messages for item in _written_items(each)]
    if call.tool_definitions:
        body["tools"] = [_written_tool(each) for each in call.tool_definitions]
    parameters = dict(call.parameters)
    text = {"format": call.response_format} if call.response_format else {}
    if "verbosity" in parameters:
        text["verbosity"] = parameters.pop("verbosity")
    if text:
        body["text"] = text
    reasoning = as_object(parameters.pop("reasoning", None))
    if "reasoning.level" in parameters:
        reasoning = {"effort": parameters.pop("reasoning.level")} | reasoning
    if reasoning:
        body["reasoning"] = reasoning
    if call.stream:
        body["stream"] = True
    if call.service_tier:
        body["service_tier"] = call.service_tier
    return body | written_parameters(parameters, _PARAMETER_NAMES)


def _written_tool(tool: ToolDefinition) -> dict[str, Any]:
    if tool["type"] not in ("function", "custom"):
        return {"type": tool["type"], **as_object(tool.get("parameters"))}
    written = {k: v for k, v in tool.items() if v is not None}
    if tool["type"] == "custom" and "parameters" in written:
        written["format"] = written.pop("parameters")
    return written


def _written_items(message: Message) -> list[dict[str, Any]]:
    """A message as items, in its order: texts and files between two calls are one item."""
    items: list[dict[str, Any]] = []
    content: list[dict[str, Any]] = []
    role = "user" if message["role"] in ("tool", "function") else message["role"]

    def end_content() -> None:
        if content:
            items.append({"role": role, "content": [*content]})
            content.clear()

    for part in message["parts"]:
        if (written := _written_item(part, message["role"])) is None:
            content.append(_written_part(part, role))
        else:
            end_content()
            items.append(written)
    end_content()
    return items or [{"role": role, "content": ""}]


_OF_CONTENT = frozenset({"text", "refusal", "uri", "file", "blob", "input_image", "input_file", "input_audio"})


def _written_item(part: Mapping[str, Any], role: str) -> dict[str, Any] | None:
    """The item a part is by itself; None for one that stands in a message."""
    match part["type"]:
        case "tool_call":
            call = {"type": "function_call", "name": part["name"], "arguments": arguments_text(part.get("arguments"))}
            return call | ({"call_id": part["id"]} if part.get("id") else {})
        case "tool_call_response":
            answer = tool_result(part.get("response"), lambda each: _written_part(each, "user"))
            written = {"type": "function_call_output", "output": answer}
            return written | ({"call_id": part["id"]} if part.get("id") else {})
        case "reasoning":
            return {"type": "reasoning", "summary": [{"type": "summary_text", "text": part["content"]}]}
        case kind if kind in _OF_CONTENT or role not in ("assistant", "tool"):
            return None
        case _:
            return dict(part)


def _written_part(part: Mapping[str, Any], role: str) -> dict[str, Any]:
    match part["type"]:
        case "text":
            return {"type": "output_text" if role == "assistant" else "input_text", "text": part["content"]}
        case "refusal":
            return {"type": "refusal", "refusal": part["content"]}
        case "uri" if part.get("modality") == "image":
            return {"type": "input_image", "image_url": part["uri"]}
        case "uri":
            return {"type": "input_file", "file_url": part["uri"]}
        case "file":
            return {"type": "input_file", "file_id": part["file_id"]}
        case _:
            return dict(part)
