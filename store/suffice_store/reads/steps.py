"""The steps of a run beside its calls: its agents, tools, retrievals, as spans and log records told them.

What a span is stands in its attributes, under a name of each sender's own; it is decided when the run is read (a run
has tens of spans), so that a name learned later holds for what is stored already.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import sqlalchemy as sa

from suffice_store.reads.registry import PROJECT, Arguments, Parameter, Read
from suffice_store.reads.sources import marked_duplicates, model
from suffice_store.tables import calls, spans

COLUMNS = (
    "kind", "name", "span_id", "parent_span_id", "call_id", "started_ns", "ended_ns", "status", "service",
)  # fmt: skip
KINDS = ("agent", "tool", "retrieval", "chain", "prompt", "http", "other")  # and "call"

_KIND_KEYS = (
    "gen_ai.operation.name", "openinference.span.kind", "gen_ai.span.kind", "langfuse.observation.type",
    "langsmith.span.kind", "traceloop.span.kind", "mlflow.spanType", "ai.operationId", "span.type",
)  # fmt: skip
_KIND_OF = {
    "invoke_agent": "agent", "create_agent": "agent", "invoke_workflow": "agent", "agent_step": "chain",
    "execute_event_loop_cycle": "chain", "execute_task": "chain", "execute_tool": "tool", "retrieval": "retrieval",
    "agent": "agent", "workflow": "agent", "tool": "tool", "retriever": "retrieval", "chain": "chain", "task": "chain",
    "prompt": "chain", "parser": "chain", "ai.toolcall": "tool", "ai.generatetext": "agent", "ai.streamtext": "agent",
    "ai.generateobject": "agent", "ai.streamobject": "agent", "interaction": "agent", "tool_call": "tool",
    "call_tool": "tool",
}  # fmt: skip
_KIND_BY_NAME = {
    "tool_result": "tool", "codex.tool_result": "tool", "claude_code.tool_result": "tool", "gemini_cli.tool_call": "tool",
    "user_prompt": "prompt", "codex.user_prompt": "prompt", "claude_code.user_prompt": "prompt",
    "gemini_cli.user_prompt": "prompt", "session_task.turn": "agent", "haystack.agent.run": "agent",
    "haystack.pipeline.run": "agent", "haystack.component.run": "chain",
}  # fmt: skip
_TOOL_NAMES = (
    "gen_ai.tool.name", "tool.name", "ai.toolCall.name", "tool_name", "function_name", "haystack.component.name",
)  # fmt: skip
_AGENT_NAMES = ("gen_ai.agent.name", "agent.name", "agent_name", "traceloop.entity.name")
_HTTP = ("http.method", "http.request.method")


def step_of(name: str, attributes: Mapping[str, Any]) -> tuple[str, str]:
    """(kind, what a person calls it) of a span that is no call."""
    kind = _KIND_BY_NAME.get(name)
    for key in _KIND_KEYS if kind is None else ():
        value = attributes.get(key)
        if isinstance(value, str) and (kind := _KIND_OF.get(value.strip('"').lower())) is not None:
            break
    if kind is None:
        kind = "http" if any(key in attributes for key in _HTTP) else "other"
    keys = _AGENT_NAMES if kind == "agent" else _TOOL_NAMES
    found = next((attributes[key] for key in keys if isinstance(attributes.get(key), str) and attributes[key]), None)
    return kind, found or name


def _run_steps(arguments: Arguments) -> sa.Select[Any]:
    run, project = arguments["run_id"], arguments["project"]
    counts = (calls.c.project == project, calls.c.call_id.not_in(marked_duplicates(project)))
    of_run = sa.select(calls.c.trace_id).where(
        calls.c.project == project, calls.c.run_id == run, calls.c.trace_id.is_not(None)
    )
    nothing = sa.cast(sa.null(), sa.String)
    told = sa.union_all(
        sa.select(
            sa.literal("call").label("kind"), sa.func.coalesce(model, "").label("name"), calls.c.span_id,
            calls.c.parent_span_id, calls.c.call_id, calls.c.started_ns, calls.c.ended_ns,
            calls.c.completeness.label("status"), calls.c.service, nothing.label("attributes"),
        ).where(*counts, calls.c.run_id == run),
        sa.select(
            sa.literal("span"), spans.c.name, spans.c.span_id, spans.c.parent_span_id, nothing, spans.c.started_ns,
            spans.c.ended_ns, spans.c.status, spans.c.service, spans.c.attributes,
        ).where(spans.c.project == project, sa.or_(spans.c.trace_id == run, spans.c.trace_id.in_(of_run))),
    ).subquery("told")  # fmt: skip
    return sa.select(told).order_by(told.c.started_ns.nulls_last(), told.c.ended_ns.desc(), told.c.span_id)


def _finish(connection: sa.Connection, arguments: Arguments, rows: pa.Table) -> pa.Table:
    """Spans get their kind; those that are none of a run's doings (``other``, ``http``) only where all are asked for."""
    found = []
    for row in rows.to_pylist():
        if row["kind"] == "span":
            attributes = json.loads(row["attributes"] or "{}")
            row["kind"], row["name"] = step_of(row["name"], attributes if isinstance(attributes, dict) else {})
        if arguments["all"] or row["kind"] not in ("other", "http"):
            found.append({name: row[name] for name in COLUMNS})
    return pa.Table.from_pylist(found, schema=pa.schema([rows.schema.field(name) for name in COLUMNS]))


READS = (
    Read(
        "run_steps",
        (PROJECT, Parameter("run_id", required=True), Parameter("all", "flag", default=False)),
        COLUMNS,
        _run_steps,
        _finish,
    ),
)
