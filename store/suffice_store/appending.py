"""Records to Arrow tables: canonical messages (``texts``), their hashes and chains, one column after the other."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from operator import attrgetter
from typing import Any

import orjson
import pyarrow as pa

from suffice.wire.call import Call, Usage
from suffice.wire.canonical import CANONICAL_VERSION, chains
from suffice_store.arrow_schema import arrow_schema
from suffice_store.records import CallRecord, OutcomeRecord, SpanRecord
from suffice_store.texts import KnownTexts, Texts, clean

NS_PER_DAY = 86_400 * 10**9
NORMALISER_VERSION = 2  # how a Call is made from what came; a change of meaning raises it
_BIGGEST = 2**63 - 1
_NO_USAGE = Usage(source="absent")


def build_tables(
    records: Iterable[CallRecord | SpanRecord | OutcomeRecord], received_ns: int, known: KnownTexts | None = None
) -> dict[str, pa.Table]:
    """``records`` as rows of ``calls``, ``messages``, ``toolsets``, ``spans``, ``outcomes``; only tables with rows.

    A message or toolset is one row however often it occurs in the batch. ``known``: what the batches before held.
    """
    rows: dict[str, list[tuple[Any, ...]]] = {"calls": [], "spans": [], "outcomes": []}
    texts = Texts(known or KnownTexts())
    for record in records:
        if isinstance(record, CallRecord):
            rows["calls"].append(call_row(record, texts, received_ns))
        elif isinstance(record, SpanRecord):
            rows["spans"].append(_span_row(record, received_ns))
        else:
            rows["outcomes"].append(_outcome_row(record))
    rows["messages"] = [(*row, CANONICAL_VERSION, received_ns) for row in texts.messages.values()]
    rows["toolsets"] = [(*row, received_ns) for row in texts.toolsets.values()]
    return {name: _table(name, of_table) for name, of_table in rows.items() if of_table}


def call_row(record: CallRecord, texts: Texts, received_ns: int) -> tuple[Any, ...]:
    """The columns of ``calls``, in the order of ``tables.py``; its texts are noted in ``texts``."""
    call: Call = record.call
    project = record.project
    asked = [texts.message(project, message) for message in call.request_messages()]
    answered = [texts.message(project, message).digest for message in call.output_messages]
    request_hashes = [row.digest for row in asked]
    before, after = chains(request_hashes, [row.role for row in asked], answered[0] if answered else None)
    usage = call.usage or _NO_USAGE
    started_ns = _time(record.started_ns)
    return (
        project,
        record.call_id,
        started_ns // NS_PER_DAY if started_ns else 0,
        record.external_id,
        record.trace_id,
        record.span_id,
        record.parent_span_id,
        record.run_id,
        record.run_name,
        record.step,
        record.service,
        record.environment,
        record.agent_name,
        record.task_name,
        record.conversation_id,
        record.user_id,
        record.call_site,
        record.server_address,
        record.attempt,
        started_ns,
        _time(record.ended_ns),
        received_ns,
        record.time_to_first_token_ms,
        call.operation,
        call.provider,
        call.wire_format,
        call.request_model,
        call.response_model,
        call.response_id,
        call.stream,
        call.service_tier,
        call.status_code,
        call.error_type,
        call.error_message,
        call.finish_reasons[0] if call.finish_reasons else None,
        call.completeness,
        *[count if count is None or 0 <= count <= _BIGGEST else None for count in _counts(usage)],
        usage.source,
        _json(usage.raw),
        _json(call.parameters),
        _json(call.response_format),
        request_hashes,
        answered,
        before,
        after,
        texts.toolset(project, call.tool_definitions),
        record.source,
        record.dialect,
        NORMALISER_VERSION,
        _json(record.attributes),
        record.team,
        record.owner,
        record.cost_centre,
        record.stated_usd,
        _json(record.tags),
    )


def _span_row(record: SpanRecord, received_ns: int) -> tuple[Any, ...]:
    started_ns = _time(record.started_ns) or 0
    return (
        record.project,
        record.trace_id,
        record.span_id,
        record.parent_span_id,
        started_ns // NS_PER_DAY,
        record.name,
        record.kind,
        record.scope,
        record.service,
        started_ns,
        _time(record.ended_ns) or 0,
        record.status,
        _json(record.attributes) or "{}",
        received_ns,
    )


def _outcome_row(record: OutcomeRecord) -> tuple[Any, ...]:
    return (
        record.project,
        record.target,
        record.target_id,
        record.ok,
        record.score,
        record.label,
        record.source,
        record.recorded_ns,
    )


def _table(name: str, rows: list[tuple[Any, ...]]) -> pa.Table:
    schema = arrow_schema(name)
    columns = zip(*rows, strict=True)
    return pa.Table.from_arrays(
        [_column(values, field.type) for values, field in zip(columns, schema, strict=True)], schema=schema
    )


def _column(values: Sequence[Any], kind: pa.DataType) -> pa.Array:
    try:
        return pa.array(values, kind)
    except UnicodeEncodeError:  # half of a surrogate pair, which a client's JSON may hold
        return pa.array([clean(value) if isinstance(value, str) else value for value in values], kind)


def _json(value: Any) -> str | None:
    """JSON text; None for nothing. orjson first: the standard library is ten times slower."""
    if not value:
        return None
    try:
        return orjson.dumps(value).decode()
    except TypeError:
        return clean(json.dumps(value, ensure_ascii=False, default=str))


def _time(ns: int | None) -> int | None:
    """A time that can be one; 0 and what does not fit 64 bits are "not known"."""
    return ns if ns is not None and 0 < ns <= _BIGGEST else None


# Of a Usage, in the order of the columns.
_counts: Callable[[Usage], tuple[int | None, ...]] = attrgetter(
    "input_tokens", "output_tokens", "cache_read_tokens", "cache_write_5m_tokens", "cache_write_1h_tokens",
    "reasoning_tokens", "audio_input_tokens", "audio_output_tokens",
)  # fmt: skip
