"""Helicone: requests as its API and its exporter write them (JSON, JSON Lines, CSV), with the bodies as they were sent.

The bodies are read as on the wire. Where they are missing (kept apart in a bucket), the row's counts are what there is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO

from suffice.wire.lenient import as_object
from suffice_collector.importers import told
from suffice_collector.importers.contract import Context, Read, Skipped
from suffice_collector.importers.entries import head_objects, read_entries
from suffice_collector.importers.shapes import loaded, parse_call
from suffice_collector.importers.told import Place, count, first_text, id_text
from suffice_store.records import CallRecord

NAME = "helicone"

SESSION = ("Helicone-Session-Id", "helicone-session-id")
_READ = ("request_id", "response_id", "request_created_at", "response_created_at", "request_body", "response_body",
         "request_user_id", "user_id", "request_properties", "properties", "provider", "request_model", "model",
         "response_model", "prompt_tokens", "completion_tokens", "cost", "costUSD", "cost_usd", "signed_body_url",
         "llmSchema", "asset_urls", "request_path", "target_url")  # fmt: skip


def recognises(head: bytes, path: str) -> bool:
    return any(_is_request(each) for each in head_objects(head))


def read(stream: BinaryIO, context: Context) -> Iterator[Read]:
    """Each request as a CallRecord."""
    for entry in read_entries(stream):
        if entry.value is None:
            yield Skipped(entry.line, entry.reason)
        elif not _is_request(entry.value):
            yield Skipped(entry.line, "no request of Helicone")
        else:
            yield _record(entry.value, context)


def _is_request(entry: Mapping[str, Any]) -> bool:
    return "request_id" in entry and "request_created_at" in entry and "spend" not in entry


def _record(row: Mapping[str, Any], context: Context) -> CallRecord:
    properties = as_object(loaded(row.get("request_properties"))) or as_object(loaded(row.get("properties")))
    status = count(row.get("response_status") if row.get("response_status") is not None else row.get("status"))
    answered = loaded(row.get("response_body"))
    failed = (status is not None and status >= 400) or (status is not None and status < 0)
    call = parse_call(
        loaded(row.get("request_body")),
        answered if answered not in ("", {}, []) else None,
        model=first_text(row, "request_model", "model_override", "model"),
        provider=first_text(row, "provider"),
    )
    call.response_model = call.response_model or first_text(row, "response_model", "model")
    call.status_code = status if status and 0 < status < 1000 else None
    if "embedding" in (first_text(row, "request_path") or ""):
        call.operation = "embeddings"
    stated = told.counted_usage(count(row.get("prompt_tokens")), count(row.get("completion_tokens")), {})
    if call.usage is None and stated is not None and (stated.input_tokens or stated.output_tokens):
        stated.cache_read_tokens = count(row.get("prompt_cache_read_tokens"))
        stated.cache_write_5m_tokens = count(row.get("prompt_cache_write_tokens"))
        stated.reasoning_tokens = count(row.get("reasoning_tokens"))
        call.usage = stated
    if not failed and call.completeness == "partial":
        call.completeness = "complete"  # the answer was given; its text is kept elsewhere
    session = first_text(properties, *SESSION)
    place = Place(
        trace_id=session,
        span_id=id_text(row["request_id"]) or "",
        started_ns=told.time_ns(row, "request_created_at"),
        ended_ns=_ended_ns(row),
        service=first_text(properties, "service", "Service", "app", "App"),
        environment=first_text(properties, "environment", "Environment", "env"),
        failed=(call.error_message or str(status)) if failed else None,
        attributes=told.small(row, *_READ) | ({"properties": properties} if told.small({"p": properties}) else {}),
    )
    return told.call_record(
        call,
        place,
        context,
        NAME,
        run_name=first_text(properties, "Helicone-Session-Name"),
        task_name=first_text(properties, "Helicone-Prompt-Id"),
        conversation_id=session,
        user_id=first_text(row, "request_user_id", "user_id"),
        time_to_first_token_ms=_milliseconds(row.get("time_to_first_token")),
        stated_usd=_cost(row),
    )


def _ended_ns(row: Mapping[str, Any]) -> int | None:
    """By the delay, which is exact to the millisecond; the response's time is when it was written down."""
    started, delay = told.time_ns(row, "request_created_at"), _milliseconds(row.get("delay_ms"))
    if started is not None and delay is not None:
        return started + round(delay * 1_000_000)
    return told.time_ns(row, "response_created_at")


def _milliseconds(value: Any) -> float | None:
    number = count(value)
    return float(number) if number else None


def _cost(row: Mapping[str, Any]) -> Any:
    return next((amount for name in ("costUSD", "cost_usd", "cost") if (amount := told.usd(row.get(name)))), None)
