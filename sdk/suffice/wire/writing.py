"""A recorded request as a body of its own or another chat format: what replay sends to a candidate.

``write_as(call, "anthropic.messages", model="claude-haiku-4-5")``. What another format can't hold is listed in
``Written.lost``; what it must hold and can't is a ``CannotWrite``. The docs' table is made from the same data.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from suffice.wire.call import Call, Message
from suffice.wire.portable import TARGETS, CannotWrite, portable_call
from suffice.wire.registry import FORMATS

__all__ = ["TARGETS", "CannotWrite", "Written", "write_as"]

_FORMATS = {each.NAME: each for each in FORMATS if each.CHATS}


@dataclass(frozen=True, slots=True)
class Written:
    """A request ready to be posted, and what of the recorded one it does not hold, in words."""

    wire_format: str
    path: str  # from the server's root, with a query where one is needed
    body: dict[str, Any]
    lost: tuple[str, ...]


def write_as(call: Call, wire_format: str, model: str | None = None, *, stream: bool | None = None) -> Written:
    """The call's request in that format, for that model (else its own). Raises CannotWrite, with what and where."""
    if wire_format not in _FORMATS:
        raise CannotWrite(f"no conversation can be written as {wire_format!r}; these take one: {', '.join(_FORMATS)}")
    if call.operation not in ("chat", "text_completion", "generate_content"):
        raise CannotWrite(f"{call.operation} is no conversation")
    lost: list[str] = []
    taken = call
    if call.wire_format != wire_format:
        taken, lost = portable_call(call, wire_format)
    elif blob := _first_blob(call.request_messages()):
        raise CannotWrite(blob)
    taken = replace(taken, request_model=model or call.request_model)
    if stream is not None:
        taken = replace(taken, stream=stream)
    target = _FORMATS[wire_format]
    return Written(wire_format, target.write_path(taken), target.write_request(taken), tuple(dict.fromkeys(lost)))


def _first_blob(messages: list[Message]) -> str | None:
    for position, message in enumerate(messages, 1):
        for part in message["parts"]:
            inner = [
                part,
                *(part["response"] if isinstance(part.get("response"), list) else []),
                *(part.get("attached") or []),
            ]
            for each in inner:
                if isinstance(each, dict) and each.get("type") == "blob":
                    name = f"{each.get('modality', 'file')} of {each.get('size')} bytes"
                    return f"message {position} holds a {name} of which only the hash was kept"
    return None
