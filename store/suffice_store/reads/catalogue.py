"""Reads about what is beside the calls: outcomes, prices in force, projects, how full the tables are."""

from __future__ import annotations

import time
from typing import Any

import sqlalchemy as sa

from suffice_store.reads.registry import PROJECT, Arguments, Parameter, Read
from suffice_store.reads.sources import NS_PER_DAY, latest
from suffice_store.tables import calls, metadata, outcomes, prices

_OUTCOME_COLUMNS = ("target", "target_id", "ok", "score", "label", "source", "recorded_ns")
_PRICE_KEY = ("project", "provider", "model", "tier", "context_from_tokens")


def _outcomes(arguments: Arguments) -> sa.Select[Any]:
    rows = latest(outcomes, ("target", "target_id"), arguments["project"])
    return sa.select(*(rows.c[name] for name in _OUTCOME_COLUMNS)).order_by(rows.c.target, rows.c.target_id)


def _prices(arguments: Arguments) -> sa.Select[Any]:
    """The rows in force today: of each key the latest that is valid already."""
    place = sa.func.row_number().over(
        partition_by=[prices.c[name] for name in _PRICE_KEY],
        order_by=[prices.c.valid_from_day.desc(), prices.c.recorded_ns.desc(), prices.c.source],
    )
    today = time.time_ns() // NS_PER_DAY
    statement = sa.select(prices, place.label("place")).where(
        prices.c.project.in_((arguments["project"], "")), prices.c.valid_from_day <= today
    )
    if arguments["model"] is not None:
        statement = statement.where(prices.c.model == arguments["model"])
    rows = statement.subquery()
    return (
        sa.select(*(rows.c[column.name] for column in prices.c))
        .where(rows.c.place == 1)
        .order_by(rows.c.model, rows.c.provider, rows.c.tier, rows.c.context_from_tokens, rows.c.project)
    )


def _info(arguments: Arguments) -> sa.Select[Any]:
    """Rows of every table, of every project."""
    counts = sa.union_all(
        *(
            sa.select(
                sa.literal(name).label("table_name"),
                table.c.project.label("project"),
                sa.cast(sa.func.count(), sa.BigInteger).label("rows"),
            ).group_by(table.c.project)
            for name, table in metadata.tables.items()
        )
    ).subquery()
    return sa.select(counts.c.table_name, counts.c.project, counts.c.rows).order_by(
        counts.c.table_name, counts.c.project
    )


def _projects(arguments: Arguments) -> sa.Select[Any]:
    count = sa.cast(sa.func.count(), sa.BigInteger).label("calls")
    return sa.select(calls.c.project, count).group_by(calls.c.project).order_by(calls.c.project)


READS = (
    Read("outcomes", (PROJECT,), _OUTCOME_COLUMNS, _outcomes),
    Read("prices", (PROJECT, Parameter("model")), tuple(column.name for column in prices.c), _prices),
    Read("info", (PROJECT,), ("table_name", "project", "rows"), _info),
    Read("projects", (PROJECT,), ("project", "calls"), _projects),
)
