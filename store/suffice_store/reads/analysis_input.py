"""What an analysis reads: every call that counts, and each text once. Meant for ``read_batches``."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from suffice_store.reads.registry import FILTERS, PROJECT, Arguments, Read
from suffice_store.reads.sources import counted, latency_ms, model
from suffice_store.tables import calls, messages, toolsets

_CALL_COLUMNS = (
    "call_id", "external_id", "run_id", "started_ns", "ended_ns", "service", "agent_name", "task_name",
    "conversation_id", "user_id", "operation", "provider", "request_model", "response_model", "model", "stream",
    "service_tier", "input_hashes", "output_hashes", "chain_before", "chain_after", "toolset_hash", "response_format",
    "parameters", "input_tokens", "output_tokens", "cache_read_tokens", "cache_write_5m_tokens",
    "cache_write_1h_tokens", "reasoning_tokens", "usage_source", "status_code", "error_type", "finish_reason",
    "completeness", "time_to_first_token_ms", "latency_ms", "paid_usd",
)  # fmt: skip


def _analysis_calls(arguments: Arguments) -> sa.Select[Any]:
    made: dict[str, sa.ColumnElement[Any]] = {"model": model, "latency_ms": latency_ms}
    names = [name for name in _CALL_COLUMNS if name != "paid_usd"]
    rows = counted(arguments, *(made[name] if name in made else calls.c[name] for name in names))
    return sa.select(*(rows.c[name] for name in _CALL_COLUMNS)).order_by(rows.c.started_ns.nulls_last(), rows.c.call_id)


def _once(table: sa.Table, key: str, columns: tuple[str, ...], project: str) -> sa.Select[Any]:
    """Each key once: a row may be stored again, all of them say the same."""
    place = sa.func.row_number().over(partition_by=table.c[key], order_by=table.c.received_ns)
    ranked = sa.select(*(table.c[name] for name in columns), place.label("place")).where(table.c.project == project)
    rows = ranked.subquery()
    return sa.select(*(rows.c[name] for name in columns)).where(rows.c.place == 1)


_MESSAGE_COLUMNS = ("message_hash", "role", "content", "chars")
_TOOLSET_COLUMNS = ("toolset_hash", "tools", "tool_count")

READS = (
    Read("analysis_calls", (PROJECT, *FILTERS), _CALL_COLUMNS, _analysis_calls, priced=True),
    Read(
        "analysis_messages",
        (PROJECT,),
        _MESSAGE_COLUMNS,
        lambda arguments: _once(messages, "message_hash", _MESSAGE_COLUMNS, arguments["project"]),
    ),
    Read(
        "toolsets",
        (PROJECT,),
        _TOOLSET_COLUMNS,
        lambda arguments: _once(toolsets, "toolset_hash", _TOOLSET_COLUMNS, arguments["project"]),
    ),
)
