"""Anthropic messages: https://docs.anthropic.com/en/api/messages, plain and streamed.

Two things differ from everybody else. Usage states input *without* what the cache gave or took, so it
is made inclusive here (the most common double-counting bug of tracers). And server-side tools come as
blocks of many types: they are kept as sent, without embedded files.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from suffice.wire.blobs import blob_part, uri_part, without_bytes
from suffice.wire.call import Call, Message, ToolDefinition, Usage
from suffice.wire.failure import note_failure
from suffice.wire.lenient import as_list, as_object, as_objects, as_text, first_count, parse_arguments, parse_json
from suffice.wire.parameters import kept_parameters, written_parameters
from suffice.wire.parts import joined_parts, text_of, text_parts
from suffice.wire.paths import model_before_action
from suffice.wire.sse import Event

NAME = "anthropic.messages"
PROVIDER = "anthropic"
PATH_ENDINGS = ("/v1/messages", ":rawPredict", ":streamRawPredict")  # the last two: Vertex
STREAMS = True
CHATS = True

_READ_ELSEWHERE = frozenset({"model", "messages", "system", "tools", "stream", "service_tier", "output_format"})
_FINISH_REASONS = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "pause_turn": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tool_call",
    "refusal": "content_filter",
}


def matches(path: str, body: Mapping[str, Any]) -> bool:
    is_foreign = (
        "awPredict" in path and "anthropic_version" not in body
    )  # Mistral's models on Vertex have those paths too
    return path.endswith(PATH_ENDINGS) and isinstance(body.get("messages"), list) and not is_foreign


# --- the request ---------------------------------------------------------------------------------


def parse_request(body: Mapping[str, Any], path: str = "") -> Call:
    """What was asked: model, system, messages, tools, parameters. What it can't read it leaves out."""
    output_format = as_object(body.get("output_format")) or as_object(
        as_object(body.get("output_config")).get("format")
    )
    return Call(
        wire_format=NAME,
        operation="chat",
        provider=PROVIDER,
        request_model=as_text(body.get("model")) or model_before_action(path),
        system_instructions=_content_parts(body.get("system")),
        input_messages=[
            {"role": as_text(each.get("role")) or "user", "parts": _content_parts(each.get("content"))}
            for each in as_objects(body.get("messages"))
        ],
        tool_definitions=[_tool(each) for each in as_objects(body.get("tools"))],
        parameters=kept_parameters(body, {}, _READ_ELSEWHERE),
        response_format=output_format or None,
        stream=body.get("stream") is True,
        service_tier=as_text(body.get("service_tier")),
    )


def _tool(tool: Mapping[str, Any]) -> ToolDefinition:
    kind, name = as_text(tool.get("type")) or "custom", as_text(tool.get("name")) or ""
    if kind != "custom":  # one the server runs: its settings are its parameters
        settings = {k: v for k, v in tool.items() if k not in ("type", "name", "cache_control") and v is not None}
        return {"type": kind, "name": name, "parameters": settings}
    defined: ToolDefinition = {"type": "function", "name": name}
    if description := as_text(tool.get("description")):
        defined["description"] = description
    if tool.get("input_schema") is not None:
        defined["parameters"] = tool["input_schema"]
    if tool.get("strict") is True:
        defined["strict"] = True
    return defined


def _content_parts(content: Any) -> list[dict[str, Any]]:
    if isinstance(content, str):
        return text_parts(content)
    return [part for block in as_objects(content) for part in _block_parts(block)]


def _block_parts(block: Mapping[str, Any]) -> list[dict[str, Any]]:
    match block:
        case {"type": "text", "text": str(text)}:
            return text_parts(text)
        case {"type": "thinking", "thinking": str(thinking)}:
            return [{"type": "reasoning", "content": thinking}] if thinking else []
        case {"type": "redacted_thinking"}:
            return []  # only the vendor can read it
        case {"type": "tool_use"}:
            arguments = parse_arguments(block.get("input"))
            name = as_text(block.get("name")) or ""
            return [{"type": "tool_call", "id": as_text(block.get("id")), "name": name, "arguments": arguments}]
        case {"type": "tool_result"}:
            part = {"type": "tool_call_response", "id": as_text(block.get("tool_use_id"))}
            part |= {"response": _tool_response(block.get("content"))}
            return [part | ({"is_error": True} if block.get("is_error") is True else {})]
        case {"type": ("image" | "document") as kind, "source": dict(source)}:
            return _source_parts("image" if kind == "image" else "file", source)
        case {"type": "container_upload", "file_id": str(file_id)}:
            return [{"type": "file", "file_id": file_id}]
        case {"type": str()}:
            kept = without_bytes({k: v for k, v in block.items() if k != "cache_control" and v is not None})
            return [kept]
        case _:
            return []


