"""OpenAI chat completions, the dialect most vendors speak: OpenAI, Azure, Groq, Mistral, DeepSeek, OpenRouter, vLLM...

https://platform.openai.com/docs/api-reference/chat. What vendors added is read where it was seen in
recordings: ``reasoning``/``reasoning_content``, Mistral's ``thinking`` parts, usage in ``x_groq`` or in
a choice, five names for cached tokens. A stream is joined into one body first (``openai_chat_stream``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from suffice.wire.blobs import blob_part, uri_part, without_bytes
from suffice.wire.call import Call, Message, ToolDefinition
from suffice.wire.failure import note_failure
from suffice.wire.lenient import (
    as_list,
    as_object,
    as_objects,
    as_text,
    parse_arguments,
)
from suffice.wire.openai_chat_stream import join_stream as join_stream
from suffice.wire.openai_usage import chat_usage
from suffice.wire.parameters import kept_parameters, written_parameters
from suffice.wire.parts import joined_parts, text_of, text_parts
from suffice.wire.paths import deployment_of
from suffice.wire.written import arguments_text, tool_result

NAME = "openai.chat"
PROVIDER = "openai"
PATH_ENDINGS = ("/chat/completions",)
STREAMS = True
CHATS = True

_PARAMETER_NAMES = {  # as sent -> last part of gen_ai.request.*
    "max_completion_tokens": "max_tokens",
    "stop": "stop_sequences",
    "n": "choice.count",
    "reasoning_effort": "reasoning.level",
}
_READ_ELSEWHERE = frozenset(
    {"model", "messages", "tools", "functions", "response_format", "stream", "stream_options", "service_tier"}
)
_FINISH_REASONS = {"tool_calls": "tool_call", "function_call": "tool_call"}


def matches(path: str, body: Mapping[str, Any]) -> bool:
    return path.endswith(PATH_ENDINGS) and isinstance(body.get("messages"), list)


# --- the request ---------------------------------------------------------------------------------


def parse_request(body: Mapping[str, Any], path: str = "") -> Call:
    """What was asked: model, messages, tools, parameters. What it can't read it leaves out."""
    tools = [parse_tool(each) for each in as_objects(body.get("tools"))]
    tools += [_function_definition("function", each) for each in as_objects(body.get("functions"))]
    return Call(
        wire_format=NAME,
        operation="chat",
        provider=PROVIDER,
        request_model=as_text(body.get("model")) or deployment_of(path),
        input_messages=[parse_message(each) for each in as_objects(body.get("messages"))],
        tool_definitions=tools,
        parameters=kept_parameters(body, _PARAMETER_NAMES, _READ_ELSEWHERE),
        response_format=as_object(body.get("response_format")) or None,
        stream=body.get("stream") is True,
        service_tier=as_text(body.get("service_tier")),
    )


def parse_tool(tool: Mapping[str, Any]) -> ToolDefinition:
    kind = as_text(tool.get("type")) or "function"
    described = as_object(tool.get(kind))
    if described or kind == "function":
        return _function_definition(kind, described)
    return {"type": kind, "name": kind, "parameters": as_object(tool.get("parameters"))}  # a vendor's own tool


def _function_definition(kind: str, function: Mapping[str, Any]) -> ToolDefinition:
    tool: ToolDefinition = {"type": kind, "name": as_text(function.get("name")) or ""}
    if description := as_text(function.get("description")):
        tool["description"] = description
    parameters = function.get("parameters", function.get("format"))
    if parameters is not None:
        tool["parameters"] = parameters
    if function.get("strict") is True:
        tool["strict"] = True
    return tool


def parse_message(message: Mapping[str, Any]) -> Message:
    role = as_text(message.get("role")) or "user"
    parts: list[dict[str, Any]] = []
    if role in ("tool", "function"):
        parts.append(
            {
                "type": "tool_call_response",
                "id": as_text(message.get("tool_call_id")),
                "response": _tool_response(message.get("content")),
            }
        )
    else:
        parts += _reasoning_parts(message)
        parts += _content_parts(message.get("content"))
        if refusal := as_text(message.get("refusal")):
            parts.append({"type": "refusal", "content": refusal})
        parts += _audio_parts(message.get("audio"))
        parts += _tool_call_parts(message)
    read: Message = {"role": role, "parts": parts}
    if name := as_text(message.get("name")):
        read["name"] = name
    return read


