"""The canonical form of a message, and the hashes made from it.

An agent resends its history with every step, spelled a little differently each time (a null field,
a cache mark, arguments with other spacing). Hashed as sent, 448 of tau_bench's 2,150 calls with
history find the call before them; hashed in this form, all do. Versioned, because a stored hash can
not be made again once the form has changed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b
from typing import Any

from suffice.wire.lenient import parse_arguments

CANONICAL_VERSION = 1
HASH_BYTES = 16  # BLAKE2b-128, written as 32 hex digits

_SHORT = 256
_HASH_SIZE = "\0\0\0\0\0\0\0 "  # of a hash's 32 digits, as ``_digest`` writes it
_SIZES = [size.to_bytes(8, "big") for size in range(_SHORT)]  # of ids and hashes, of which most digests are made

_ROLES = {"developer": "system", "model": "assistant", "function": "tool"}

# What each part type is, and nothing else: cache_control, logprobs, annotations stay on the call.
_PART_FIELDS: dict[str, tuple[str, ...]] = {
    "text": ("content",),
    "reasoning": ("content",),
    "refusal": ("content",),
    "tool_call": ("id", "name", "arguments"),
    "tool_call_response": ("id", "response"),
    "blob": ("modality", "mime_type", "blake2b", "size"),
    "uri": ("uri",),
    "file": ("file_id",),
}


def canonical_message(message: Mapping[str, Any]) -> dict[str, Any]:
    """``{"role", "parts"}`` with only what identifies the message; adjacent text parts become one.

    Reasoning is left out: vendors return it in the answer but not every client sends it back.
    """
    parts: list[dict[str, Any]] = []
    for part in message.get("parts") or ():
        kind = part.get("type", "generic")
        if kind == "reasoning":
            continue
        if kind == "text":
            content = part.get("content") or ""
            if not content:
                continue
            if parts and parts[-1]["type"] == "text":
                parts[-1] = {"type": "text", "content": parts[-1]["content"] + content}
            else:
                parts.append({"type": "text", "content": content})
            continue
        fields = _PART_FIELDS.get(kind)
        chosen = {k: part.get(k) for k in fields} if fields else {k: v for k, v in part.items() if k != "cache_control"}
        kept = {k: v for k, v in chosen.items() if v is not None}
        kept["type"] = kind
        if kind == "tool_call":
            kept["arguments"] = parse_arguments(kept.get("arguments"))
        elif kind == "tool_call_response":
            kept["response"] = _response_text(kept.get("response"))
        parts.append(kept)
    canonical: dict[str, Any] = {"role": canonical_role(message.get("role")), "parts": parts}
    return canonical


def canonical_json(value: Any) -> bytes:
    """Sorted keys, no spaces, UTF-8. Lone surrogates are kept as the bytes they would be."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str).encode(
        "utf-8", "surrogatepass"
    )


def message_hash(project: str, canonical: Mapping[str, Any]) -> str:
    """32 hex digits that identify a canonical message within a project."""
    return written_message_hash(project, canonical_json(canonical))


def written_message_hash(project: str, written: bytes) -> str:
    """The same of a message that is ``canonical_json`` already."""
    return _digest(project.encode(), written)


def content_hash(project: str, value: Any) -> str:
    """32 hex digits that identify any JSON value (a set of tools, say) within a project."""
    return _digest(project.encode(), canonical_json(value))


def chain_hash(message_hashes: Iterable[str], start: str = "") -> str:
    """The hash of a sequence of messages, one link at a time: ``chain(a+b) == chain(b, start=chain(a))``."""
    link = start
    for each in message_hashes:
        if len(each) == len(link) == 2 * HASH_BYTES and each.isascii() and link.isascii():
            link = blake2b(f"{_HASH_SIZE}{link}{_HASH_SIZE}{each}".encode(), digest_size=HASH_BYTES).hexdigest()
        else:
            link = _digest(link.encode(), each.encode())
    return link


def chains(
    request_hashes: Sequence[str], request_roles: Sequence[str], answer_hash: str | None
) -> tuple[str | None, str | None]:
    """``chain_before`` and ``chain_after`` of a call, which link the calls of a conversation without any id.

    Before: over the request's messages up to and including the last assistant one; None without history.
    After: over the request and its answer; None without an answer. A call's before equals the after of
    the call whose answer is the last one in its history. ``answer_hash`` is the first choice's.
    """
    last = len(request_roles) - 1
    while last >= 0 and request_roles[last] != "assistant":
        last -= 1
    history = chain_hash(request_hashes[: last + 1])
    before = history if last >= 0 else None
    after = chain_hash([*request_hashes[last + 1 :], answer_hash], history) if answer_hash is not None else None
    return before, after


def call_hash(project: str, trace_id: str, span_id: str) -> str:
    """The ``call_id`` of a span: 32 hex digits."""
    return _digest(project.encode(), b"span", trace_id.encode(), span_id.encode())


def logged_call_hash(project: str, external_id: str, request: bytes) -> str:
    """The ``call_id`` of a line in a log that has its own ids. The request is in it: two logs may both count from 1."""
    return _digest(project.encode(), b"id", external_id.encode("utf-8", "surrogatepass"), request)


def unnamed_call_hash(project: str, content: bytes, ordinal: int) -> str:
    """The ``call_id`` of a line without an id: by what it says, and which one of the equal lines of its file it is."""
    return _digest(project.encode(), b"content", content, str(ordinal).encode())


def _digest(*pieces: bytes) -> str:
    state = blake2b(digest_size=HASH_BYTES)
    for piece in pieces:
        size = len(piece)
        state.update(_SIZES[size] if size < _SHORT else size.to_bytes(8, "big"))
        state.update(piece)
    return state.hexdigest()


def canonical_role(role: Any) -> str:
    """One word per role: vendors have several."""
    return _ROLES.get(str(role), str(role))


def _response_text(response: Any) -> Any:
    """A tool's answer as one value: a list of text parts is the text (vendors differ)."""
    if isinstance(response, list) and all(isinstance(p, Mapping) and p.get("type") == "text" for p in response):
        response = "".join(str(p.get("text", p.get("content", ""))) for p in response)
    return response
