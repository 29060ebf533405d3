"""OpenAI's older text completions: https://platform.openai.com/docs/api-reference/completions, still vLLM's and many others'.

A prompt is a user's message; several prompts are several messages. Prompts given as token ids are counted only.
Writer streams ``{"value": "..."}`` here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from suffice.wire.call import Call, Message
from suffice.wire.failure import note_failure
from suffice.wire.lenient import as_list, as_object, as_objects, as_text, parse_json
from suffice.wire.openai_usage import chat_usage
from suffice.wire.parameters import kept_parameters, written_parameters
from suffice.wire.parts import text_of, text_parts
from suffice.wire.paths import deployment_of
from suffice.wire.sse import Event

NAME = "openai.completions"
PROVIDER = "openai"
PATH_ENDINGS = ("/completions",)
STREAMS = True
CHATS = False

_PARAMETER_NAMES = {"stop": "stop_sequences", "n": "choice.count"}
_READ_ELSEWHERE = frozenset(
    {"model", "prompt", "suffix", "stream", "stream_options", "response_format", "service_tier"}
)


def matches(path: str, body: Mapping[str, Any]) -> bool:
    is_chat = path.endswith("/chat/completions") or "messages" in body
    return path.endswith(PATH_ENDINGS) and isinstance(body.get("prompt"), str | list) and not is_chat


def parse_request(body: Mapping[str, Any], path: str = "") -> Call:
    """What was asked: model, prompts as messages, parameters."""
    return Call(
        wire_format=NAME,
        operation="text_completion",
        provider=PROVIDER,
        request_model=as_text(body.get("model")) or deployment_of(path),
        input_messages=prompt_messages(body.get("prompt")),
        parameters=kept_parameters(body, _PARAMETER_NAMES, _READ_ELSEWHERE),
        response_format=as_object(body.get("response_format")) or None,
        stream=body.get("stream") is True,
        service_tier=as_text(body.get("service_tier")),
    )


def prompt_messages(prompt: Any) -> list[Message]:
    """A text, a list of texts, token ids, or a list of such lists: one user's message each."""
    if isinstance(prompt, str):
        return [{"role": "user", "parts": text_parts(prompt)}]
    prompts = as_list(prompt)
    if prompts and all(isinstance(each, int) for each in prompts):
        prompts = [prompts]
    return [{"role": "user", "parts": _prompt_parts(each)} for each in prompts if isinstance(each, str | list)]


def _prompt_parts(prompt: str | list[Any]) -> list[dict[str, Any]]:
    return text_parts(prompt) if isinstance(prompt, str) else [{"type": "token_ids", "count": len(prompt)}]


def parse_response(call: Call, body: Mapping[str, Any]) -> None:
    """Put the answer into the call: a message a choice, finish reasons, usage, error."""
    call.response_model = as_text(body.get("model"))
    call.response_id = as_text(body.get("id"))
    choices = as_objects(body.get("choices"))
    for choice in choices:
        message: Message = {"role": "assistant", "parts": text_parts(as_text(choice.get("text")) or "")}
        if reason := as_text(choice.get("finish_reason")):
            message["finish_reason"] = reason
            call.finish_reasons.append(reason)
        call.output_messages.append(message)
    call.usage = chat_usage(body, choices)
    call.completeness = "complete" if choices else "partial"
    note_failure(call, body)


def join_stream(events: Iterable[Event]) -> tuple[dict[str, Any], bool]:
    """The chunks as one response body, and whether the stream said that it was over."""
    body: dict[str, Any] = {}
    choices: dict[int, dict[str, Any]] = {}
    done = False
    for event in events:
        if event.data.strip() == "[DONE]":
            done = True
            continue
        chunk = as_object(parse_json(event.data))
        body |= {k: chunk[k] for k in ("id", "model", "usage", "x_groq", "error") if chunk.get(k)}
        if event.event == "error" and "error" not in body and chunk:
            body["error"] = chunk
        value = as_text(chunk.get("value"))
        for choice in [{"text": value}] if value else as_objects(chunk.get("choices")):
            index = choice.get("index")
            joined = choices.setdefault(index if isinstance(index, int) else 0, {"text": ""})
            joined["text"] += as_text(choice.get("text")) or ""
            joined |= {k: choice[k] for k in ("finish_reason", "usage") if choice.get(k)}
    if choices:
        body["choices"] = [choices[index] for index in sorted(choices)]
    return body, done or (bool(choices) and all(each.get("finish_reason") for each in choices.values()))


def write_path(call: Call) -> str:
    return "/v1/completions"


def write_request(call: Call) -> dict[str, Any]:
    """The call's request as a body of this format: texts only, a prompt a message."""
    body: dict[str, Any] = {"model": call.request_model} if call.request_model else {}
    prompts = [text_of(each["parts"]) for each in call.request_messages()]
    body["prompt"] = prompts[0] if len(prompts) == 1 else prompts
    if call.response_format:
        body["response_format"] = call.response_format
    if call.stream:
        body["stream"] = True
    if call.service_tier:
        body["service_tier"] = call.service_tier
    return body | written_parameters(call.parameters, _PARAMETER_NAMES)