def _tool_response(content: Any) -> Any:
    if isinstance(content, list):
        parts = _content_parts(content)
        return text_of(parts) if all(part["type"] == "text" for part in parts) else parts
    return content


def _source_parts(modality: str, source: Mapping[str, Any]) -> list[dict[str, Any]]:
    match source:
        case {"type": "base64", "data": str(data)}:
            return [blob_part(data, as_text(source.get("media_type")), modality)]
        case {"type": "text", "data": str(text)}:
            return text_parts(text)
        case {"type": "url", "url": str(url)}:
            return [uri_part(url, modality)]
        case {"type": "file", "file_id": str(file_id)}:
            return [{"type": "file", "file_id": file_id}]
        case {"type": "content", "content": content}:
            return _content_parts(content)
        case _:
            return []


# --- the answer ----------------------------------------------------------------------------------


def parse_response(call: Call, body: Mapping[str, Any]) -> None:
    """Put the answer into the call: one message, its finish reason, inclusive usage, error."""
    call.response_model = as_text(body.get("model"))
    call.response_id = as_text(body.get("id"))
    usage = as_object(body.get("usage"))
    call.service_tier = as_text(usage.get("service_tier")) or call.service_tier
    if isinstance(body.get("content"), list):
        message: Message = {"role": "assistant", "parts": joined_parts(_content_parts(body["content"]))}
        if reason := as_text(body.get("stop_reason")):
            message["finish_reason"] = _FINISH_REASONS.get(reason, reason)
            call.finish_reasons.append(message["finish_reason"])
        call.output_messages.append(message)
    call.usage = _usage(usage) if usage else None
    call.completeness = "complete" if call.output_messages else "partial"
    note_failure(call, body)


def _usage(raw: dict[str, Any]) -> Usage:
    fresh, read = first_count(raw.get("input_tokens")), first_count(raw.get("cache_read_input_tokens"))
    written = first_count(raw.get("cache_creation_input_tokens"))
    split = as_object(raw.get("cache_creation"))
    hour = first_count(split.get("ephemeral_1h_input_tokens"))
    if written is None:
        written = first_count(split.get("ephemeral_5m_input_tokens"))
        written = written if hour is None else (written or 0) + hour
    output = first_count(raw.get("output_tokens"))
    # Compaction runs on the same model and is billed, but the totals leave it out; an advisor is another model's bill.
    extra = [each for each in as_objects(raw.get("iterations")) if each.get("type") == "compaction"]
    if fresh is not None:
        fresh += sum(first_count(each.get("input_tokens")) or 0 for each in extra)
    if output is not None:
        output += sum(first_count(each.get("output_tokens")) or 0 for each in extra)
    return Usage(
        input_tokens=None if fresh is None else fresh + (read or 0) + (written or 0),
        output_tokens=output,
        cache_read_tokens=read,
        cache_write_5m_tokens=None if written is None else max(written - (hour or 0), 0),
        cache_write_1h_tokens=hour,
        reasoning_tokens=first_count(as_object(raw.get("output_tokens_details")).get("thinking_tokens")),
        raw=raw,
    )


