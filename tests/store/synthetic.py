"""Calls made up for tests: every value told apart from the others, ids and times from a counter."""

from __future__ import annotations

from typing import Any

from suffice.wire.call import Call, Message, Usage
from suffice.wire.canonical import call_hash
from suffice_store.records import CallRecord

START_NS = 1_795_500_000 * 10**9  # 2026-11-24T06:00:00Z
SECOND_NS = 10**9


def text(role: str, content: str) -> Message:
    return {"role": role, "parts": [{"type": "text", "content": content}]}


def call_record(
    number: int,
    *,
    project: str = "default",
    messages: list[Message] | None = None,
    answer: str | None = "fine",
    usage: Usage | None = None,
    started_ns: int | None = -1,
    **changes: Any,
) -> CallRecord:
    """Call ``number``: gpt-4o, 1,000 tokens in and 100 out, one second after the one before it.

    ``changes`` go to the Call where it has such a field, else to the record.
    """
    started = START_NS + number * SECOND_NS if started_ns == -1 else started_ns
    call = Call(
        wire_format="openai.chat",
        operation="chat",
        provider="openai",
        request_model="gpt-4o",
        response_model="gpt-4o-2024-08-06",
        input_messages=messages
        if messages is not None
        else [text("system", "be brief"), text("user", f"question {number}")],
        output_messages=[text("assistant", answer)] if answer is not None else [],
        usage=usage if usage is not None else Usage(input_tokens=1000, output_tokens=100),
        finish_reasons=["stop"],
        status_code=200,
    )
    record = CallRecord(
        call=call,
        call_id=call_hash(project, f"{number // 5:032x}", f"{number:016x}"),
        project=project,
        external_id=f"ext-{number}",
        trace_id=f"{number // 5:032x}",
        span_id=f"{number:016x}",
        run_id=f"run-{number // 5}",
        step=number % 5,
        service="shop",
        started_ns=started,
        ended_ns=None if started is None else started + SECOND_NS // 2,
    )
    for name, value in changes.items():
        setattr(call if hasattr(call, name) else record, name, value)
    return record
