"""Agents' runs: a page of them with their money, and the failed attempts inside one."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from suffice_store.reads.functions import starts_with
from suffice_store.reads.registry import FILTERS, LIMIT, OFFSET, PROJECT, Arguments, Parameter, Read
from suffice_store.reads.sources import count_if, counted, latency_ms, latest, model, total, total_usd, unpriced
from suffice_store.records import RETRY
from suffice_store.tables import calls, duplicates, outcomes

ORDERS = ("newest", "costliest", "longest", "most_calls")
_RUNS = (
    "run_id", "run_name", "service", "calls", "error_calls", "models", "input_tokens", "output_tokens", "paid_usd",
    "unpriced_calls", "started_ns", "ended_ns", "ok", "score",
)  # fmt: skip
_ATTEMPTS = ("retry_of", "call_id", "attempt", "started_ns", "status_code", "error_type", "latency_ms")


def _runs(arguments: Arguments) -> sa.Select[Any]:
    rows = counted(
        arguments, calls.c.call_id, calls.c.run_id, calls.c.run_name, calls.c.service, model, calls.c.completeness,
        calls.c.started_ns, calls.c.ended_ns, calls.c.input_tokens, calls.c.output_tokens,
    )  # fmt: skip
    found = (
        sa.select(
            rows.c.run_id,
            sa.func.max(rows.c.run_name).label("run_name"),
            sa.func.max(rows.c.service).label("service"),
            sa.cast(sa.func.count(), sa.BigInteger).label("calls"),
            count_if(rows.c.completeness == "error").label("error_calls"),
            sa.cast(sa.func.count(rows.c.model.distinct()), sa.BigInteger).label("models"),
            total(rows.c.input_tokens).label("input_tokens"),
            total(rows.c.output_tokens).label("output_tokens"),
            total_usd(rows.c.paid_usd).label("paid_usd"),
            count_if(unpriced(rows)).label("unpriced_calls"),
            sa.func.min(rows.c.started_ns).label("started_ns"),
            sa.func.max(rows.c.ended_ns).label("ended_ns"),
        )
        .where(sa.func.coalesce(rows.c.run_id, "") != "")
        .group_by(rows.c.run_id)
    )
    if arguments["run"]:
        found = found.where(starts_with(sa.func.coalesce(rows.c.run_id, ""), arguments["run"]))
    if arguments["errors_only"]:
        found = found.having(count_if(rows.c.completeness == "error") > 0)
    each = found.subquery("each_run")
    first = {
        "newest": each.c.started_ns.desc().nulls_last(),
        "costliest": each.c.paid_usd.desc().nulls_last(),
        "longest": (each.c.ended_ns - each.c.started_ns).desc().nulls_last(),
        "most_calls": each.c.calls.desc(),
    }[arguments["order"]]
    said = latest(outcomes, ("target", "target_id"), arguments["project"])
    judged = sa.select(said.c.target_id, said.c.ok, said.c.score).where(said.c.target == "run").subquery("judged")
    return (
        sa.select(*each.c, judged.c.ok, judged.c.score)
        .select_from(each.outerjoin(judged, judged.c.target_id == each.c.run_id))
        .order_by(first, each.c.started_ns.desc().nulls_last(), each.c.run_id)
        .limit(arguments["limit"])
        .offset(arguments["offset"])
    )


def _run_attempts(arguments: Arguments) -> sa.Select[Any]:
    """The failed attempts of a run's calls: each belongs to the call that succeeded it."""
    marks = latest(duplicates, ("call_id",), arguments["project"])
    of_run = sa.select(calls.c.call_id).where(
        calls.c.project == arguments["project"], calls.c.run_id == arguments["run_id"]
    )
    return (
        sa.select(
            marks.c.duplicate_of.label("retry_of"), calls.c.call_id, calls.c.attempt, calls.c.started_ns, calls.c.status_code,
            calls.c.error_type, latency_ms,
        )
        .select_from(calls.join(marks, marks.c.call_id == calls.c.call_id))
        .where(calls.c.project == arguments["project"], marks.c.rule == RETRY, marks.c.duplicate_of.in_(of_run))
        .order_by(marks.c.duplicate_of, calls.c.attempt, calls.c.started_ns.nulls_last(), calls.c.call_id)
    )  # fmt: skip


READS = (
    Read(
        "runs",
        (
            PROJECT,
            Parameter("run"),
            Parameter("errors_only", "flag", default=False),
            Parameter("order", "choice", default="newest", choices=ORDERS),
            LIMIT,
            OFFSET,
            *FILTERS,
        ),
        _RUNS,
        _runs,
        priced=True,
    ),
    Read("run_attempts", (PROJECT, Parameter("run_id", required=True)), _ATTEMPTS, _run_attempts),
)
