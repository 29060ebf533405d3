"""Errors as vendors state them in a body: ``error_type`` is their code where they give one, else their type."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from suffice.wire.call import Call
from suffice.wire.lenient import as_text

MESSAGE_CHARS = 1000


def note_failure(call: Call, body: Mapping[str, Any]) -> None:
    """If the body (or one choice) states an error: mark the call as failed, with type and message."""
    error = body.get("error") or (body if body.get("object") == "error" or _is_bare_failure(body) else None)
    if not error:
        return
    call.completeness = "error"
    if isinstance(error, Mapping):
        code, kind = error.get("code"), error.get("type")
        kind = kind if kind != "error" else None
        named = as_text(code) or as_text(kind) or as_text(error.get("status")) or (str(code) if code else None)
        call.error_type = named or call.error_type
        call.error_message = as_text(error.get("message")) or as_text(error.get("detail")) or call.error_message
    else:
        call.error_message = as_text(error) or call.error_message
    call.error_message = call.error_message and call.error_message[:MESSAGE_CHARS]


def _is_bare_failure(body: Mapping[str, Any]) -> bool:
    """FastAPI's ``{"detail": ...}`` and gateways' ``{"message": ..., "code": ...}``."""
    if "choices" in body or "content" in body:
        return False
    return bool(as_text(body.get("detail")) or (as_text(body.get("message")) and ("code" in body or len(body) == 1)))
