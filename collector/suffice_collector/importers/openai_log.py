"""The neutral call log: JSON Lines of ``{"id"?, "timestamp"?, "service"?, "trace_id"?, "request", "response", "outcome"?}``.

Request and response are bodies of OpenAI's chat format. NVIDIA's data-flywheel writes the same with
``client_id`` and ``workload_id``; the latter stays among the attributes, since tasks are found without
tags. A log states rarely usage and often no time: tokens are estimated and flagged, times stay unknown.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from hashlib import blake2b
from typing import Any, BinaryIO

import orjson

from suffice.wire import openai_chat
from suffice.wire.canonical import canonical_json, logged_call_hash, unnamed_call_hash
from suffice.wire.lenient import as_object, as_text, has_surrogates, is_too_deep, parse_json, without_lone_surrogates
from suffice.wire.providers import provider_of_model
from suffice.wire.tokens import fill_usage
from suffice_collector.importers.contract import Context, Read, Skipped
from suffice_collector.importers.lines import BYTE_ORDER_MARK, MAX_LINE_BYTES, read_lines
from suffice_collector.importers.values import parse_outcome, parse_time_ns
from suffice_store.records import CallRecord

NAME = "openai-log"

_READ_KEYS = frozenset({"id", "timestamp", "service", "client_id", "trace_id", "request", "response", "outcome"})
_ATTRIBUTE_CHARS = 2_000  # of any other key's value as JSON; larger ones may be content


def recognises(head: bytes, path: str) -> bool:
    """Lines of objects with ``request.messages``; the first line may be broken, or longer than the head."""
    lines = head.removeprefix(BYTE_ORDER_MARK).split(b"\n")
    whole = [as_object(parse_json(line)) for line in lines[:50] if line.lstrip()[:1] == b"{"]
    if any(_has_request(each) for each in whole):
        return True
    return len(lines) == 1 and head.lstrip()[:1] == b"{" and b'"request"' in head and b'"messages"' in head


def read(stream: BinaryIO, context: Context) -> Iterator[Read]:
    """Each line as a CallRecord, followed by an OutcomeRecord where it has an outcome; or Skipped."""
    ordinals: dict[bytes, int] = {}
    for number, line in read_lines(stream):
        if line is None:
            yield Skipped(number, f"longer than {MAX_LINE_BYTES >> 20} MiB")
            continue
        logged = _parsed(line)
        if not isinstance(logged, dict):
            yield Skipped(number, "not JSON" if logged is None else "not a JSON object")
        elif not _has_request(logged):
            yield Skipped(number, "no request with messages")
        else:
            record = _record(logged, context, ordinals)
            yield record
            outcome = parse_outcome(
                logged.get("outcome"), context.project, record.call_id, NAME, record.started_ns or context.now_ns
            )
            if outcome:
                yield outcome


def _has_request(logged: dict[str, Any]) -> bool:
    return isinstance(as_object(logged.get("request")).get("messages"), list)


def _parsed(line: bytes) -> Any:
    """orjson is five times as fast; what it refuses (NaN, huge numbers, half characters) is tried once more."""
    try:
        value = orjson.loads(line)
        return None if is_too_deep(value) else value
    except orjson.JSONDecodeError:
        value = parse_json(line)
        return without_lone_surrogates(value) if has_surrogates(line) else value


def _record(logged: dict[str, Any], context: Context, ordinals: dict[bytes, int]) -> CallRecord:
    request, response = as_object(logged.get("request")), as_object(logged.get("response"))
    call = openai_chat.parse_request(request)
    openai_chat.parse_response(call, response)
    call.provider = provider_of_model(call.response_model or call.request_model, call.provider)
    fill_usage(call)
    external_id = _id(logged.get("id"))
    trace_id = _id(logged.get("trace_id"))
    started_ns = parse_time_ns(logged.get("timestamp"))
    attributes = {key: value for key, value in logged.items() if key not in _READ_KEYS and _is_small(value)}
    return CallRecord(
        call=call,
        call_id=_call_id(logged, external_id, context.project, ordinals),
        project=context.project,
        external_id=external_id,
        trace_id=trace_id,
        run_id=trace_id,
        service=as_text(logged.get("service")) or as_text(logged.get("client_id")) or context.service,
        user_id=as_text(request.get("user")),
        started_ns=started_ns,
        source="import",
        dialect=NAME,
        attributes=attributes,
    )


def _id(value: Any) -> str | None:
    """Text or a number: some logs count their lines."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else as_text(value)


def _call_id(logged: dict[str, Any], external_id: str | None, project: str, ordinals: dict[bytes, int]) -> str:
    if external_id is not None:
        return logged_call_hash(project, external_id, _bytes(logged["request"]))
    content = blake2b(_bytes(logged), digest_size=16).digest()
    ordinal = ordinals[content] = ordinals.get(content, -1) + 1
    return unnamed_call_hash(project, content, ordinal)


def _bytes(value: Any) -> bytes:
    """The same bytes for the same JSON, however it was spelled."""
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except TypeError:
        return canonical_json(value)


def _is_small(value: Any) -> bool:
    return len(json.dumps(value, default=str)) <= _ATTRIBUTE_CHARS
