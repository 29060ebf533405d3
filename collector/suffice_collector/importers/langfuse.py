"""Langfuse: observations as its API and its export of the UI write them (JSON, JSON Lines, CSV), and whole traces.

Its token counts add up (``input`` is without what was read from a cache) or are parts of one another, by the SDK
that sent them: the stated total tells which. Trace and observation ids are OpenTelemetry's since its SDK v3, so that
what was also received over OTLP is known already.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO

from suffice.wire.call import Usage
from suffice.wire.lenient import as_object, as_objects
from suffice_collector.importers import told
from suffice_collector.importers.contract import Context, Read, Skipped
from suffice_collector.importers.entries import head_objects, read_entries
from suffice_collector.importers.shapes import loaded, parse_call
from suffice_collector.importers.told import Place, count, first_text, id_text
from suffice_store.records import CallRecord, SpanRecord

NAME = "langfuse"

_CALLS = {"GENERATION": "chat", "EMBEDDING": "embeddings"}
_TYPES = {*_CALLS, "SPAN", "EVENT", "AGENT", "TOOL", "CHAIN", "RETRIEVER", "EVALUATOR", "GUARDRAIL"}
_READ = (
    "id", "traceId", "trace_id", "parentObservationId", "parent_observation_id", "type", "startTime", "start_time",
    "endTime", "end_time", "completionStartTime", "completion_start_time", "input", "output", "environment", "userId",
    "sessionId", "usage", "usageDetails", "usage_details", "observations", "modelParameters", "model_parameters",
    "htmlPath", "projectId", "traceName", "trace_name",
)  # fmt: skip
_CACHE_READ = ("input_cached_tokens", "cache_read_input_tokens", "input_cache_read", "input_cached", "cached_tokens")
_CACHE_WRITE = ("cache_creation_input_tokens", "input_cache_creation", "input_cache_write")
_REASONING = ("output_reasoning_tokens", "reasoning_tokens", "output_reasoning")


def recognises(head: bytes, path: str) -> bool:
    return any(_is_observation(each) or _is_trace(each) for each in head_objects(head))


def read(stream: BinaryIO, context: Context) -> Iterator[Read]:
    """Each generation as a CallRecord, each other observation as a SpanRecord; of a trace, its observations."""
    for entry in read_entries(stream):
        if entry.value is None:
            yield Skipped(entry.line, entry.reason)
        elif _is_observation(entry.value):
            yield _record(entry.value, {}, context)
        elif _is_trace(entry.value):
            inside = [each for each in as_objects(loaded(entry.value.get("observations"))) if _is_observation(each)]
            if not inside:
                yield Skipped(entry.line, "a trace without its observations: export observations")
            yield from (_record({"traceId": entry.value.get("id"), **each}, entry.value, context) for each in inside)
        else:
            yield Skipped(entry.line, "no observation of Langfuse")


def _is_observation(entry: Mapping[str, Any]) -> bool:
    typed = str(entry.get("type") or "").upper() in _TYPES
    return typed and "id" in entry and ("startTime" in entry or "start_time" in entry)


def _is_trace(entry: Mapping[str, Any]) -> bool:
    return "observations" in entry and "id" in entry and ("timestamp" in entry or "htmlPath" in entry)


def _record(entry: Mapping[str, Any], trace: Mapping[str, Any], context: Context) -> CallRecord | SpanRecord:
    kind = str(entry["type"]).upper()
    metadata = as_object(loaded(entry.get("metadata")))
    service = as_object(metadata.get("resourceAttributes")).get("service.name")
    failed = str(entry.get("level") or "").upper() == "ERROR"
    place = Place(
        trace_id=id_text(entry.get("traceId") or entry.get("trace_id")),
        span_id=id_text(entry["id"]) or "",
        parent_span_id=id_text(entry.get("parentObservationId") or entry.get("parent_observation_id")),
        name=first_text(entry, "name") or kind.lower(),
        started_ns=told.time_ns(entry, "startTime", "start_time"),
        ended_ns=told.time_ns(entry, "endTime", "end_time"),
        service=service if isinstance(service, str) and service else None,
        environment=first_text(entry, "environment") if entry.get("environment") != "default" else None,
        failed=(first_text(entry, "statusMessage", "status_message") or "") if failed else None,
        attributes=told.small(entry, *_READ),
    )
    if kind not in _CALLS:
        return told.span_record(place, context, NAME)
    parameters = as_object(loaded(entry.get("modelParameters") or entry.get("model_parameters")))
    model = first_text(entry, "model", "providedModelName", "internalModel")
    call = parse_call(entry.get("input"), entry.get("output"), model=model, **_settings(parameters))
    call.operation = _CALLS[kind]
    call.usage = _usage(entry) or call.usage
    first = told.time_ns(entry, "completionStartTime", "completion_start_time")
    return told.call_record(
        call,
        place,
        context,
        NAME,
        run_name=first_text(entry, "traceName", "trace_name") or first_text(trace, "name"),
        task_name=first_text(entry, "promptName", "prompt_name"),
        conversation_id=first_text(entry, "sessionId", "session_id") or first_text(trace, "sessionId"),
        user_id=first_text(entry, "userId", "user_id") or first_text(trace, "userId"),
        time_to_first_token_ms=(first - place.started_ns) / 1e6 if first and place.started_ns else None,
        stated_usd=_cost(entry),
    )


def _settings(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Every parameter is a text in some SDKs' exports; names that would hide a field of the request are left."""
    return {key: value for key, value in parameters.items() if key not in ("model", "messages", "input", "provider")}


