"""The events of the responses API joined into the response that its last event carries whole.

``response.completed`` repeats everything, so the deltas matter only where a stream is cut (and behind
proxies that leave ``output`` empty there).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from suffice.wire.lenient import as_list, as_object, as_text, parse_json
from suffice.wire.sse import Event

_LAST = ("response.completed", "response.incomplete", "response.failed")
_DELTAS = {  # event -> list of the item, type of the part in it, its field
    "response.output_text.delta": ("content", "output_text", "text"),
    "response.refusal.delta": ("content", "refusal", "refusal"),
    "response.reasoning_text.delta": ("content", "reasoning_text", "text"),
    "response.reasoning_summary_text.delta": ("summary", "summary_text", "text"),
}
_FIELD_DELTAS = {
    "response.function_call_arguments.delta": ("function_call", "arguments"),
    "response.custom_tool_call_input.delta": ("custom_tool_call", "input"),
    "response.code_interpreter_call_code.delta": ("code_interpreter_call", "code"),
    "response.mcp_call_arguments.delta": ("mcp_call", "arguments"),
}


def join_stream(events: Iterable[Event]) -> tuple[dict[str, Any], bool]:
    """The events as one response body, and whether the stream said that it was over."""
    body: dict[str, Any] = {}
    items: dict[int, dict[str, Any]] = {}
    ended = False
    for event in events:
        data = as_object(parse_json(event.data))
        kind = as_text(data.get("type")) or event.event
        if response := as_object(data.get("response")):
            body |= response
            ended = ended or kind in _LAST
        elif kind == "error" or (event.event == "error" and data):
            body["error"] = data.get("error") or data
        elif kind in ("response.output_item.added", "response.output_item.done"):
            items[_index(data, "output_index", len(items))] = dict(as_object(data.get("item")))
        elif kind in _DELTAS:
            _add_text(items.setdefault(_index(data, "output_index", 0), {}), data, *_DELTAS[kind])
        elif kind in _FIELD_DELTAS:
            item = items.setdefault(_index(data, "output_index", 0), {})
            item_type, field = _FIELD_DELTAS[kind]
            item.setdefault("type", item_type)
            item[field] = (as_text(item.get(field)) or "") + (as_text(data.get("delta")) or "")
    if items and not (ended and as_list(body.get("output"))):
        body["output"] = [items[index] for index in sorted(items)]
    return body, ended


def _index(data: Mapping[str, Any], name: str, default: int) -> int:
    index = data.get(name)
    return index if isinstance(index, int) and 0 <= index < 10_000 else default


def _add_text(item: dict[str, Any], data: Mapping[str, Any], place: str, part_type: str, field: str) -> None:
    item.setdefault("type", "reasoning" if "reasoning" in part_type or place == "summary" else "message")
    parts = item[place] = [each for each in as_list(item.get(place)) if isinstance(each, dict)]
    index = _index(data, "summary_index" if place == "summary" else "content_index", 0)
    while len(parts) <= min(index, 1000):
        parts.append({"type": part_type, field: ""})
    part = parts[min(index, 1000)]
    part[field] = (as_text(part.get(field)) or "") + (as_text(data.get("delta")) or "")
