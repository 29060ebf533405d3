"""OpenAI chat completions, as api.openai.com writes them: request bytes -> Ask, Answer -> body or chunks."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from suffice_demo.provider.faults import Fault
from suffice_demo.provider.pieces import pieces_of, random_id
from suffice_demo.provider.usage import CACHE_FROM_TOKENS, CACHE_STEP_TOKENS, Billed
from suffice_demo.tasks.base import Answer, Ask, Json, Tool, ToolCall, Turn

PATH = "/v1/chat/completions"
SNAPSHOTS = {"gpt-5.4-mini": "gpt-5.4-mini-2026-03-17"}  # what the API answers to an alias


def parse_request(body: Json) -> Ask:
    """Raises KeyError or TypeError for a body that is no chat completion request."""
    system, turns = [], []
    for message in body["messages"]:
        role = message["role"]
        text = _text(message.get("content"))
        if role in ("system", "developer"):
            system.append(text)
        elif role == "tool":
            turns.append(Turn("user", results=((message["tool_call_id"], text),)))
        else:
            turns.append(Turn(role, text, tuple(map(_parse_call, message.get("tool_calls") or ()))))
    tools = tuple(
        Tool(each["function"]["name"], each["function"].get("description", ""), each["function"].get("parameters", {}))
        for each in body.get("tools") or ()
    )
    schema = ((body.get("response_format") or {}).get("json_schema") or {}).get("schema")
    return Ask("\n".join(system), tuple(turns), tools, schema, model=str(body["model"]))


def _text(content: str | Sequence[Json] | None) -> str:
    if content is None or isinstance(content, str):
        return content or ""
    return "".join(part.get("text", "") for part in content)


def _parse_call(call: Json) -> ToolCall:
    return ToolCall(call["function"]["name"], json.loads(call["function"]["arguments"]), call["id"])


def render_answer(number: int, now: int, body: Json, said: Answer, billed: Billed) -> Json:
    """The whole ``chat.completion`` object."""
    message: Json = {"role": "assistant", "content": said.text or None, "refusal": None, "annotations": []}
    if said.tool_calls:
        message["tool_calls"] = _calls(number, said)
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": _finish(said)}
    return _head(number, now, body, "chat.completion") | {
        "choices": [choice],
        "usage": _usage(billed),
        "service_tier": "default",
        "system_fingerprint": None,
    }


def render_chunks(number: int, now: int, body: Json, said: Answer, billed: Billed) -> Iterator[bytes]:
    """The stream, one server-sent event each; usage last, and only where the request asked for it."""
    wants_usage = bool((body.get("stream_options") or {}).get("include_usage"))
    head = _head(number, now, body, "chat.completion.chunk") | {"service_tier": "default", "system_fingerprint": None}

    def event(delta: Json | None, finish: str | None = None, usage: Json | None = None) -> bytes:
        choices = [] if delta is None else [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}]
        chunk = head | {"choices": choices} | ({"usage": usage} if wants_usage else {})
        return b"data: " + json.dumps(chunk, ensure_ascii=False, separators=(",", ":")).encode() + b"\n\n"

    yield event({"role": "assistant", "content": None if said.tool_calls and not said.text else "", "refusal": None})
    for piece in pieces_of(said.text):
        yield event({"content": piece})
    for index, call in enumerate(_calls(number, said)):
        function = call["function"]
        opening = call | {"index": index, "function": {"name": function["name"], "arguments": ""}}
        yield event({"tool_calls": [opening]})
        for piece in pieces_of(function["arguments"]):
            yield event({"tool_calls": [{"index": index, "function": {"arguments": piece}}]})
    yield event({}, _finish(said))
    if wants_usage:
        yield event(None, usage=_usage(billed))
    yield b"data: [DONE]\n\n"


def render_fault(fault: Fault) -> Json:
    kind, code = ("requests", "rate_limit_exceeded") if fault.status == 429 else ("server_error", None)
    if fault.status < 429:
        kind, code = "invalid_request_error", "invalid_api_key" if fault.status == 401 else None
    return {"error": {"message": fault.message, "type": kind, "param": None, "code": code}}


def _head(number: int, now: int, body: Json, kind: str) -> Json:
    model = str(body["model"])
    return {"id": random_id("chatcmpl-", number), "object": kind, "created": now, "model": SNAPSHOTS.get(model, model)}


def _calls(number: int, said: Answer) -> list[dict[str, Any]]:
    return [
        {
            "id": random_id("call_", number, index, length=24),
            "type": "function",
            "function": {"name": call.name, "arguments": json.dumps(call.arguments, separators=(",", ":"))},
        }
        for index, call in enumerate(said.tool_calls)
    ]


def _finish(said: Answer) -> str:
    return "tool_calls" if said.tool_calls else "stop"


def _usage(billed: Billed) -> Json:
    cached = billed.warm_tokens // CACHE_STEP_TOKENS * CACHE_STEP_TOKENS
    return {
        "prompt_tokens": billed.input_tokens,
        "completion_tokens": billed.output_tokens,
        "total_tokens": billed.input_tokens + billed.output_tokens,
        "prompt_tokens_details": {"cached_tokens": cached if cached >= CACHE_FROM_TOKENS else 0, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": billed.reasoning_tokens,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }
