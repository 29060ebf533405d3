"""What was stored lately, for who must know it again after a restart: calls as a duplicate finder compares them.

Across projects, so that no named read: this never leaves the process.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

import sqlalchemy as sa

from suffice.wire.call import Call, Message, Usage
from suffice_store.reads.functions import first_match
from suffice_store.records import CallRecord
from suffice_store.tables import calls, duplicates, messages, spans, toolsets

MOST_CALLS = 20_000
MOST_SPANS = 50_000
_AT_ONCE = 500  # calls with their texts
_SAID = ("input_hashes", "output_hashes")


@dataclass(frozen=True, slots=True)
class RecentSpan:
    project: str
    trace_id: str
    span_id: str
    parent_span_id: str | None


def recent_calls(connection: sa.Connection, since_received_ns: int, attribute: str) -> Iterator[CallRecord]:
    """The latest calls with a trace, oldest first, with their last message of either side and without the others.

    Of their attributes only ``attribute`` comes along, and a few texts at a time: what lies in an hour may be gigabytes.
    """
    traced = (calls.c.received_ns >= since_received_ns, calls.c.trace_id.is_not(None))
    latest = sa.select(calls.c.received_ns).where(*traced).order_by(calls.c.received_ns.desc()).limit(MOST_CALLS)
    found = connection.scalar(sa.select(sa.func.min(latest.subquery("latest").c.received_ns)))
    since = max(found or 0, since_received_ns)
    # By its spelling: to parse all attributes takes six times their bytes.
    spelled = first_match(calls.c.attributes, f'"{re.escape(attribute)}": ?("(?:[^"\\\\]|\\\\.)*")').label("spelled")
    chosen = sa.select(*(calls.c[name] for name in _RECENT), calls.c.received_ns, spelled).where(
        calls.c.received_ns >= since, calls.c.trace_id.is_not(None)
    )
    rows: list[Any] = [row._mapping for row in connection.execute(chosen)]
    # Sorted here: there it would sort what is long.
    rows.sort(key=lambda row: (row["received_ns"], row["started_ns"] or 0, row["call_id"]))
    rows = rows[-MOST_CALLS:]
    for start in range(0, len(rows), _AT_ONCE):
        some = [{**_UNREAD, **row} for row in rows[start : start + _AT_ONCE]]
        said = [(row["project"], row[side][-1]) for row in some for side in _SAID if row[side]]
        texts = _texts(connection, set(said))
        for row in some:
            record = _record(row, texts, last_only=True)
            record.attributes = {attribute: json.loads(row["spelled"])} if row["spelled"] else {}
            yield record


def recent_spans(connection: sa.Connection, since_received_ns: int) -> Iterator[RecentSpan]:
    """The latest spans that are no calls: what makes a trace's tree whole."""
    chosen = (
        sa.select(spans.c.project, spans.c.trace_id, spans.c.span_id, spans.c.parent_span_id)
        .where(spans.c.received_ns >= since_received_ns)
        .order_by(spans.c.received_ns.desc())
        .limit(MOST_SPANS)
    )
    for row in connection.execute(chosen):
        yield RecentSpan(*row)


def marks_since(connection: sa.Connection, since_ns: int) -> dict[tuple[str, str], tuple[str, str]]:
    """(project, call_id) -> (duplicate_of, rule), of the calls whose latest mark since then says so."""
    chosen = sa.select(duplicates).where(duplicates.c.recorded_ns >= since_ns).order_by(duplicates.c.recorded_ns)
    latest = {(row.project, row.call_id): (row.duplicate_of, row.rule) for row in connection.execute(chosen)}
    return {key: (of, rule) for key, (of, rule) in latest.items() if of}


def stored_call(connection: sa.Connection, project: str, call_id: str) -> CallRecord | None:
    """A call as it was appended, whole; None where there is none."""
    chosen = sa.select(calls).where(calls.c.project == project, calls.c.call_id == call_id).limit(1)
    row = connection.execute(chosen).mappings().first()
    if row is None:
        return None
    wanted = {(project, each) for each in (*row["input_hashes"], *row["output_hashes"])}
    record = _record(row, _texts(connection, wanted))
    if row["toolset_hash"]:
        tools = sa.select(toolsets.c.tools).where(
            toolsets.c.project == project, toolsets.c.toolset_hash == row["toolset_hash"]
        )
        text = connection.scalar(tools.limit(1))
        record.call.tool_definitions = json.loads(text) if text else []
    return record


def _texts(connection: sa.Connection, wanted: set[tuple[str, str]]) -> dict[tuple[str, str], Message]:
    found: dict[tuple[str, str], Message] = {}
    hashes = sorted({digest for _, digest in wanted})
    for start in range(0, len(hashes), 1_000):
        some = sa.select(messages.c.project, messages.c.message_hash, messages.c.content).where(
            messages.c.message_hash.in_(hashes[start : start + 1_000])
        )
        for row in connection.execute(some):
            found[row.project, row.message_hash] = cast(Message, json.loads(row.content))
    return found


def _record(row: Any, texts: dict[tuple[str, str], Message], *, last_only: bool = False) -> CallRecord:
    def said(hashes: list[str]) -> list[Message]:
        chosen = hashes[-1:] if last_only else hashes
        return [texts[row["project"], each] for each in chosen if (row["project"], each) in texts]

    usage = Usage(
        **{name: row[name] for name in _TOKENS},
        source=row["usage_source"],
        raw=json.loads(row["usage_raw"]) if row["usage_raw"] else None,
    )
    call = Call(
        **{name: row[name] for name in _CALL},
        input_messages=said(row["input_hashes"]),
        output_messages=said(row["output_hashes"]),
        usage=None if usage.source == "absent" else usage,
        parameters=json.loads(row["parameters"]) if row["parameters"] else {},
        response_format=json.loads(row["response_format"]) if row["response_format"] else None,
        finish_reasons=[row["finish_reason"]] if row["finish_reason"] else [],
    )
    attributes = json.loads(row["attributes"]) if row["attributes"] else {}
    return CallRecord(call=call, attributes=attributes, **{name: row[name] for name in _RECORD})


_TOKENS = (
    "input_tokens", "output_tokens", "cache_read_tokens", "cache_write_5m_tokens", "cache_write_1h_tokens",
    "reasoning_tokens", "audio_input_tokens", "audio_output_tokens",
)  # fmt: skip
_CALL = (
    "wire_format", "operation", "provider", "request_model", "response_model", "stream", "response_id", "service_tier",
    "completeness", "status_code", "error_type", "error_message",
)  # fmt: skip
_RECORD = (
    "call_id", "project", "external_id", "trace_id", "span_id", "parent_span_id", "run_id", "run_name", "step",
    "service", "environment", "agent_name", "task_name", "conversation_id", "user_id", "call_site", "server_address",
    "attempt", "started_ns", "ended_ns", "time_to_first_token_ms", "source", "dialect",
)  # fmt: skip
_UNREAD = dict.fromkeys(("usage_raw", "parameters", "response_format", "attributes", "error_message"))  # may be long
_RECENT = tuple(
    name for name in (*_TOKENS, *_CALL, *_RECORD, *_SAID, "usage_source", "finish_reason") if name not in _UNREAD
)
