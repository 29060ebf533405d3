"""A telling: what one span or log record says of a call, as much of it as the rules compare."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from isal import isal_zlib

from suffice.wire.call import Message
from suffice_collector.dialects.place import SCOPE_NAME
from suffice_store.records import CallRecord

# dialect, scope, service, whether on a log record: one emitter tells a call once
Emitter = tuple[str, str, str | None, bool]

OWN = "suffice"  # the dialect of our own SDK
LOG_DIALECTS = frozenset({"otel_events", "claude_code_logs", "codex_logs", "gemini_cli"})
_SNAPSHOT = re.compile(r"[-@:](latest|\d{4}[\d-]*)")
SAID_CHARS = 2_000  # of a text, from its end: two messages that are equal there are taken for equal


@dataclass(frozen=True, slots=True)
class Mark:
    """A row for ``duplicates``; ``duplicate_of`` None takes an earlier mark back."""

    project: str
    call_id: str
    duplicate_of: str | None
    rule: str


@dataclass(slots=True)
class Telling:
    call_id: str
    span_id: str
    parent_span_id: str | None
    emitter: Emitter
    operation: str
    models: frozenset[str]  # of the request and the response, without a vendor's prefix; may be empty
    response_id: str | None
    started_ns: int
    ended_ns: int
    input_tokens: int | None
    output_tokens: int | None
    asked: int | None  # checksum of the last message of the request; None = not told
    answered: int | None
    failed: bool
    stream: bool
    rank: tuple[bool, ...]  # ours, with content, with tokens, with a model, a span: the greater one is kept
    told_by: str | None = None  # the call that tells the same, by any rule but the ancestors'
    matched: frozenset[Emitter] = frozenset()  # emitters whose telling of this call is known

    def is_log(self) -> bool:
        return self.emitter[3]


def telling_of(record: CallRecord, span_id: str) -> Telling:
    call, usage = record.call, record.call.usage
    tokens = usage.input_tokens if usage else None
    scope = str(record.attributes.get(SCOPE_NAME, ""))
    return Telling(  # by position: half the time
        record.call_id,
        span_id,
        record.parent_span_id,
        _emitter(record.dialect, scope, record.service),
        call.operation,
        models_of(call.request_model, call.response_model),
        call.response_id,
        record.started_ns or 0,
        record.ended_ns or 0,
        tokens,
        usage.output_tokens if usage else None,
        said_of(call.input_messages),
        said_of(call.output_messages),
        call.completeness == "error",
        call.stream,
        rank_of(
            record.dialect,
            bool(call.input_messages or call.output_messages),
            tokens is not None,
            bool(call.request_model or call.response_model),
        ),
    )


# A hundred thousand tellings are remembered: what is the same in many of them is one object.


@lru_cache(maxsize=4096)
def _emitter(dialect: str, scope: str, service: str | None) -> Emitter:
    return dialect, scope, service, dialect in LOG_DIALECTS


@lru_cache(maxsize=4096)
def rank_of(dialect: str, content: bool, tokens: bool, model: bool) -> tuple[bool, ...]:
    return dialect == OWN, content, tokens, model, dialect not in LOG_DIALECTS


@lru_cache(maxsize=4096)
def models_of(*names: str | None) -> frozenset[str]:
    return frozenset(name.lower().rpartition("/")[2] for name in names if name)


def same_model(a: Telling, b: Telling) -> bool:
    """Not told apart by their models: ``gpt-4o-mini`` and the snapshot ``gpt-4o-mini-2024-07-18`` may be one."""
    if not a.models or not b.models or a.models & b.models:
        return True
    return any(_is_snapshot(x, y) or _is_snapshot(y, x) for x in a.models for y in b.models)


def _is_snapshot(name: str, model: str) -> bool:
    return name.startswith(model) and _SNAPSHOT.fullmatch(name[len(model) :]) is not None


def same_words(a: Telling, b: Telling) -> bool:
    """Not told apart by what was said; who tells no content can't be."""
    return all(x is None or y is None or x == y for x, y in ((a.asked, b.asked), (a.answered, b.answered)))


def said_of(messages: Sequence[Message]) -> int | None:
    """A checksum of the text of the last message (tool calls by name), white space around it aside.

    Not ``hash``: that of another process is another one, and what is remembered moves to the building process.
    """
    if not messages:
        return None
    joined = ""
    for part in messages[-1]["parts"]:
        text = part.get("content") if part.get("type") == "text" else part.get("name", part.get("response"))
        if isinstance(text, str) and (said := text[-SAID_CHARS:].strip()):
            joined = f"{joined} {said}" if joined else said
    if not joined:
        return None
    told = joined.encode("utf-8", "surrogatepass")
    return int(isal_zlib.crc32(told)) << 32 | len(told)
