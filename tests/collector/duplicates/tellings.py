"""Calls and spans for the tests of duplicates, short to write."""

from __future__ import annotations

from typing import Any

from suffice.wire.call import Call, Message, Usage
from suffice_collector.duplicates import DuplicateFinder, Mark
from suffice_store.records import CallRecord, SpanRecord

SECOND = 1_000_000_000
TEN = 10 * SECOND


def text(role: str, words: str) -> list[Message]:
    return [{"role": role, "parts": [{"type": "text", "content": words}]}] if words else []


def call(
    name: str, *, trace: str = "t", span: str | None = None, parent: str | None = None, scope: str = "client",
    dialect: str = "otel_genai", service: str | None = "app", model: str | None = "gpt-5-mini",
    tokens: tuple[int | None, int | None] = (42, 17), response: str | None = None, asked: str = "", answered: str = "",
    start: float = 0, end: float = 1, operation: str = "chat", error: str | None = None, stream: bool = False,
    **more: Any,
) -> CallRecord:  # fmt: skip
    """``start`` and ``end`` in seconds."""
    return CallRecord(
        call=Call(
            wire_format="", operation=operation, provider="openai", request_model=model, response_id=response,
            usage=None if tokens == (None, None) else Usage(*tokens), input_messages=text("user", asked),
            output_messages=text("assistant", answered), completeness="error" if error else "complete",
            error_type=error, stream=stream,
        ),
        call_id=f"id-{name}", trace_id=trace, span_id=span or name, parent_span_id=parent, service=service,
        dialect=dialect, started_ns=TEN + int(start * SECOND), ended_ns=TEN + int(end * SECOND),
        attributes={"otel.scope.name": scope}, **more,
    )  # fmt: skip


def span(name: str, parent: str | None = None, trace: str = "t", **attributes: Any) -> SpanRecord:
    return SpanRecord("default", trace, name, parent, name, 1, "agent", "app", 1, 2, "ok", dict(attributes))


def find(*calls: CallRecord, spans: tuple[SpanRecord, ...] = ()) -> list[Mark]:
    return DuplicateFinder().find(calls, spans)


def mark(name: str, of: str | None, rule: str) -> Mark:
    return Mark("default", f"id-{name}", None if of is None else f"id-{of}", rule)
