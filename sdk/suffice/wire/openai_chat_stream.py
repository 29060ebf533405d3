"""OpenAI chat's stream: chunks of deltas joined into the body the same request would have got without streaming."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from suffice.wire.lenient import as_list, as_object, as_objects, as_text, parse_json
from suffice.wire.sse import Event


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
        for key in ("id", "model", "service_tier", "usage", "x_groq", "error"):
            if chunk.get(key):
                body[key] = chunk[key]
        if event.event == "error" and "error" not in body and chunk:
            body["error"] = chunk
        for choice in as_objects(chunk.get("choices")):
            index = choice.get("index")
            index = index if isinstance(index, int) else 0
            _add_delta(choices.setdefault(index, {"index": index, "message": {}}), choice)
    if choices:
        body["choices"] = [choices[index] for index in sorted(choices)]
    ended = done or (bool(choices) and all(each.get("finish_reason") for each in choices.values()))
    return body, ended


def _add_delta(choice: dict[str, Any], chunk: Mapping[str, Any]) -> None:
    for key in ("finish_reason", "usage", "error"):
        if chunk.get(key):
            choice[key] = chunk[key]
    message = choice["message"]
    delta = as_object(chunk.get("delta")) or as_object(chunk.get("message"))
    for key in ("reasoning_content", "reasoning", "refusal"):
        if text := as_text(delta.get(key)):
            message[key] = message.get(key, "") + text
    content = delta.get("content")
    if isinstance(content, str) and isinstance(message.get("content", ""), str):
        message["content"] = message.get("content", "") + content
    elif content:
        message["content"] = [*as_list(_as_parts(message.get("content"))), *as_list(_as_parts(content))]
    _add_fragments(message, delta)


def _as_parts(content: Any) -> list[Any]:
    return [content] if isinstance(content, str) else as_list(content)


def _add_fragments(message: dict[str, Any], delta: Mapping[str, Any]) -> None:
    if legacy := as_object(delta.get("function_call")):
        _add_function(message.setdefault("function_call", {}), legacy)
    for position, fragment in enumerate(as_objects(delta.get("tool_calls"))):
        calls = message.setdefault("tool_calls", [])
        index = fragment.get("index")
        index = index if isinstance(index, int) else position
        found = next((each for each in calls if each["index"] == index), None)
        fresh_id = as_text(fragment.get("id"))
        if found is None or (fresh_id and found.get("id") and found["id"] != fresh_id):  # some send every call as 0
            found = {"index": index if found is None else len(calls) + index, "function": {}}
            calls.append(found)
        if fresh_id:
            found["id"] = fresh_id
        _add_function(found["function"], as_object(fragment.get("function")) or as_object(fragment.get("custom")))
    if audio := as_object(delta.get("audio")):
        joined = message.setdefault("audio", {})
        for key in ("data", "transcript"):
            if text := as_text(audio.get(key)):
                joined[key] = joined.get(key, "") + text
        if audio_id := as_text(audio.get("id")):
            joined["id"] = audio_id


def _add_function(function: dict[str, Any], fragment: Mapping[str, Any]) -> None:
    if name := as_text(fragment.get("name")):
        function["name"] = function.get("name") or name
    arguments = fragment.get("arguments", fragment.get("input"))
    if isinstance(arguments, str):
        function["arguments"] = function.get("arguments", "") + arguments
    elif arguments is not None:
        function["arguments"] = json.dumps(arguments)
