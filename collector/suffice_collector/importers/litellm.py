"""LiteLLM: rows of its table ``LiteLLM_SpendLogs``, as its API gives them (JSON) or the database exports them (CSV).

The proxy keeps messages only where ``store_prompts_in_spend_logs`` is on; without, a row is a call without text.
``request_id`` is the provider's response id, by which a call that the client's own recording also tells is found.
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

NAME = "litellm"

_OPERATIONS = {"embedding": "embeddings", "text_completion": "text_completion"}
_OTHER_TYPES = ("image", "speech", "transcription", "rerank", "moderation", "video", "search", "health", "mcp", "file")
# What is read, what may be content, and what is a key.
_READ = ("request_id", "startTime", "endTime", "messages", "response", "proxy_server_request", "spend", "prompt_tokens",
         "completion_tokens", "model", "custom_llm_provider", "api_key", "session_id", "end_user", "metadata")  # fmt: skip


def recognises(head: bytes, path: str) -> bool:
    return any(_is_row(each) for each in head_objects(head))


def read(stream: BinaryIO, context: Context) -> Iterator[Read]:
    """Each row of a language model's call as a CallRecord."""
    for entry in read_entries(stream):
        if entry.value is None:
            yield Skipped(entry.line, entry.reason)
        elif not _is_row(entry.value):
            yield Skipped(entry.line, "no row of LiteLLM_SpendLogs")
        elif any(each in str(entry.value.get("call_type") or "") for each in _OTHER_TYPES):
            yield Skipped(entry.line, f"no call of a language model ({entry.value['call_type']:.40})")
        else:
            yield _record(entry.value, context)


def _is_row(entry: Mapping[str, Any]) -> bool:
    return "request_id" in entry and "spend" in entry and ("startTime" in entry or "call_type" in entry)


def _record(row: Mapping[str, Any], context: Context) -> CallRecord:
    metadata = as_object(loaded(row.get("metadata")))
    sent = as_object(loaded(row.get("proxy_server_request")))
    asked = loaded(row.get("messages")) or (sent.get("messages") and sent)
    answered = loaded(row.get("response"))
    call = parse_call(
        sent if sent.get("messages") else asked,
        None if answered in ("", {}, [], "{}") else answered,
        model=first_text(row, "model"),
        provider=first_text(row, "custom_llm_provider"),
    )
    call.request_model = _bare(call.request_model, row)
    call_type = str(row.get("call_type") or "").removeprefix("a")
    call.operation = _OPERATIONS.get(call_type, "chat")
    request_id = id_text(row.get("request_id")) or ""
    call.response_id = call.response_id or request_id or None
    stated = told.counted_usage(count(row.get("prompt_tokens")), count(row.get("completion_tokens")), {})
    if call.usage is None and stated is not None and (stated.input_tokens or stated.output_tokens):
        usage = as_object(metadata.get("usage_object")) or as_object(metadata.get("additional_usage_values"))
        details = as_object(usage.get("prompt_tokens_details"))
        stated.raw = dict(usage)
        stated.cache_read_tokens = count(usage.get("cache_read_input_tokens")) or count(details.get("cached_tokens"))
        stated.cache_write_5m_tokens = count(usage.get("cache_creation_input_tokens"))
        stated.reasoning_tokens = count(as_object(usage.get("completion_tokens_details")).get("reasoning_tokens"))
        call.usage = stated
    failed = str(row.get("status") or metadata.get("status") or "") == "failure"
    if not failed:  # without the answer's text the call is still whole
        call.completeness = "complete"
    error = as_object(metadata.get("error_information"))
    attributes = told.small(row, *_READ)
    if error.get("error_class"):
        call.error_type = str(error["error_class"])
    place = Place(
        trace_id=id_text(row.get("session_id")),
        span_id=request_id,
        started_ns=told.time_ns(row, "startTime"),
        ended_ns=told.time_ns(row, "endTime"),
        failed=str(error.get("error_message") or "") if failed else None,
        attributes=attributes,
    )
    first = told.time_ns(row, "completionStartTime")
    return told.call_record(
        call,
        place,
        context,
        NAME,
        team=first_text(metadata, "user_api_key_team_alias") or first_text(row, "team_id"),
        user_id=first_text(row, "end_user"),
        time_to_first_token_ms=(first - place.started_ns) / 1e6 if first and place.started_ns else None,
        stated_usd=told.usd(row.get("spend")) or None,
    )


def _bare(model: str | None, row: Mapping[str, Any]) -> str | None:
    """LiteLLM writes ``provider/model``; the provider has a column of its own."""
    provider = first_text(row, "custom_llm_provider")
    return model.removeprefix(f"{provider}/") if model and provider else model