def _usage(entry: Mapping[str, Any]) -> Usage | None:
    details = as_object(loaded(entry.get("usageDetails") or entry.get("usage_details")))
    counts = {str(key): number for key, value in details.items() if (number := count(value)) is not None}
    if not counts:
        old = as_object(loaded(entry.get("usage")))
        input_tokens = _first(old, "input", "promptTokens") or _first(
            entry, "inputUsage", "promptTokens", "inputTokens"
        )
        output = _first(old, "output", "completionTokens") or _first(
            entry, "outputUsage", "completionTokens", "outputTokens"
        )
        return None if not input_tokens and not output else told.counted_usage(input_tokens, output, dict(old))
    named_input, named_output = counts.get("input"), counts.get("output")
    asked = sum(value for key, value in counts.items() if _side(key) == "input")
    answered = sum(value for key, value in counts.items() if _side(key) == "output")
    total = counts.get("total")
    if named_input is not None and named_output is not None and total == named_input + named_output != asked + answered:
        asked, answered = named_input, named_output  # the others are parts of these
    if not asked and not answered:
        return None
    return told.counted_usage(
        asked,
        answered,
        dict(details),
        cache_read_tokens=_first(counts, *_CACHE_READ),
        cache_write_5m_tokens=_first(counts, *_CACHE_WRITE),
        reasoning_tokens=_first(counts, *_REASONING),
        audio_input_tokens=_first(counts, "input_audio_tokens", "input_audio"),
        audio_output_tokens=_first(counts, "output_audio_tokens", "output_audio"),
    )


def _side(key: str) -> str:
    if key.startswith("input") or key in (*_CACHE_READ, *_CACHE_WRITE):
        return "input"
    return "output" if key.startswith("output") or key in _REASONING else ""


def _first(counts: Mapping[str, Any], *names: str) -> int | None:
    return next((number for name in names if (number := count(counts.get(name))) is not None), None)


def _cost(entry: Mapping[str, Any]) -> Any:
    details = as_object(loaded(entry.get("costDetails") or entry.get("cost_details")))
    for value in (
        entry.get("totalCost"),
        entry.get("calculatedTotalCost"),
        entry.get("totalPrice"),
        details.get("total"),
    ):
        if (amount := told.usd(value)) is not None:
            return amount if amount else None  # Langfuse writes 0 where it knows no price
    return None