def _tool_response(content: Any) -> Any:
    if isinstance(content, list):
        parts = _content_parts(content)
        return text_of(parts) if all(part["type"] == "text" for part in parts) else parts
    return content


def _reasoning_parts(message: Mapping[str, Any]) -> list[dict[str, Any]]:
    reasoning = as_text(message.get("reasoning_content")) or as_text(message.get("reasoning"))
    return [{"type": "reasoning", "content": reasoning}] if reasoning else []


def _content_parts(content: Any) -> list[dict[str, Any]]:
    if isinstance(content, str):
        return text_parts(content)
    parts: list[dict[str, Any]] = []
    for each in as_list(content):
        parts += text_parts(each) if isinstance(each, str) else _content_part(as_object(each))
    return parts


def _content_part(part: Mapping[str, Any]) -> list[dict[str, Any]]:
    match part:
        case {"type": "text" | "output_text" | "input_text", "text": str(text)}:
            return text_parts(text)
        case {"type": "refusal", "refusal": str(refusal)}:
            return [{"type": "refusal", "content": refusal}]
        case {"type": "thinking", "thinking": thinking}:  # Mistral
            text = thinking if isinstance(thinking, str) else text_of(_content_parts(thinking))
            return [{"type": "reasoning", "content": text}] if text else []
        case {"type": "image_url", "image_url": {"url": str(url)} | str(url)}:
            return [uri_part(url, "image")]
        case {"type": "document_url", "document_url": {"url": str(url)} | str(url)}:  # Mistral
            return [uri_part(url, "file")]
        case {"type": "input_audio", "input_audio": {"data": str(data)} as audio}:
            form = as_text(audio.get("format"))
            return [blob_part(data, f"audio/{form}" if form else None, "audio")]
        case {"type": "file", "file": {"file_id": str(file_id)}}:
            return [{"type": "file", "file_id": file_id}]
        case {"type": "file", "file": {"file_data": str(data)}}:
            is_address = data.startswith(("data:", "http://", "https://"))
            return [uri_part(data, "file") if is_address else blob_part(data, None, "file")]
        case {"type": str()}:
            kept: dict[str, Any] = without_bytes(dict(part))
            return [kept]
        case _:
            return []


def _audio_parts(audio: Any) -> list[dict[str, Any]]:
    audio = as_object(audio)
    if data := as_text(audio.get("data")):
        part = blob_part(data, None, "audio")
        if transcript := as_text(audio.get("transcript")):
            part["transcript"] = transcript
        return [part]
    return [{"type": "file", "file_id": file_id}] if (file_id := as_text(audio.get("id"))) else []


def _tool_call_parts(message: Mapping[str, Any]) -> list[dict[str, Any]]:
    parts = [
        _tool_call(as_text(each.get("id")), as_object(each.get("function")) or as_object(each.get("custom")))
        for each in as_objects(message.get("tool_calls"))
    ]
    legacy = as_object(message.get("function_call"))
    return [*parts, _tool_call(None, legacy)] if as_text(legacy.get("name")) else parts


def _tool_call(call_id: str | None, function: Mapping[str, Any]) -> dict[str, Any]:
    arguments = function.get("arguments", function.get("input"))
    return {
        "type": "tool_call",
        "id": call_id,
        "name": as_text(function.get("name")) or "",
        "arguments": parse_arguments(arguments),
    }


# --- the answer ----------------------------------------------------------------------------------


