"""A recorded request as a body of its own or another chat format: what replay sends to a candidate.

``write_as(call, "anthropic.messages", model="claude-haiku-4-5")``. What another format can't hold is listed in
``Written.lost``; what it must hold and can't is a ``CannotWriteError``. The docs' table is made from the same data.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from suffice.wire.call import Call, Message
from suffice.wire.portable import TARGETS, CannotWriteError, missing_bytes, portable_call
from suffice.wire.registry import FORMATS

__all__ = ["TARGETS", "CannotWriteError", "Written", "write_as"]

_FORMATS = {each.NAME: each for each in FORMATS if each.CHATS}


@dataclass(frozen=True, slots=True)
class Written:
    """A request ready to be posted, and what of the recorded one it does not hold, in words."""

    wire_format: str
    path: str  # from the server's root, with a query where one is needed
    body: dict[str, Any]
    lost: tuple[str, ...]


def write_as(call: Call, wire_format: str, model: str | None = None, *, stream: bool | None = None) -> Written:
    """The call's request in that format, for that model (else its own). Raises CannotWriteError, with what and where."""
    if wire_format not in _FORMATS:
        raise CannotWriteError(
            f"no conversation can be written as {wire_format!r}; these take one: {', '.join(_FORMATS)}"
        )
    if call.operation not in ("chat", "text_completion", "generate_content"):
        raise CannotWriteError(f"{call.operation} is no conversation")
    lost: list[str] = []
    taken = call
    if call.wire_format != wire_format:
        taken, lost = portable_call(call, wire_format)
    elif missing := _missing_bytes(call.request_messages()):
        raise CannotWriteError(missing)
    taken = replace(taken, request_model=model or call.request_model)
    if stream is not None:
        taken = replace(taken, stream=stream)
    target = _FORMATS[wire_format]
    return Written(wire_format, target.write_path(taken), target.write_request(taken), tuple(dict.fromkeys(lost)))


def _missing_bytes(messages: list[Message]) -> str | None:
    found = (
        missing_bytes(part, f"message {position}")
        for position, message in enumerate(messages, 1)
        for part in message["parts"]
    )
    return next((each for each in found if each), None)
