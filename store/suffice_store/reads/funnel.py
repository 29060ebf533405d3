"""From the provider's bill to what was found in tasks: how much money is left at each step, and how many calls fall out there."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from suffice_store.environments import PRODUCTION
from suffice_store.reads.addends import SUMS, add_counts, addends, every_environment
from suffice_store.reads.registry import ANALYSIS, FILTERS, PROJECT, Arguments, Read
from suffice_store.reads.sources import in_environment, latest, the_apps, total_usd
from suffice_store.tables_costs import invoices

_COLUMNS = (
    "invoiced_usd", "calls", "paid_usd", "unpriced_calls", "other_calls", "other_usd", "production_calls", "production_usd",
    "no_task_calls", "no_task_usd", "task_calls", "task_usd",
)  # fmt: skip


def _funnel(arguments: Arguments) -> sa.Select[Any]:
    """One row. Every environment of the apps is looked at; calls without a price are in no sum and counted apart."""
    rows = addends(every_environment(arguments), by_task=True)
    found = rows.c.task_id != ""
    by_file = getattr(arguments.get(SUMS), "by_file", True)
    counts = sa.and_(sa.true(), *in_environment(arguments["project"], PRODUCTION, rows, by_file=by_file))
    bills = latest(invoices, ("provider", "kind", "day", "model"), arguments["project"])

    def part(name: str, condition: sa.ColumnElement[bool]) -> list[sa.ColumnElement[Any]]:
        return [
            add_counts(rows.c.priced_calls, condition).label(f"{name}_calls"),
            total_usd(sa.case((condition, rows.c.paid_usd))).label(f"{name}_usd"),
        ]

    return sa.select(
        sa.select(total_usd(bills.c.usd)).scalar_subquery().label("invoiced_usd"),
        add_counts(rows.c.calls).label("calls"),
        total_usd(rows.c.paid_usd).label("paid_usd"),
        add_counts(rows.c.unpriced_calls).label("unpriced_calls"),
        *part("other", sa.not_(counts)),
        *part("production", counts),
        *part("no_task", sa.and_(counts, sa.not_(found))),
        *part("task", sa.and_(counts, found)),
    ).where(the_apps(rows))


_WITHIN = tuple(each for each in FILTERS if each.name not in ("task_id", "environment"))
READS = (Read("funnel", (PROJECT, *_WITHIN, ANALYSIS), _COLUMNS, _funnel, adds_up=True),)
