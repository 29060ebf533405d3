"""Gemini generateContent and streamGenerateContent: https://ai.google.dev/api/generate-content, and the same on Vertex.

The model stands in the path. Names come in camelCase and in snake_case (google-genai sends both), and both are
read. Usage: ``promptTokenCount`` leaves out what the model's own tools fed it, ``candidatesTokenCount`` leaves out
thoughts; both are added here. A count of 0 is not sent, so a stated total settles what is missing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from suffice.wire.blobs import blob_part, modality_of, uri_part, without_bytes
from suffice.wire.call import Call, Message, ToolDefinition, Usage
from suffice.wire.failure import note_failure
from suffice.wire.gemini_stream import join_stream as join_stream
from suffice.wire.lenient import as_list, as_object, as_objects, as_text, first_count
from suffice.wire.parameters import kept_parameters, written_parameters
from suffice.wire.parts import joined_parts, text_parts
from suffice.wire.paths import action_of, model_before_action, quoted
from suffice.wire.written import arguments_object, read_arguments

NAME = "gemini.generateContent"
PROVIDER = "gcp.gemini"
PATH_ENDINGS = (":generateContent", ":streamGenerateContent")
STREAMS = True
CHATS = True

_PARAMETER_NAMES = {
    "topP": "top_p",
    "topK": "top_k",
    "maxOutputTokens": "max_tokens",
    "candidateCount": "choice.count",
    "stopSequences": "stop_sequences",
    "presencePenalty": "presence_penalty",
    "frequencyPenalty": "frequency_penalty",
}
_SNAKE_NAMES = {"max_output_tokens": "max_tokens", "candidate_count": "choice.count"}
_READ_ELSEWHERE = frozenset(
    {"responseMimeType", "response_mime_type", "responseSchema", "response_schema"}
    | {"responseJsonSchema", "response_json_schema"}
)
_OF_BODY = ("toolConfig", "tool_config", "cachedContent", "cached_content")  # the other parameters: generationConfig
_FINISH_REASONS = {
    "STOP": "stop",
    "MAX_TOKENS": "length",
    "MALFORMED_FUNCTION_CALL": "error",
    "UNEXPECTED_TOOL_CALL": "error",
    "TOO_MANY_TOOL_CALLS": "error",
} | dict.fromkeys(
    ("SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "IMAGE_SAFETY", "MODEL_ARMOR"), "content_filter"
)


def matches(path: str, body: Mapping[str, Any]) -> bool:
    return path.endswith(PATH_ENDINGS) and isinstance(body.get("contents"), list | dict)


# --- the request ---------------------------------------------------------------------------------


def parse_request(body: Mapping[str, Any], path: str = "") -> Call:
    """What was asked: system instruction, contents as messages, tools, generation config."""
    config = as_object(_either(body, "generationConfig"))
    contents = body.get("contents")
    system = as_object(_either(body, "systemInstruction"))
    top = {key: body[key] for key in _OF_BODY if key in body}
    return Call(
        wire_format=NAME,
        operation="chat",
        provider=PROVIDER,
        request_model=model_before_action(path),
        system_instructions=parse_parts(system.get("parts")),
        input_messages=[_message(each) for each in as_objects(contents if isinstance(contents, list) else [contents])],
        tool_definitions=[tool for each in as_objects(body.get("tools")) for tool in _tools(each)],
        parameters=kept_parameters(config | top, _PARAMETER_NAMES | _SNAKE_NAMES, _READ_ELSEWHERE),
        response_format=_response_format(config),
        stream=action_of(path) == "streamGenerateContent",
    )


def _either(body: Mapping[str, Any], camel: str) -> Any:
    """The value under its camelCase or its snake_case name."""
    if camel in body:
        return body[camel]
    return body.get("".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in camel))


def _response_format(config: Mapping[str, Any]) -> dict[str, Any] | None:
    mime_type = as_text(_either(config, "responseMimeType"))
    schema = as_object(_either(config, "responseJsonSchema")) or as_object(_either(config, "responseSchema"))
    if mime_type not in (None, "application/json", "text/plain"):
        return {"type": mime_type} | ({"schema": schema} if schema else {})
    if schema:
        return {"type": "json_schema", "schema": schema}
    return {"type": "json_object" if mime_type == "application/json" else "text"} if mime_type else None


def _tools(tool: Mapping[str, Any]) -> list[ToolDefinition]:
    defined: list[ToolDefinition] = []
    for kind, settings in tool.items():
        if kind in ("functionDeclarations", "function_declarations"):
            defined += [_function(each) for each in as_objects(settings)]
        elif isinstance(settings, dict):  # a tool of the vendor's: googleSearch, codeExecution, urlContext...
            defined.append({"type": kind, "name": kind, "parameters": settings})
    return defined


def _function(declared: Mapping[str, Any]) -> ToolDefinition:
    tool: ToolDefinition = {"type": "function", "name": as_text(declared.get("name")) or ""}
    if description := as_text(declared.get("description")):
        tool["description"] = description
    schema = _either(declared, "parametersJsonSchema")
    schema = declared.get("parameters") if schema is None else schema
    if schema is not None:
        tool["parameters"] = schema
    return tool


def _message(content: Mapping[str, Any]) -> Message:
    role = as_text(content.get("role")) or "user"
    return {"role": "assistant" if role == "model" else role, "parts": parse_parts(content.get("parts"))}


def parse_parts(parts: Any) -> list[dict[str, Any]]:
    if isinstance(parts, str):
        return text_parts(parts)
    found = parts if isinstance(parts, list) else [parts]
    return [read for each in found for read in (text_parts(each) if isinstance(each, str) else _part(as_object(each)))]


def _part(part: Mapping[str, Any]) -> list[dict[str, Any]]:
    if text := as_text(part.get("text")):
        return [{"type": "reasoning", "content": text}] if part.get("thought") is True else text_parts(text)
    if call := as_object(_either(part, "functionCall")):
        name = as_text(call.get("name")) or ""
        arguments = read_arguments(call.get("args"))
        return [{"type": "tool_call", "id": as_text(call.get("id")), "name": name, "arguments": arguments}]
    if answer := as_object(_either(part, "functionResponse")):
        return [_tool_response(answer)]
    if data := as_object(_either(part, "inlineData")):
        return [blob_part(as_text(data.get("data")) or "", as_text(_either(data, "mimeType")))]
    if file := as_object(_either(part, "fileData")):
        mime_type = as_text(_either(file, "mimeType"))
        return [uri_part(as_text(_either(file, "fileUri")) or "", modality_of(mime_type), mime_type)]
    kept = {
        k: v for k, v in part.items() if k not in ("thoughtSignature", "thought_signature", "text") and v is not None
    }
    if "type" not in kept and kept:  # executableCode, toolCall... : named by what it holds
        kept = {"type": next(iter(kept)), **kept}
    return [without_bytes(kept)] if isinstance(kept.get("type"), str) else []


def _tool_response(answer: Mapping[str, Any]) -> dict[str, Any]:
    part: dict[str, Any] = {"type": "tool_call_response", "id": as_text(answer.get("id"))}
    if name := as_text(answer.get("name")):
        part["name"] = name
    part["response"] = without_bytes(answer.get("response"))
    if attached := parse_parts(answer.get("parts") or []):
        part["attached"] = attached
    return part


# --- the answer ----------------------------------------------------------------------------------


def parse_response(call: Call, body: Mapping[str, Any]) -> None:
    """Put the answer into the call: a message a candidate, finish reasons, inclusive usage, error or block."""
    call.response_model = (as_text(_either(body, "modelVersion")) or "").removeprefix("models/") or None
    call.response_id = as_text(_either(body, "responseId"))
    usage = as_object(_either(body, "usageMetadata"))
    call.service_tier = as_text(usage.get("serviceTier")) or call.service_tier
    for candidate in as_objects(body.get("candidates")):
        parts = joined_parts(parse_parts(as_object(candidate.get("content")).get("parts") or []))
        _add_answer(call, parts, as_text(_either(candidate, "finishReason")))
    blocked = as_text(_either(as_object(_either(body, "promptFeedback")), "blockReason"))
    if blocked and not call.output_messages:
        _add_answer(call, [], blocked)
        call.finish_reasons = call.finish_reasons and ["content_filter"]
        call.output_messages[0]["finish_reason"] = "content_filter"
    call.usage = _usage(usage)
    call.completeness = "complete" if call.output_messages else "partial"
    note_failure(call, body)


def _add_answer(call: Call, parts: list[dict[str, Any]], reason: str | None) -> None:
    message: Message = {"role": "assistant", "parts": parts}
    if reason:
        named = _FINISH_REASONS.get(reason, reason.lower())
        if named == "stop" and any(part["type"] == "tool_call" for part in parts):
            named = "tool_call"
        message["finish_reason"] = named
        call.finish_reasons.append(named)
    call.output_messages.append(message)


def _usage(raw: dict[str, Any]) -> Usage | None:
    prompt, total = first_count(raw.get("promptTokenCount")), first_count(raw.get("totalTokenCount"))
    if prompt is None and total is None:
        return None
    from_tools = first_count(raw.get("toolUsePromptTokenCount"))
    answer, thoughts = first_count(raw.get("candidatesTokenCount")), first_count(raw.get("thoughtsTokenCount"))
    output = None if answer is None and thoughts is None else (answer or 0) + (thoughts or 0)
    if output is None and total is not None:
        output = max(total - (prompt or 0) - (from_tools or 0), 0)
    return Usage(
        input_tokens=None if prompt is None else prompt + (from_tools or 0),
        output_tokens=output,
        cache_read_tokens=first_count(raw.get("cachedContentTokenCount")),
        reasoning_tokens=thoughts,
        audio_input_tokens=_audio(raw.get("promptTokensDetails")),
        audio_output_tokens=_audio(raw.get("candidatesTokensDetails")),
        raw=raw,
    )


def _audio(details: Any) -> int | None:
    counts = [first_count(each.get("tokenCount")) for each in as_objects(details) if each.get("modality") == "AUDIO"]
    return sum(count or 0 for count in counts) if counts else None


# --- writing -------------------------------------------------------------------------------------


def write_path(call: Call) -> str:
    action = "streamGenerateContent?alt=sse" if call.stream else "generateContent"
    return f"/v1beta/models/{quoted(call.request_model or '')}:{action}"


def write_request(call: Call) -> dict[str, Any]:
    """The call's request as a body of this format. Blobs are gone, so they are written as their description."""
    body: dict[str, Any] = {}
    if call.system_instructions:
        body["systemInstruction"] = {"parts": [_written_part(part) for part in call.system_instructions]}
    body["contents"] = [_written_content(each) for each in call.input_messages]
    functions = [_written_function(each) for each in call.tool_definitions if each["type"] == "function"]
    others: list[dict[str, Any]] = [
        {each["type"]: each.get("parameters", {})} for each in call.tool_definitions if each["type"] != "function"
    ]
    if functions or others:
        body["tools"] = [*([{"functionDeclarations": functions}] if functions else []), *others]
    written = written_parameters(call.parameters, _PARAMETER_NAMES)
    body |= {key: written.pop(key) for key in _OF_BODY if key in written}
    config = written | _written_format(call.response_format)
    return body | ({"generationConfig": config} if config else {})


