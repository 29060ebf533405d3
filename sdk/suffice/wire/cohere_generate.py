"""Cohere generate, the oldest: https://docs.cohere.com/v1/reference/generate."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from suffice.wire.call import Call, Message
from suffice.wire.cohere_usage import cohere_usage, error_of, note_finish
from suffice.wire.failure import note_failure
from suffice.wire.lenient import as_object, as_objects, as_text, parse_json
from suffice.wire.parameters import kept_parameters, written_parameters
from suffice.wire.parts import text_of, text_parts
from suffice.wire.sse import Event

NAME = "cohere.generate"
PROVIDER = "cohere"
PATH_ENDINGS = ("/v1/generate",)
STREAMS = True
CHATS = False

_PARAMETER_NAMES = {"p": "top_p", "k": "top_k", "num_generations": "choice.count"}
_READ_ELSEWHERE = frozenset({"model", "prompt", "stream"})


def matches(path: str, body: Mapping[str, Any]) -> bool:
    return path.endswith(PATH_ENDINGS) and isinstance(body.get("prompt"), str)


def parse_request(body: Mapping[str, Any], path: str = "") -> Call:
    """What was asked: the prompt as a user's message."""
    return Call(
        wire_format=NAME,
        operation="text_completion",
        provider=PROVIDER,
        request_model=as_text(body.get("model")),
        input_messages=[{"role": "user", "parts": text_parts(as_text(body.get("prompt")) or "")}],
        parameters=kept_parameters(body, _PARAMETER_NAMES, _READ_ELSEWHERE),
        stream=body.get("stream") is True,
    )


def parse_response(call: Call, body: Mapping[str, Any]) -> None:
    """Put the answer into the call: a message a generation, finish reasons, usage, error."""
    call.response_id = as_text(body.get("id"))
    generations = as_objects(body.get("generations"))
    for generation in generations:
        message: Message = {"role": "assistant", "parts": text_parts(as_text(generation.get("text")) or "")}
        note_finish(call, message, as_text(generation.get("finish_reason")))
        call.output_messages.append(message)
    call.usage = cohere_usage(as_object(body.get("meta")))
    call.completeness = "complete" if generations else "partial"
    note_failure(call, body if generations else error_of(body))


def join_stream(events: Iterable[Event]) -> tuple[dict[str, Any], bool]:
    """The lines as one response body, and whether the stream said that it was over: its last repeats everything."""
    body: dict[str, Any] = {}
    texts: dict[int, str] = {}
    ended = False
    for event in events:
        data = as_object(parse_json(event.data))
        index = data.get("index")
        if data.get("is_finished") is True:
            ended = True
            body |= as_object(data.get("response"))
        elif isinstance(text := data.get("text"), str):
            index = index if isinstance(index, int) else 0
            texts[index] = texts.get(index, "") + text
        elif "message" in data or "error" in data:
            body["error"] = data.get("error") or data
    if texts and "generations" not in body:
        body["generations"] = [{"text": texts[index]} for index in sorted(texts)]
    return body, ended


def write_path(call: Call) -> str:
    return "/v1/generate"


def write_request(call: Call) -> dict[str, Any]:
    """The call's request as a body of this format: its texts as one prompt."""
    body: dict[str, Any] = {"model": call.request_model} if call.request_model else {}
    body["prompt"] = "\n\n".join(text_of(each["parts"]) for each in call.request_messages())
    if call.stream:
        body["stream"] = True
    return body | written_parameters(call.parameters, _PARAMETER_NAMES)
