"""A call as another format can take it: what is one vendor's alone goes, and is told.

What no body could hold (a picture whose bytes were not kept, a conversation that the vendor keeps) is no loss
but an error: a model asked without it would answer another question.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from suffice.wire.call import Call, Message, ToolDefinition
from suffice.wire.lenient import as_list
from suffice.wire.parts import joined_parts
from suffice.wire.response_formats import lower_types, write_response_format
from suffice.wire.tool_choices import read_tool_choice, write_tool_choice

_SAMPLING = frozenset({"temperature", "top_p", "max_tokens", "stop_sequences"})
_PENALTIES = frozenset({"frequency_penalty", "presence_penalty", "seed"})
_KEPT_BY_THE_VENDOR = ("previous_response.id", "conversation", "cachedContent", "cached_content")
_CHOICES = ("tool_choice", "toolConfig", "tool_config", "function_call")
DEFAULT_MAX_TOKENS = 4096  # Anthropic wants one


class CannotWriteError(ValueError):
    """The request holds what a body of that format can't; the message says what, and where."""


@dataclass(frozen=True, slots=True)
class Target:
    """What a format takes beside messages and function tools."""

    parameters: frozenset[str]
    system_apart: bool = False  # the system's text stands beside the messages, which then know two roles
    strict_tools: bool = False
    largest_temperature: float = 2.0
    needs_max_tokens: bool = False


TARGETS = {
    "openai.chat": Target(
        _SAMPLING | _PENALTIES | {"choice.count", "reasoning.level", "parallel_tool_calls", "verbosity"},
        strict_tools=True,
    ),
    "openai.responses": Target(
        frozenset({"temperature", "top_p", "max_tokens", "reasoning.level", "parallel_tool_calls", "verbosity"}),
        strict_tools=True,
    ),
    "anthropic.messages": Target(
        _SAMPLING | {"top_k"}, system_apart=True, strict_tools=True, largest_temperature=1.0, needs_max_tokens=True
    ),
    "gemini.generateContent": Target(_SAMPLING | _PENALTIES | {"top_k", "choice.count"}, system_apart=True),
    "bedrock.converse": Target(_SAMPLING, system_apart=True, strict_tools=True, largest_temperature=1.0),
    "cohere.v2.chat": Target(_SAMPLING | _PENALTIES | {"top_k"}),
    "ollama.chat": Target(_SAMPLING | _PENALTIES | {"top_k"}),
}


def portable_call(call: Call, wire_format: str) -> tuple[Call, list[str]]:
    """The call as that format takes it, and what it loses by that. Raises CannotWriteError."""
    lost: list[str] = []
    target = TARGETS[wire_format]
    for name in _KEPT_BY_THE_VENDOR:
        if name in call.parameters:
            raise CannotWriteError(
                f"a part of the conversation is kept by the vendor ({name}): only its own format reads it"
            )
    messages = _messages(call.request_messages(), lost)
    system: list[dict[str, Any]] = []
    if target.system_apart:
        system, messages = _apart(messages, lost)
    asked = call.response_format and write_response_format(call.response_format, wire_format)
    if call.response_format and not asked and call.response_format.get("type") != "text":
        lost.append(f"response format {call.response_format.get('type')}")
    if call.service_tier:
        lost.append("service tier")
    taken = replace(
        call,
        wire_format=wire_format,
        system_instructions=system,
        input_messages=messages,
        tool_definitions=_tools(call.tool_definitions, target, lost),
        parameters=_parameters(call.parameters, wire_format, target, lost),
        response_format=asked or None,
        service_tier=None,
    )
    return taken, lost


# --- messages ------------------------------------------------------------------------------------


def _messages(messages: Iterable[Message], lost: list[str]) -> list[Message]:
    """Texts, calls and their results; every call with an id, every result with its call's id and name."""
    kept: list[Message] = []
    open_calls: list[tuple[str, str]] = []  # id, name: in the order they were made
    names: dict[str, str] = {}
    for position, message in enumerate(messages, 1):
        parts: list[dict[str, Any]] = []
        for part in message["parts"]:
            where = f"message {position}"
            if part["type"] == "tool_call":
                part = {**part, "id": part.get("id") or f"call_{len(names) + 1}"}
                names[part["id"]] = part["name"]
                open_calls.append((part["id"], part["name"]))
            elif part["type"] == "tool_call_response":
                part = _tied(part, open_calls, names)
                response = part.get("response")
                if isinstance(response, list):
                    part["response"] = [*_portable_parts(response, where, lost)]
            parts += _portable_parts([part], where, lost)
        if "name" in message:
            lost.append(f"name of message {position}")
        if parts or not message["parts"]:
            role = {"developer": "system", "function": "tool"}.get(message["role"], message["role"])
            kept.append({"role": role, "parts": joined_parts(parts)})
    return kept


def _tied(part: Mapping[str, Any], open_calls: list[tuple[str, str]], names: Mapping[str, str]) -> dict[str, Any]:
    """A result with the id and name of the call it answers: by its id, else the first open call of its name."""
    call_id, name = part.get("id"), part.get("name")
    found = next((each for each in open_calls if each[0] == call_id), None)
    if found is None and call_id is None:
        found = next((each for each in open_calls if name in (None, "", each[1])), None)
    if found is not None:
        open_calls.remove(found)
        call_id, name = found
    tied = {
        **part,
        "id": call_id,
        "name": name or names.get(str(call_id)),
        "response": _unwrapped(part.get("response")),
    }
    return {key: value for key, value in tied.items() if value is not None}