def parse_response(call: Call, body: Mapping[str, Any]) -> None:
    """Put the answer into the call: messages, finish reasons, usage, error."""
    call.response_model = as_text(body.get("model"))
    call.response_id = as_text(body.get("id"))
    call.service_tier = as_text(body.get("service_tier")) or call.service_tier
    choices = as_objects(body.get("choices"))
    for choice in choices:
        message = parse_message({"role": "assistant"} | as_object(choice.get("message")))
        message = {"role": "assistant", "parts": joined_parts(message["parts"])}
        reason = as_text(choice.get("finish_reason"))
        if reason:
            message["finish_reason"] = _FINISH_REASONS.get(reason, reason)
            call.finish_reasons.append(message["finish_reason"])
        call.output_messages.append(message)
    call.usage = chat_usage(body, choices)
    call.completeness = "complete" if choices else "partial"
    failed_choice = next((each for each in choices if each.get("error")), {})  # OpenRouter
    note_failure(call, body if body.get("error") else failed_choice or body)


# --- writing -------------------------------------------------------------------------------------


def write_path(call: Call) -> str:
    return "/v1/chat/completions"


def write_request(call: Call) -> dict[str, Any]:
    """The call's request as a body of this format. Blobs are gone, so they are written as their description."""
    body: dict[str, Any] = {"model": call.request_model} if call.request_model else {}
    body["messages"] = [written for each in call.request_messages() for written in write_messages(each)]
    if call.tool_definitions:
        body["tools"] = [write_tool(each) for each in call.tool_definitions]
    if call.response_format:
        body["response_format"] = call.response_format
    if call.stream:
        body["stream"] = True
    if call.service_tier:
        body["service_tier"] = call.service_tier
    return body | written_parameters(call.parameters, _PARAMETER_NAMES)


def write_tool(tool: ToolDefinition) -> dict[str, Any]:
    kind = tool["type"]
    if kind not in ("function", "custom"):
        return {"type": kind, "parameters": tool.get("parameters", {})}
    described = {k: v for k, v in tool.items() if k != "type"}
    if kind == "custom" and "parameters" in described:
        described["format"] = described.pop("parameters")
    return {"type": kind, kind: described}


def write_messages(message: Message) -> list[dict[str, Any]]:
    """One message, and one more for each further tool result in it (Anthropic puts several into one)."""
    written: dict[str, Any] = {"role": message["role"]}
    if "name" in message:
        written["name"] = message["name"]
    results: list[dict[str, Any]] = []
    content: list[dict[str, Any]] = []
    for part in message["parts"]:
        match part["type"]:
            case "tool_call_response":
                response = part.get("response")
                results.append(
                    {
                        "role": "function" if message["role"] == "function" else "tool",
                        **({"name": message["name"]} if "name" in message else {}),
                        **({"tool_call_id": part["id"]} if part.get("id") else {}),
                        "content": tool_result(response, _written_part),
                    }
                )
            case "tool_call":
                call = {
                    "type": "function",
                    "function": {"name": part["name"], "arguments": arguments_text(part.get("arguments"))},
                }
                written.setdefault("tool_calls", []).append(call | ({"id": part["id"]} if part.get("id") else {}))
            case "reasoning":
                written["reasoning_content"] = written.get("reasoning_content", "") + part["content"]
            case "refusal" if message["role"] == "assistant":
                written["refusal"] = written.get("refusal", "") + part["content"]
            case _:
                content.append(_written_part(part))
    if len(content) == 1 and content[0]["type"] == "text":
        written["content"] = content[0]["text"]
    elif content:
        written["content"] = content
    elif "tool_calls" in written or not results:
        written["content"] = None
    return [*results, written] if "content" in written else results


def _written_part(part: Mapping[str, Any]) -> dict[str, Any]:
    match part["type"]:
        case "text":
            return {"type": "text", "text": part["content"]}
        case "uri" if part.get("modality") == "image":
            return {"type": "image_url", "image_url": {"url": part["uri"]}}
        case "uri":
            return {"type": "file", "file": {"file_data": part["uri"]}}
        case "file":
            return {"type": "file", "file": {"file_id": part["file_id"]}}
        case _:
            return dict(part)