def _written_content(message: Message) -> dict[str, Any]:
    role = {"assistant": "model", "tool": "user"}.get(message["role"], message["role"])
    return {"role": role, "parts": [_written_part(part) for part in message["parts"]]}


def _written_function(tool: ToolDefinition) -> dict[str, Any]:
    written = {k: v for k, v in tool.items() if k not in ("type", "parameters", "strict")}
    if "parameters" in tool:
        is_openapi = _is_openapi(tool["parameters"])
        written["parameters" if is_openapi else "parametersJsonSchema"] = tool["parameters"]
    return written


def _is_openapi(schema: Any) -> bool:
    """Gemini's own schemas spell types in capitals (``OBJECT``); JSON schema never does."""
    kind = as_object(schema).get("type")
    return isinstance(kind, str) and kind.isupper()


def _written_format(response_format: Mapping[str, Any] | None) -> dict[str, Any]:
    if not response_format:
        return {}
    kind, schema = response_format.get("type"), response_format.get("schema")
    mime_type = {"json_schema": "application/json", "json_object": "application/json", "text": "text/plain"}.get(
        str(kind), kind
    )
    if schema is None:
        return {"responseMimeType": mime_type}
    return {"responseMimeType": mime_type, "responseSchema" if _is_openapi(schema) else "responseJsonSchema": schema}


def _written_part(part: Mapping[str, Any]) -> dict[str, Any]:
    match part["type"]:
        case "text" | "refusal":
            return {"text": part["content"]}
        case "reasoning":
            return {"text": part["content"], "thought": True}
        case "tool_call":
            call = {"name": part["name"], "args": arguments_object(part.get("arguments"))}
            return {"functionCall": call | ({"id": part["id"]} if part.get("id") else {})}
        case "tool_call_response":
            answer = {"name": part.get("name", ""), "response": _written_response(part.get("response"))}
            attached = [_written_part(each) for each in as_list(part.get("attached"))]
            answer |= {"id": part["id"]} if part.get("id") else {}
            return {"functionResponse": answer | ({"parts": attached} if attached else {})}
        case "uri":
            mime_types = {"image": "image/*", "audio": "audio/*", "video": "video/*"}
            kind = mime_types.get(str(part.get("modality")))
            return {"fileData": {"fileUri": part["uri"]} | ({"mimeType": kind} if kind else {})}
        case kind if isinstance(part.get(kind), dict):  # one of the vendor's own, named by what it holds
            return {k: v for k, v in part.items() if k != "type"}
        case _:
            return dict(part)


def _written_response(response: Any) -> Any:
    return response if isinstance(response, dict) else {"result": response}
