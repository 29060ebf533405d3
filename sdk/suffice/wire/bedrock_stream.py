"""converse-stream: events joined into the body that converse would have answered."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from suffice.wire.lenient import as_object, as_text, parse_arguments, parse_json
from suffice.wire.sse import Event

_KINDS = ("messageStart", "contentBlockStart", "contentBlockDelta", "contentBlockStop", "messageStop", "metadata")


def join_stream(events: Iterable[Event]) -> tuple[dict[str, Any], bool]:
    """The events as one response body, and whether the stream said that it was over."""
    body: dict[str, Any] = {}
    blocks: dict[int, dict[str, Any]] = {}
    started = False
    for event in events:
        kind, data = _named(event)
        index = data.get("contentBlockIndex")
        index = index if isinstance(index, int) else 0
        match kind:
            case "messageStart":
                started = True
            case "contentBlockStart":
                blocks.setdefault(index, {}).update(as_object(data.get("start")))
            case "contentBlockDelta":
                _add_delta(blocks.setdefault(index, {}), as_object(data.get("delta")))
            case "messageStop":
                body["stopReason"] = data.get("stopReason")
            case "metadata":
                body |= {key: data[key] for key in ("usage", "serviceTier") if key in data}
            case _:
                if failure := _failure(kind, data):
                    body["error"] = failure
    if started or blocks:
        for block in blocks.values():
            if "toolUse" in block:
                use = as_object(block["toolUse"])
                block["toolUse"] = use | {"input": parse_arguments(use.get("input"))}
        body["output"] = {"message": {"role": "assistant", "content": [blocks[each] for each in sorted(blocks)]}}
    return body, bool(as_text(body.get("stopReason")))


def _named(event: Event) -> tuple[str, dict[str, Any]]:
    """An AWS frame carries its kind in a header; as botocore yields it, it is the one key of the object."""
    data = as_object(parse_json(event.data))
    if event.event:
        return event.event, data
    kind = next((each for each in data if each in _KINDS or each.endswith("Exception")), "")
    return (kind, as_object(data[kind])) if kind else ("", data)


def _failure(kind: str, data: Mapping[str, Any]) -> dict[str, Any] | None:
    if error := as_object(data.get("error")):
        return error
    return {"type": kind, "message": data.get("message")} if kind.endswith("Exception") else None


def _add_delta(block: dict[str, Any], delta: Mapping[str, Any]) -> None:
    if isinstance(text := delta.get("text"), str):
        block["text"] = (as_text(block.get("text")) or "") + text
    if isinstance(fragment := as_object(delta.get("toolUse")).get("input"), str):
        use = block["toolUse"] = as_object(block.get("toolUse"))
        use["input"] = (as_text(use.get("input")) or "") + fragment
    if isinstance(thought := as_object(delta.get("reasoningContent")).get("text"), str):
        before = as_text(as_object(as_object(block.get("reasoningContent")).get("reasoningText")).get("text"))
        block["reasoningContent"] = {"reasoningText": {"text": (before or "") + thought}}
