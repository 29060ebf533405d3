"""Amazon Bedrock converse and converse-stream: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html

What a transport hands over (botocore's patch sits above the wire, so it has to make these):

- ``url``: the real REST address, ``https://bedrock-runtime.REGION.amazonaws.com/model/ID/converse`` or
  ``.../converse-stream``, the model id percent-encoded or not (an ARN too).
- ``request_body``: the REST body's JSON: botocore's ``api_params`` without ``modelId``, bytes as base64 text.
- ``response_body``: either the real wire bytes (JSON, or AWS event-stream frames), or what botocore made of them:
  the parsed answer as one JSON object (``ResponseMetadata`` is ignored), the stream's events as JSON objects, one a
  line or as a JSON array, each as botocore yields it: ``{"contentBlockDelta": {"delta": ..., "contentBlockIndex": 0}}``.
  An exception event is ``{"throttlingException": {"message": "..."}}``. A content type is not needed.

Usage states input without what the cache gave or took: made inclusive here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from suffice.wire.bedrock_blocks import content_parts, written_block
from suffice.wire.bedrock_stream import join_stream as join_stream
from suffice.wire.call import Call, Message, ToolDefinition, Usage
from suffice.wire.failure import note_failure
from suffice.wire.lenient import as_list, as_object, as_objects, as_text, first_count, parse_object
from suffice.wire.parameters import kept_parameters, written_parameters
from suffice.wire.parts import joined_parts
from suffice.wire.paths import bedrock_model, quoted
from suffice.wire.written import json_text

NAME = "bedrock.converse"
PROVIDER = "aws.bedrock"
PATH_ENDINGS = ("/converse", "/converse-stream")
STREAMS = True
CHATS = True

_PARAMETER_NAMES = {
    "maxTokens": "max_tokens",
    "max_new_tokens": "max_tokens",  # Nova, where it is invoked
    "topP": "top_p",
    "topK": "top_k",
    "stopSequences": "stop_sequences",
}
_WRITTEN_NAMES = {"maxTokens": "max_tokens", "topP": "top_p", "topK": "top_k", "stopSequences": "stop_sequences"}
_FINISH_REASONS = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "tool_use": "tool_call",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "guardrail_intervened": "content_filter",
    "content_filtered": "content_filter",
    "malformed_model_output": "error",
    "malformed_tool_use": "error",
}


def matches(path: str, body: Mapping[str, Any]) -> bool:
    return path.endswith(PATH_ENDINGS) and "/model/" in path and isinstance(body.get("messages"), list)


# --- the request ---------------------------------------------------------------------------------


def parse_request(body: Mapping[str, Any], path: str = "") -> Call:
    """What was asked: system, messages, tools, inference config."""
    tools = as_object(body.get("toolConfig"))
    parameters = kept_parameters(as_object(body.get("inferenceConfig")), _PARAMETER_NAMES, frozenset())
    if extra := as_object(body.get("additionalModelRequestFields")):
        parameters["additionalModelRequestFields"] = extra
    if choice := as_object(tools.get("toolChoice")):
        parameters["tool_choice"] = choice
    return Call(
        wire_format=NAME,
        operation="chat",
        provider=PROVIDER,
        request_model=bedrock_model(path),
        system_instructions=content_parts(body.get("system")),
        input_messages=[
            {"role": as_text(each.get("role")) or "user", "parts": content_parts(each.get("content"))}
            for each in as_objects(body.get("messages"))
        ],
        tool_definitions=[_tool(each) for each in as_objects(tools.get("tools")) if "cachePoint" not in each],
        parameters=parameters,
        response_format=_response_format(as_object(as_object(body.get("outputConfig")).get("textFormat"))),
        stream=path.endswith("-stream"),
        service_tier=as_text(as_object(body.get("serviceTier")).get("type")),
    )


def _tool(tool: Mapping[str, Any]) -> ToolDefinition:
    described = as_object(tool.get("toolSpec"))
    if not described:  # {"systemTool": {"name": ...}}: one that the server runs
        kind = next(iter(tool), "tool")
        settings = as_object(tool.get(kind))
        return {"type": kind, "name": as_text(settings.get("name")) or kind, "parameters": settings}
    defined: ToolDefinition = {"type": "function", "name": as_text(described.get("name")) or ""}
    if description := as_text(described.get("description")):
        defined["description"] = description
    schema = as_object(described.get("inputSchema"))
    if "json" in schema:
        defined["parameters"] = schema["json"]
    if described.get("strict") is True:
        defined["strict"] = True
    return defined


def _response_format(text_format: Mapping[str, Any]) -> dict[str, Any] | None:
    structure = as_object(as_object(text_format.get("structure")).get("jsonSchema"))
    if not structure:
        return dict(text_format) or None
    kept: dict[str, Any] = {"type": "json_schema"}
    if name := as_text(structure.get("name")):
        kept["name"] = name
    schema = structure.get("schema")
    return kept | {"schema": parse_object(schema) if isinstance(schema, str) else as_object(schema)}


# --- the answer ----------------------------------------------------------------------------------


def parse_response(call: Call, body: Mapping[str, Any]) -> None:
    """Put the answer into the call: one message, its finish reason, inclusive usage, error."""
    call.service_tier = as_text(as_object(body.get("serviceTier")).get("type")) or call.service_tier
    answer = as_object(as_object(body.get("output")).get("message"))
    reason = as_text(body.get("stopReason"))
    if answer:
        message: Message = {"role": "assistant", "parts": joined_parts(content_parts(answer.get("content")))}
        if reason:
            message["finish_reason"] = _FINISH_REASONS.get(reason, reason)
            call.finish_reasons.append(message["finish_reason"])
        call.output_messages.append(message)
    call.usage = _usage(as_object(body.get("usage")))
    call.completeness = "complete" if answer else "partial"
    note_failure(call, body)


def _usage(raw: dict[str, Any]) -> Usage | None:
    fresh, output = first_count(raw.get("inputTokens")), first_count(raw.get("outputTokens"))
    if fresh is None and output is None:
        return None
    read = first_count(raw.get("cacheReadInputTokens"), raw.get("cacheReadInputTokenCount"))
    written = first_count(raw.get("cacheWriteInputTokens"), raw.get("cacheWriteInputTokenCount"))
    by_hour = [each for each in as_objects(raw.get("cacheDetails")) if each.get("ttl") == "1h"]
    hour = sum(first_count(each.get("inputTokens")) or 0 for each in by_hour) if by_hour else None
    return Usage(
        input_tokens=None if fresh is None else fresh + (read or 0) + (written or 0),
        output_tokens=output,
        cache_read_tokens=read,
        cache_write_5m_tokens=None if written is None else max(written - (hour or 0), 0),
        cache_write_1h_tokens=hour,
        raw=raw,
    )


# --- writing -------------------------------------------------------------------------------------


def write_path(call: Call) -> str:
    return f"/model/{quoted(call.request_model or '')}/converse{'-stream' if call.stream else ''}"


def write_request(call: Call) -> dict[str, Any]:
    """The call's request as a body of this format. Neighbours of one role are one message: the API wants turns."""
    body: dict[str, Any] = {"messages": _written_messages(call.input_messages)}
    if call.system_instructions:
        body["system"] = [written_block(part) for part in call.system_instructions]
    parameters = dict(call.parameters)
    tools: dict[str, Any] = {}
    if call.tool_definitions:
        tools["tools"] = [_written_tool(each) for each in call.tool_definitions]
    if (choice := parameters.pop("tool_choice", None)) and tools:
        tools["toolChoice"] = choice
    if tools:
        body["toolConfig"] = tools
    if extra := parameters.pop("additionalModelRequestFields", None):
        body["additionalModelRequestFields"] = extra
    if parameters:
        body["inferenceConfig"] = written_parameters(parameters, _WRITTEN_NAMES)
    if call.response_format:
        body["outputConfig"] = {"textFormat": _written_format(call.response_format)}
    if call.service_tier:
        body["serviceTier"] = {"type": call.service_tier}
    return body


def _written_messages(messages: list[Message]) -> list[dict[str, Any]]:
    written: list[dict[str, Any]] = []
    for message in messages:
        role = "user" if message["role"] in ("tool", "function") else message["role"]
        blocks = [written_block(part) for part in message["parts"]]
        if written and written[-1]["role"] == role:
            written[-1]["content"] = as_list(written[-1]["content"]) + blocks
        else:
            written.append({"role": role, "content": blocks})
    return written


def _written_tool(tool: ToolDefinition) -> dict[str, Any]:
    if tool["type"] != "function":
        return {tool["type"]: as_object(tool.get("parameters")) or {"name": tool["name"]}}
    written = {k: v for k, v in tool.items() if k not in ("type", "parameters")}
    if "parameters" in tool:
        written["inputSchema"] = {"json": tool["parameters"]}
    return {"toolSpec": written}


def _written_format(response_format: Mapping[str, Any]) -> dict[str, Any]:
    if "schema" not in response_format:
        return dict(response_format)
    named = {"name": response_format["name"]} if "name" in response_format else {}
    return {
        "type": "json_schema",
        "structure": {"jsonSchema": named | {"schema": json_text(response_format["schema"])}},
    }
