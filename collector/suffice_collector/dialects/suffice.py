"""Our own spans, read back: the exact inverse of ``suffice.span``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

from suffice import semconv
from suffice.wire.call import Call, Completeness, Message, ToolDefinition, Usage
from suffice.wire.canonical import call_hash
from suffice_collector.dialects import fields
from suffice_collector.dialects.place import call_record, project_of
from suffice_collector.otlp import Resource, Span
from suffice_store.records import CallRecord, OutcomeRecord

NAME = "suffice"
SCOPES: tuple[str, ...] = (semconv.SCOPE,)

_SPAN_IDS = re.compile("[0-9a-f]{32}:[0-9a-f]{16}")
CONTENT_KEYS = {  # they became fields of the call
    semconv.INPUT_MESSAGES,
    semconv.OUTPUT_MESSAGES,
    semconv.SYSTEM_INSTRUCTIONS,
    semconv.TOOL_DEFINITIONS,
    semconv.USAGE_RAW,
    semconv.PARAMETERS,
    semconv.RESPONSE_FORMAT,
}


def matches(span: Span) -> bool:
    return span.scope == semconv.SCOPE and (semconv.WIRE_FORMAT in span.attributes or span.name == semconv.OUTCOME_SPAN)


def normalise(span: Span, resource: Resource) -> CallRecord | OutcomeRecord | None:
    if span.name == semconv.OUTCOME_SPAN:
        return _outcome(span, resource)
    a = span.attributes
    known = _known_of(a)
    call = Call(
        known.wire_format,
        known.operation,
        known.provider,
        known.request_model,
        known.response_model,
        system_instructions=_objects(a, semconv.SYSTEM_INSTRUCTIONS),
        input_messages=_messages(a, semconv.INPUT_MESSAGES),
        output_messages=_messages(a, semconv.OUTPUT_MESSAGES),
        tool_definitions=cast(list[ToolDefinition], _objects(a, semconv.TOOL_DEFINITIONS)),
        usage=_usage(a, known.usage_source),
        parameters=known.parameters,
        response_format=known.response_format,
        stream=fields.boolean(a, semconv.REQUEST_STREAM) or False,
        response_id=fields.text(a, semconv.RESPONSE_ID),
        finish_reasons=_texts(a, semconv.FINISH_REASONS),
        service_tier=known.service_tier,
        completeness=known.completeness,
        status_code=fields.integer(a, semconv.STATUS_CODE, at_most=999),
        error_type=known.error_type,
        error_message=fields.text(a, semconv.ERROR_MESSAGE),
    )
    record = call_record(call, span, resource, NAME, CONTENT_KEYS)
    record.run_id = fields.text(a, semconv.RUN_ID) or span.trace_id
    record.run_name = known.run_name
    record.step = fields.integer(a, semconv.STEP, at_most=fields.MAX_INT32)
    record.task_name = known.task_name
    record.call_site = known.call_site
    record.attempt = fields.integer(a, semconv.ATTEMPT, at_most=fields.MAX_INT32) or 1
    if semconv.TAGS in a:
        record.tags = _tags(a)
    if semconv.RETRY_OF in a:
        record.retry_of = tuple(_earlier_attempts(a, record.project))
    return record


@dataclass(frozen=True, slots=True)
class _Known:
    """What is the same from call to call, read once. Nobody changes the objects in it."""

    wire_format: str
    operation: str
    provider: str
    request_model: str | None
    response_model: str | None
    parameters: dict[str, Any]
    response_format: dict[str, Any] | None
    service_tier: str | None
    completeness: Completeness
    error_type: str | None
    usage_source: str | None
    run_name: str | None
    task_name: str | None
    call_site: str | None


_KNOWN = (  # all of them texts: no value of another type is equal to one
    semconv.WIRE_FORMAT, semconv.OPERATION, semconv.PROVIDER, semconv.REQUEST_MODEL, semconv.RESPONSE_MODEL,
    semconv.PARAMETERS, semconv.RESPONSE_FORMAT, semconv.SERVICE_TIER, semconv.COMPLETENESS, semconv.ERROR_TYPE,
    semconv.USAGE_SOURCE, semconv.RUN_NAME, semconv.TASK_NAME, semconv.CALL_SITE,
)  # fmt: skip
_MOST_KNOWN = 2_000
_LONGEST_KNOWN = 4_000  # characters: a format with a long schema is read each time
_known: dict[tuple[Any, ...], _Known] = {}


def _known_of(a: dict[str, Any]) -> _Known:
    values = tuple(map(a.get, _KNOWN))
    try:
        found = _known.get(values)
    except TypeError:  # a list or an object where a text should be
        return _read_known(a)
    if found is None:
        found = _read_known(a)
        if sum(len(each) for each in values if isinstance(each, str)) <= _LONGEST_KNOWN:
            if len(_known) >= _MOST_KNOWN:
                _known.clear()
            _known[values] = found
    return found


def _read_known(a: dict[str, Any]) -> _Known:
    return _Known(
        wire_format=fields.text(a, semconv.WIRE_FORMAT) or "",
        operation=fields.text(a, semconv.OPERATION) or "chat",
        provider=fields.text(a, semconv.PROVIDER) or "",
        request_model=fields.text(a, semconv.REQUEST_MODEL),
        response_model=fields.text(a, semconv.RESPONSE_MODEL),
        parameters=fields.json_object(a, semconv.PARAMETERS) or {},
        response_format=fields.json_object(a, semconv.RESPONSE_FORMAT),
        service_tier=fields.text(a, semconv.SERVICE_TIER),
        completeness=_completeness(fields.text(a, semconv.COMPLETENESS)),
        error_type=fields.text(a, semconv.ERROR_TYPE),
        usage_source=fields.text(a, semconv.USAGE_SOURCE),
        run_name=fields.text(a, semconv.RUN_NAME),
        task_name=fields.text(a, semconv.TASK_NAME),
        call_site=fields.text(a, semconv.CALL_SITE),
    )


def _earlier_attempts(a: dict[str, Any], project: str) -> Iterator[str]:
    for ids in _texts(a, semconv.RETRY_OF):
        if _SPAN_IDS.fullmatch(ids):
            trace_id, _, span_id = ids.partition(":")
            yield call_hash(project, trace_id, span_id)


def _tags(a: dict[str, Any]) -> dict[str, str | int | float | bool]:
    tags = fields.json_object(a, semconv.TAGS) or {}
    return {name: value for name, value in tags.items() if isinstance(value, str | int | float | bool)}


def _messages(a: dict[str, Any], key: str) -> list[Message]:
    """As the SDK wrote them; only a forged one is left out."""
    found = fields.json_value(a, key)
    if not isinstance(found, list):
        return []
    return [each for each in found if isinstance(each, dict) and "role" in each and isinstance(each.get("parts"), list)]  # type: ignore[misc]


def _texts(a: dict[str, Any], key: str) -> list[str]:
    """Of anything but a list: none. Somebody else's span under our scope's name takes no request with it."""
    value = a.get(key)
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []


def _objects(a: dict[str, Any], key: str) -> list[dict[str, Any]]:
    if key not in a:
        return []
    value = fields.json_value(a, key)
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _usage(a: dict[str, Any], source: str | None) -> Usage | None:
    if source == "absent":
        return None
    usage = Usage(*cast(_Counts, fields.counts(a, _COUNTS)))
    usage.raw = fields.json_object(a, semconv.USAGE_RAW)
    if source is None and usage == Usage():
        return None
    usage.source = "estimated" if source == "estimated" else "reported"
    return usage


_Count = int | None
_Counts = tuple[_Count, _Count, _Count, _Count, _Count, _Count, _Count, _Count]
_COUNTS = (  # in the order of Usage
    semconv.INPUT_TOKENS, semconv.OUTPUT_TOKENS, semconv.CACHE_READ_TOKENS, semconv.CACHE_WRITE_5M_TOKENS,
    semconv.CACHE_WRITE_1H_TOKENS, semconv.REASONING_TOKENS, semconv.AUDIO_INPUT_TOKENS, semconv.AUDIO_OUTPUT_TOKENS,
)  # fmt: skip


def _completeness(value: str | None) -> Completeness:
    return "partial" if value == "partial" else "error" if value == "error" else "complete"


def _outcome(span: Span, resource: Resource) -> OutcomeRecord | None:
    a = span.attributes
    target, target_id = fields.text(a, semconv.OUTCOME_TARGET), fields.text(a, semconv.OUTCOME_TARGET_ID)
    if target not in ("run", "call") or target_id is None:
        return None
    return OutcomeRecord(
        project=project_of(resource),
        target=target,
        target_id=target_id,
        ok=fields.boolean(a, semconv.OUTCOME_OK),
        score=fields.number(a, semconv.OUTCOME_SCORE),
        label=fields.text(a, semconv.OUTCOME_LABEL),
        source="sdk",
        recorded_ns=span.started_ns,
    )