def join_stream(events: Iterable[Event]) -> tuple[dict[str, Any], bool]:
    """The events as one response body, and whether the stream said that it was over.

    ``message_delta`` carries the stop reason and the final usage; some clients close before
    ``message_stop``, so a stop reason counts as the end too.
    """
    body: dict[str, Any] = {}
    blocks: dict[int, dict[str, Any]] = {}
    ended = counted = False
    for event in events:
        data = as_object(parse_json(event.data))
        index = data.get("index")
        index = index if isinstance(index, int) else len(blocks)
        match data.get("type") or event.event:
            case "message_start":
                body |= as_object(data.get("message"))
                for position, block in enumerate(as_objects(body.get("content"))):
                    blocks[position] = dict(block)
            case "content_block_start":
                blocks[index] = dict(as_object(data.get("content_block")))
            case "content_block_delta":
                _add_delta(blocks.setdefault(index, {}), as_object(data.get("delta")))
            case "message_delta":
                body |= {k: v for k, v in as_object(data.get("delta")).items() if v is not None}
                usage = {k: v for k, v in as_object(data.get("usage")).items() if v is not None}
                body["usage"] = as_object(body.get("usage")) | usage
                counted = counted or "output_tokens" in usage
            case "message_stop":
                ended = True
            case "error":
                body["error"] = data.get("error") or data
    if body or blocks:
        body["content"] = [blocks[index] for index in sorted(blocks)]
    if not counted and "usage" in body:  # message_start states 1 or so: what is out by then, not the answer
        body["usage"] = {k: v for k, v in as_object(body["usage"]).items() if k != "output_tokens"}
    for block in blocks.values():
        if "partial_json" in block:
            block["input"] = parse_arguments(block.pop("partial_json"))
    return body, ended or bool(body.get("stop_reason"))


_DELTA_TYPES = {"text": "text", "thinking": "thinking", "partial_json": "tool_use"}  # for a block whose start is lost


def _add_delta(block: dict[str, Any], delta: Mapping[str, Any]) -> None:
    for key, kind in _DELTA_TYPES.items():
        if (fragment := delta.get(key)) and isinstance(fragment, str):
            before = block.get(key)
            block[key] = (before if isinstance(before, str) else "") + fragment
            block.setdefault("type", kind)
    if (content := delta.get("content")) and isinstance(content, str):  # compaction
        block["content"] = (as_text(block.get("content")) or "") + content


# --- writing -------------------------------------------------------------------------------------


def write_path(call: Call) -> str:
    return "/v1/messages"


def write_request(call: Call) -> dict[str, Any]:
    """The call's request as a body of this format. Blobs are gone, so they are written as their description."""
    body: dict[str, Any] = {"model": call.request_model} if call.request_model else {}
    system = [*call.system_instructions]
    messages = list(call.input_messages)
    if call.wire_format != NAME:  # elsewhere system messages stand among the others
        while messages and messages[0]["role"] in ("system", "developer"):
            system += messages.pop(0)["parts"]
    if system:
        body["system"] = [_written_block(part) for part in system]
    body["messages"] = [_written_message(each) for each in messages]
    if call.tool_definitions:
        body["tools"] = [_written_tool(each) for each in call.tool_definitions]
    if call.response_format:
        body["output_format"] = call.response_format
    if call.stream:
        body["stream"] = True
    if call.service_tier:
        body["service_tier"] = call.service_tier
    return body | written_parameters(call.parameters, {})


def _written_message(message: Message) -> dict[str, Any]:
    role = "user" if message["role"] in ("tool", "function") else message["role"]
    return {"role": role, "content": [_written_block(part) for part in message["parts"]]}


def _written_tool(tool: ToolDefinition) -> dict[str, Any]:
    if tool["type"] != "function":
        return {"type": tool["type"], "name": tool["name"], **as_object(tool.get("parameters"))}
    written = {k: v for k, v in tool.items() if k not in ("type", "parameters")}
    if "parameters" in tool:
        written["input_schema"] = tool["parameters"]
    return written


def _written_block(part: Mapping[str, Any]) -> dict[str, Any]:
    match part["type"]:
        case "text" | "refusal":
            return {"type": "text", "text": part["content"]}
        case "reasoning":
            return {"type": "thinking", "thinking": part["content"], "signature": ""}
        case "tool_call":
            return {"type": "tool_use", "id": part.get("id"), "name": part["name"], "input": part.get("arguments")}
        case "tool_call_response":
            response = part.get("response")
            if isinstance(response, list):
                response = [_written_block(p) if isinstance(p, dict) and "type" in p else p for p in as_list(response)]
            written = {"type": "tool_result", "tool_use_id": part.get("id"), "content": response}
            return written | ({"is_error": True} if part.get("is_error") else {})
        case "uri":
            kind = "image" if part.get("modality") == "image" else "document"
            return {"type": kind, "source": {"type": "url", "url": part["uri"]}}
        case "file":
            return {"type": "document", "source": {"type": "file", "file_id": part["file_id"]}}
        case _:
            return dict(part)
