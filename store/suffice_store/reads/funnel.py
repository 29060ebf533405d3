"""From the provider's bill to what was found in tasks: how much money is left at each step, and how many calls fall out there."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from suffice_store.environments import EVERY, PRODUCTION
from suffice_store.reads.registry import ANALYSIS, FILTERS, PROJECT, Arguments, Read
from suffice_store.reads.sources import (
    assigned,
    count_if,
    counted,
    in_environment,
    latest,
    model,
    total_usd,
    unpriced,
)
from suffice_store.tables import calls
from suffice_store.tables_costs import invoices

_COLUMNS = (
    "invoiced_usd", "calls", "paid_usd", "unpriced_calls", "other_calls", "other_usd", "production_calls", "production_usd",
    "no_task_calls", "no_task_usd", "task_calls", "task_usd",
)  # fmt: skip


def production(project: str) -> sa.ColumnElement[bool]:
    """Whether a call counts."""
    return sa.and_(sa.true(), *in_environment(project, PRODUCTION))


def _funnel(arguments: Arguments) -> sa.Select[Any]:
    """One row. Every environment is looked at; calls without a price are in no sum and counted apart."""
    rows = counted(
        {**arguments, "environment": EVERY},
        calls.c.call_id, model, calls.c.completeness, calls.c.input_tokens,
        production(arguments["project"]).label("counts"),
    )  # fmt: skip
    task = assigned(arguments)
    found = sa.func.coalesce(task.c.task_id, "") != ""
    priced, counts = rows.c.paid_usd.is_not(None), rows.c.counts
    bills = latest(invoices, ("provider", "kind", "day", "model"), arguments["project"])

    def part(name: str, condition: sa.ColumnElement[bool]) -> list[sa.ColumnElement[Any]]:
        return [
            count_if(sa.and_(priced, condition)).label(f"{name}_calls"),
            total_usd(sa.case((condition, rows.c.paid_usd))).label(f"{name}_usd"),
        ]

    return sa.select(
        sa.select(total_usd(bills.c.usd)).scalar_subquery().label("invoiced_usd"),
        sa.cast(sa.func.count(), sa.BigInteger).label("calls"),
        total_usd(rows.c.paid_usd).label("paid_usd"),
        count_if(unpriced(rows)).label("unpriced_calls"),
        *part("other", sa.not_(counts)),
        *part("production", counts),
        *part("no_task", sa.and_(counts, sa.not_(found))),
        *part("task", sa.and_(counts, found)),
    ).select_from(rows.outerjoin(task, task.c.call_id == rows.c.call_id))


_WITHIN = tuple(each for each in FILTERS if each.name not in ("task_id", "environment"))
READS = (Read("funnel", (PROJECT, *_WITHIN, ANALYSIS), _COLUMNS, _funnel),)
