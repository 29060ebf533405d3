"""Gemini's stream: every event is a whole response with the next piece of each candidate, its usage so far."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from suffice.wire.lenient import as_list, as_object, as_objects, as_text, parse_json
from suffice.wire.sse import Event

_COUNTED = ("candidatesTokenCount", "thoughtsTokenCount")


def join_stream(events: Iterable[Event]) -> tuple[dict[str, Any], bool]:
    """The events as one response body, and whether the stream said that it was over."""
    body: dict[str, Any] = {}
    candidates: dict[int, dict[str, Any]] = {}
    for event in events:
        chunk = as_object(parse_json(event.data))
        for key in ("modelVersion", "responseId", "promptFeedback", "error"):
            if chunk.get(key):
                body[key] = chunk[key]
        if usage := as_object(chunk.get("usageMetadata")):
            body["usageMetadata"] = as_object(body.get("usageMetadata")) | usage
        for candidate in as_objects(chunk.get("candidates")):
            index = candidate.get("index")
            _add(candidates.setdefault(index if isinstance(index, int) else 0, {"content": {"parts": []}}), candidate)
    if candidates:
        body["candidates"] = [candidates[index] for index in sorted(candidates)]
    ended = bool(candidates) and all(as_text(each.get("finishReason")) for each in candidates.values())
    ended = ended or bool(as_object(body.get("promptFeedback")).get("blockReason"))
    usage = as_object(body.get("usageMetadata"))
    if not ended and not any(key in usage for key in _COUNTED):  # the total so far says nothing of the answer
        body.pop("usageMetadata", None)
    return body, ended


def _add(joined: dict[str, Any], candidate: Mapping[str, Any]) -> None:
    joined["content"]["parts"] += as_list(as_object(candidate.get("content")).get("parts"))
    if reason := as_text(candidate.get("finishReason")):
        joined["finishReason"] = reason
