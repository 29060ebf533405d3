"""Anthropic messages, as api.anthropic.com writes them: request bytes -> Ask, Answer -> body or events."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from suffice_demo.provider.faults import Fault
from suffice_demo.provider.pieces import pieces_of, random_id
from suffice_demo.provider.usage import CACHE_FROM_TOKENS, Billed
from suffice_demo.tasks.base import Answer, Ask, Json, Tool, ToolCall, Turn

PATH = "/v1/messages"


def parse_request(body: Json) -> Ask:
    """Raises KeyError or TypeError for a body that is no messages request."""
    turns = tuple(_parse_turn(message) for message in body["messages"])
    tools = tuple(
        Tool(each["name"], each.get("description", ""), each.get("input_schema", {}))
        for each in body.get("tools") or ()
    )
    body["max_tokens"]  # the API refuses a request without
    return Ask(_text(body.get("system") or ""), turns, tools, model=str(body["model"]))


def _text(content: str | list[Json]) -> str:
    return content if isinstance(content, str) else "".join(part.get("text", "") for part in content)


def _parse_turn(message: Json) -> Turn:
    content = message["content"]
    if isinstance(content, str):
        return Turn(message["role"], content)
    calls = tuple(ToolCall(part["name"], part["input"], part["id"]) for part in content if part["type"] == "tool_use")
    results = tuple((part["tool_use_id"], _text(part["content"])) for part in content if part["type"] == "tool_result")
    text = "".join(part["text"] for part in content if part["type"] == "text")
    return Turn(message["role"], text, calls, results)


def render_answer(number: int, _now: int, body: Json, said: Answer, billed: Billed) -> Json:
    """The whole ``message`` object."""
    return _head(number, body) | {
        "content": _blocks(number, said),
        "stop_reason": _stop(said),
        "stop_sequence": None,
        "usage": _usage(body, billed, billed.output_tokens),
    }


def render_chunks(number: int, _now: int, body: Json, said: Answer, billed: Billed) -> Iterator[bytes]:
    """The stream: message_start, the blocks, message_delta with the final usage, message_stop."""
    opening: Json = {"content": [], "stop_reason": None, "stop_sequence": None, "usage": _usage(body, billed, 1)}
    yield _event({"type": "message_start", "message": _head(number, body) | opening})
    for index, block in enumerate(_blocks(number, said)):
        if block["type"] == "text":
            start, kind, text = {"type": "text", "text": ""}, "text", block["text"]
        else:
            start, kind, text = block | {"input": {}}, "partial_json", json.dumps(block["input"])
        yield _event({"type": "content_block_start", "index": index, "content_block": start})
        if index == 0:
            yield _event({"type": "ping"})
        for piece in pieces_of(text):
            delta = {"type": "text_delta" if kind == "text" else "input_json_delta", kind: piece}
            yield _event({"type": "content_block_delta", "index": index, "delta": delta})
        yield _event({"type": "content_block_stop", "index": index})
    end = {"stop_reason": _stop(said), "stop_sequence": None}
    yield _event({"type": "message_delta", "delta": end, "usage": {"output_tokens": billed.output_tokens}})
    yield _event({"type": "message_stop"})


def render_fault(fault: Fault) -> Json:
    kinds = {400: "invalid_request_error", 401: "authentication_error", 429: "rate_limit_error", 500: "api_error"}
    return {"type": "error", "error": {"type": kinds.get(fault.status, "api_error"), "message": fault.message}}


def _event(data: Json) -> bytes:
    written = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return f"event: {data['type']}\ndata: {written}\n\n".encode()


def _head(number: int, body: Json) -> Json:
    return {
        "id": random_id("msg_01", number, length=22),
        "type": "message",
        "role": "assistant",
        "model": str(body["model"]),
    }


def _blocks(number: int, said: Answer) -> list[dict[str, Any]]:
    blocks: list[dict[str, Any]] = [{"type": "text", "text": said.text}] if said.text else []
    return blocks + [
        {
            "type": "tool_use",
            "id": random_id("toolu_01", number, index, length=22),
            "name": call.name,
            "input": call.arguments,
        }
        for index, call in enumerate(said.tool_calls)
    ]


def _stop(said: Answer) -> str:
    return "tool_use" if said.tool_calls else "end_turn"


def _usage(body: Json, billed: Billed, output_tokens: int) -> Json:
    """Anthropic's ``input_tokens`` leaves out what was read from or written to the cache."""
    read = written = 0
    if '"cache_control"' in json.dumps([body.get("system"), body["messages"][-1]]):
        read = billed.warm_tokens if billed.warm_tokens >= CACHE_FROM_TOKENS else 0
        marked_end = "cache_control" in json.dumps(body["messages"][-1])
        written = billed.input_tokens - read if marked_end and billed.input_tokens >= CACHE_FROM_TOKENS else 0
    return {
        "input_tokens": billed.input_tokens - read - written,
        "cache_creation_input_tokens": written,
        "cache_read_input_tokens": read,
        "cache_creation": {"ephemeral_5m_input_tokens": written, "ephemeral_1h_input_tokens": 0},
        "output_tokens": output_tokens,
        "service_tier": "standard",
        "inference_geo": "global",
    }