def _unwrapped(response: Any) -> Any:
    """Gemini takes objects only, so its clients put a text under ``result`` or ``output``."""
    if isinstance(response, dict) and list(response) in (["result"], ["output"]):
        inner = next(iter(response.values()))
        return inner if isinstance(inner, str) else response
    return response


def missing_bytes(part: Any, where: str) -> str | None:
    """Why a part can't be sent again: it, or what is attached to it, was a file and only its hash was kept."""
    inner = [part, *as_list(part.get("response")), *as_list(part.get("attached"))] if isinstance(part, dict) else []
    blob = next((each for each in inner if isinstance(each, dict) and each.get("type") == "blob"), None)
    if blob is None:
        return None
    return (
        f"{where}: the bytes of its {blob.get('modality', 'file')} were not kept ({blob.get('size')} bytes, hash only)"
    )


def _portable_parts(parts: Iterable[Any], where: str, lost: list[str]) -> Iterable[dict[str, Any]]:
    for part in parts:
        kind = part.get("type") if isinstance(part, dict) else None
        if missing := missing_bytes(part, where):
            raise CannotWriteError(missing)
        if kind == "file":
            raise CannotWriteError(f"{where} names a file that only its own vendor has ({part.get('file_id')})")
        if kind == "uri" and not str(part.get("uri")).startswith(("https://", "http://")):
            raise CannotWriteError(f"{where} names a place that only its own vendor reads ({part.get('uri')})")
        if kind in ("text", "tool_call", "tool_call_response", "uri"):
            yield part
        elif kind == "refusal":
            yield {"type": "text", "content": part["content"]}
        elif kind == "item_reference":
            raise CannotWriteError(f"{where} is kept by the vendor ({part.get('id')}): only its own format reads it")
        elif kind is not None:
            lost.append(f"{kind} in {where}")


def _apart(messages: list[Message], lost: list[str]) -> tuple[list[dict[str, Any]], list[Message]]:
    """The system's texts that come first, and the turns after them: two roles, each turn one message."""
    system: list[dict[str, Any]] = []
    rest = list(messages)
    while rest and rest[0]["role"] == "system":
        system += rest.pop(0)["parts"]
    turns: list[Message] = []
    for message in rest:
        if message["role"] == "system":
            lost.append("a later message was the system's and is the user's")
        role = "assistant" if message["role"] == "assistant" else "user"
        if turns and turns[-1]["role"] == role:
            turns[-1] = {"role": role, "parts": turns[-1]["parts"] + message["parts"]}
        else:
            turns.append({"role": role, "parts": message["parts"]})
    return joined_parts(system) if system else [], turns


# --- tools and parameters ------------------------------------------------------------------------


def _tools(tools: Iterable[ToolDefinition], target: Target, lost: list[str]) -> list[ToolDefinition]:
    kept: list[ToolDefinition] = []
    for tool in tools:
        if tool["type"] != "function":
            lost.append(f"tool {tool['name']}, the vendor's own")
            continue
        written: ToolDefinition = {**tool}
        if "parameters" in tool:
            written["parameters"] = _json_schema(tool["parameters"])
        if "strict" in tool and not target.strict_tools:
            del written["strict"]
            lost.append(f"strict of tool {tool['name']}")
        kept.append(written)
    return kept


def _json_schema(schema: Any) -> Any:
    """Gemini's capitals lowered; Cohere's first version lists parameters by name instead."""
    lowered = lower_types(schema)
    is_list_of_names = isinstance(lowered, dict) and lowered and "type" not in lowered and "properties" not in lowered
    if not is_list_of_names or not all(isinstance(each, dict) and "type" in each for each in lowered.values()):
        return lowered
    types = {"str": "string", "int": "integer", "float": "number", "bool": "boolean", "dict": "object", "list": "array"}
    properties = {
        name: {key: value for key, value in each.items() if key != "required"}
        | {"type": types.get(each["type"], each["type"])}
        for name, each in lowered.items()
    }
    required = [name for name, each in lowered.items() if each.get("required") is True]
    return {"type": "object", "properties": properties} | ({"required": required} if required else {})


def _parameters(given: Mapping[str, Any], wire_format: str, target: Target, lost: list[str]) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    for name, value in given.items():
        if name in _CHOICES:
            choice = read_tool_choice(value)
            written = write_tool_choice(choice, wire_format) if choice else None
            if written is not None:
                kept["toolConfig" if wire_format == "gemini.generateContent" else "tool_choice"] = written
            elif choice != "auto":
                lost.append(name)
        elif name in target.parameters:
            kept[name] = value
        else:
            lost.append(name)
    temperature = kept.get("temperature")
    if isinstance(temperature, int | float) and temperature > target.largest_temperature:
        kept["temperature"] = target.largest_temperature
        lost.append(f"temperature over {target.largest_temperature}")
    if target.needs_max_tokens and "max_tokens" not in kept:
        kept["max_tokens"] = DEFAULT_MAX_TOKENS
    return kept
