"""What became of moving a task: every step that was decided, and its calls by model and day, before and after."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from suffice_store.environments import PRODUCTION
from suffice_store.reads.registry import PROJECT, Arguments, Parameter, Read
from suffice_store.reads.sources import (
    NS_PER_DAY,
    analysis_of,
    count_if,
    counted,
    latest,
    model,
    total_usd,
)
from suffice_store.records import RETRY
from suffice_store.tables import assignments, calls, decisions, duplicates, outcomes

_LOG = ("decision_id", "kind", "task_id", "value", "decided_by", "recorded_ns")
_MODELS = (
    "task_id", "day", "model", "service", "slice_id", "size", "calls", "priced_calls", "paid_usd", "squares_usd",
    "error_calls", "retried_calls", "judged_calls", "good_calls",
)  # fmt: skip
_SIZE = 1.0  # base-2 logarithm of the input tokens: calls of one size differ by less than a factor of two


def _decision_log(arguments: Arguments) -> sa.Select[Any]:
    """Every decision, the oldest first: nothing is ever overwritten."""
    chosen = [decisions.c.project == arguments["project"]]
    chosen += [decisions.c[name] == arguments[name] for name in ("task_id", "kind") if arguments[name] is not None]
    columns = (decisions.c[name] for name in _LOG)
    return sa.select(*columns).where(*chosen).order_by(decisions.c.recorded_ns, decisions.c.decision_id)


def _task_models(arguments: Arguments) -> sa.Select[Any]:
    """Sums by task, day, model and what calls are alike in: service, slice, size. Squares are for the interval."""
    rows = counted(
        {"project": arguments["project"], "environment": PRODUCTION},
        calls.c.call_id, model, calls.c.service, calls.c.started_ns, calls.c.input_tokens, calls.c.completeness,
    )  # fmt: skip
    of_task = sa.select(assignments.c.call_id, assignments.c.task_id, assignments.c.slice_id).where(
        assignments.c.project == arguments["project"], assignments.c.analysis_id == analysis_of(arguments)
    )
    if arguments["task_id"] is not None:
        of_task = of_task.where(assignments.c.task_id == arguments["task_id"])
    task = of_task.subquery("of_task")
    said = latest(outcomes, ("target", "target_id"), arguments["project"])
    judged = sa.select(said.c.target_id, said.c.ok).where(said.c.target == "call").subquery("judged")
    marks = latest(duplicates, ("call_id",), arguments["project"])
    again = sa.select(marks.c.duplicate_of).where(marks.c.rule == RETRY, marks.c.duplicate_of.is_not(None))
    tokens = sa.cast(sa.func.coalesce(rows.c.input_tokens, 0) + 1, sa.Double)
    usd = sa.cast(rows.c.paid_usd, sa.Double)
    keys = [
        task.c.task_id.label("task_id"),
        (rows.c.started_ns - rows.c.started_ns % NS_PER_DAY).label("day"),
        sa.func.coalesce(rows.c.model, "").label("model"),
        sa.func.coalesce(rows.c.service, "").label("service"),
        sa.func.coalesce(task.c.slice_id, "").label("slice_id"),
        sa.cast(sa.func.floor(sa.func.log2(tokens) / _SIZE), sa.BigInteger).label("size"),
    ]
    good = sa.func.coalesce(sa.cast(judged.c.ok, sa.Integer), 0)
    known = sa.func.coalesce(judged.c.target_id, "") != ""
    return (
        sa.select(
            *keys,
            sa.cast(sa.func.count(), sa.BigInteger).label("calls"),
            count_if(rows.c.paid_usd.is_not(None)).label("priced_calls"),
            total_usd(rows.c.paid_usd).label("paid_usd"),
            sa.func.sum(usd * usd).label("squares_usd"),
            count_if(rows.c.completeness == "error").label("error_calls"),
            count_if(rows.c.call_id.in_(again)).label("retried_calls"),
            count_if(sa.and_(known, judged.c.ok.is_not(None))).label("judged_calls"),
            count_if(sa.and_(known, good == 1)).label("good_calls"),
        )
        .select_from(
            rows.join(task, task.c.call_id == rows.c.call_id).outerjoin(judged, judged.c.target_id == rows.c.call_id)
        )
        .where(rows.c.started_ns.is_not(None))
        .group_by(*(key.element for key in keys))
        .order_by(*(sa.literal_column(key.name) for key in keys))
    )


READS = (
    Read("decision_log", (PROJECT, Parameter("task_id"), Parameter("kind")), _LOG, _decision_log),
    Read("task_models", (PROJECT, Parameter("task_id"), Parameter("analysis_id")), _MODELS, _task_models, priced=True),
)
