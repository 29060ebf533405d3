"""Ollama generate: https://docs.ollama.com/api/generate. A prompt, streamed as JSON lines unless told not to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from suffice.wire.call import Call
from suffice.wire.lenient import as_object, as_text, parse_json
from suffice.wire.ollama_common import (
    image_parts,
    read_format,
    read_parameters,
    take_answer,
    write_format,
    write_parameters,
)
from suffice.wire.parts import text_of, text_parts
from suffice.wire.sse import Event

NAME = "ollama.generate"
PROVIDER = "ollama"
PATH_ENDINGS = ("/api/generate",)
STREAMS = True
CHATS = False

_READ_ELSEWHERE = frozenset(
    {"model", "prompt", "system", "images", "stream", "format", "options", "keep_alive", "context"}
)


def matches(path: str, body: Mapping[str, Any]) -> bool:
    return path.endswith(PATH_ENDINGS) and isinstance(body.get("prompt"), str) and isinstance(body.get("model"), str)


def parse_request(body: Mapping[str, Any], path: str = "") -> Call:
    """What was asked: system text, the prompt and its images as a user's message, options."""
    return Call(
        wire_format=NAME,
        operation="text_completion",
        provider=PROVIDER,
        request_model=as_text(body.get("model")),
        system_instructions=text_parts(as_text(body.get("system")) or ""),
        input_messages=[
            {"role": "user", "parts": text_parts(as_text(body.get("prompt")) or "") + image_parts(body.get("images"))}
        ],
        parameters=read_parameters(body, _READ_ELSEWHERE),
        response_format=read_format(body.get("format")),
        stream=body.get("stream") is not False,
    )


def parse_response(call: Call, body: Mapping[str, Any]) -> None:
    """Put the answer into the call: one message, its finish reason, usage, error."""
    text, thought = body.get("response"), as_text(body.get("thinking"))
    thoughts = [{"type": "reasoning", "content": thought}] if thought else []
    take_answer(call, body, thoughts + text_parts(text) if isinstance(text, str) else None)


def join_stream(events: Iterable[Event]) -> tuple[dict[str, Any], bool]:
    """The lines as one response body, and whether the stream said that it was over."""
    body: dict[str, Any] = {}
    for event in events:
        line = as_object(parse_json(event.data))
        texts = {
            key: (as_text(body.get(key)) or "") + line[key]
            for key in ("response", "thinking")
            if isinstance(line.get(key), str)
        }
        body |= line | texts
    return body, body.get("done") is True


def write_path(call: Call) -> str:
    return "/api/generate"


def write_request(call: Call) -> dict[str, Any]:
    """The call's request as a body of this format: its texts as one prompt."""
    body: dict[str, Any] = {"model": call.request_model or ""}
    if call.system_instructions:
        body["system"] = text_of(call.system_instructions)
    body["prompt"] = "\n\n".join(text_of(each["parts"]) for each in call.input_messages)
    if images := [dict(part) for each in call.input_messages for part in each["parts"] if part["type"] == "blob"]:
        body["images"] = images
    body |= write_format(call.response_format)
    body["stream"] = call.stream
    return body | write_parameters(call.parameters)
