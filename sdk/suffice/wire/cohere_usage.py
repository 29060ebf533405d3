"""What Cohere states as usage: ``billed_units`` is what is paid for, ``tokens`` what the model saw with its frame.

The billed ones are taken, since a price is for those. ``cached_tokens`` is a part of the others (1,040 of them
beside 41 billed ones was seen), so it stays in the raw object, which keeps all. Reranking is billed by search.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from suffice.wire.call import Call, Usage
from suffice.wire.lenient import as_object, as_text, first_count

FINISH_REASONS = {
    "COMPLETE": "stop",
    "STOP_SEQUENCE": "stop",
    "MAX_TOKENS": "length",
    "ERROR_LIMIT": "length",
    "TOOL_CALL": "tool_call",
    "ERROR": "error",
    "TIMEOUT": "error",
    "ERROR_TOXIC": "content_filter",
}


def cohere_usage(raw: dict[str, Any], *, embeds: bool = False) -> Usage | None:
    """Of a ``usage`` (v2) or ``meta`` (v1) object; None where it counts nothing."""
    billed, seen = as_object(raw.get("billed_units")), as_object(raw.get("tokens"))
    given = first_count(billed.get("input_tokens"), seen.get("input_tokens"))
    output = first_count(billed.get("output_tokens"), seen.get("output_tokens"))
    kept: dict[str, Any] = {key: raw[key] for key in ("billed_units", "tokens", "cached_tokens") if key in raw}
    if given is None and output is None and not billed:
        return None
    return Usage(given, 0 if embeds and given is not None else output, raw=kept)


def note_finish(call: Call, message: Any, reason: str | None) -> None:
    """Put the finish reason on the answer and the call; one with tool calls ended in them."""
    if not reason:
        return
    named = FINISH_REASONS.get(reason, reason.lower())
    if named == "stop" and any(part["type"] == "tool_call" for part in message["parts"]):
        named = "tool_call"
    message["finish_reason"] = named
    call.finish_reasons.append(named)


def error_of(body: Mapping[str, Any]) -> dict[str, Any]:
    """Cohere's failures are ``{"id", "message"}``: as the shape that ``note_failure`` reads."""
    message = as_text(body.get("message"))
    return {**body, "error": {"message": message}} if message and "error" not in body else dict(body)
