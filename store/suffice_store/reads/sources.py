"""The pieces that reads are made of: calls that count, their model, price, task; the latest of what can change."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from suffice_store.environments import EVERY, NOT_PRODUCTION, PRODUCTION, REPLAY
from suffice_store.pricing import MAX_TOKENS
from suffice_store.reads.pricing import RATES, price_keys, priced
from suffice_store.reads.registry import Arguments
from suffice_store.records import RETRY
from suffice_store.tables import Usd, analysis_runs, assignments, calls, duplicates
from suffice_store.tables_costs import service_owners

NS_PER_DAY = 86_400 * 10**9
NS_PER_HOUR = 3_600 * 10**9

NOT_BEFORE = "not_before"  # the argument that says from when on (Unix nanoseconds) a page finds all its calls

model = sa.func.coalesce(calls.c.response_model, calls.c.request_model).label("model")
latency_ms = ((calls.c.ended_ns - calls.c.started_ns) / sa.literal(1e6, sa.Double)).label("latency_ms")


def latest(table: sa.Table, keys: tuple[str, ...], project: str) -> sa.Subquery:
    """The last recorded row of each key: what a side table says today."""
    place = sa.func.row_number().over(
        partition_by=[table.c[key] for key in keys],
        order_by=[table.c.recorded_ns.desc(), *(column.desc() for column in table.c if column.name not in keys)],
    )
    ranked = sa.select(table, place.label("place")).where(table.c.project == project).subquery()
    return sa.select(*(ranked.c[c.name] for c in table.c)).where(ranked.c.place == 1).subquery()


def marked_duplicates(project: str, *, retries: bool | None = None) -> sa.Select[Any]:
    """call_id of each call whose latest mark says that another call tells the same.

    ``retries``: only failed attempts that were tried again, or only the others.
    """
    marks = latest(duplicates, ("call_id",), project)
    marked = sa.select(marks.c.call_id).where(marks.c.duplicate_of.is_not(None))
    if retries is None:
        return marked
    rule = sa.func.coalesce(marks.c.rule, "")
    return marked.where(rule == RETRY if retries else rule != RETRY)


def analysis_of(arguments: Arguments) -> sa.ColumnElement[Any]:
    """The analysis asked for, else the latest that was published."""
    if arguments.get("analysis_id"):
        return sa.literal(arguments["analysis_id"])
    return (
        sa.select(analysis_runs.c.analysis_id)
        .where(analysis_runs.c.project == arguments["project"])
        .order_by(analysis_runs.c.published_ns.desc(), analysis_runs.c.analysis_id.desc())
        .limit(1)
        .scalar_subquery()
    )


def assigned(arguments: Arguments) -> sa.Subquery:
    """call_id, task_id, action of the analysis."""
    return (
        sa.select(assignments.c.call_id, assignments.c.task_id, assignments.c.point_id, assignments.c.action)
        .where(assignments.c.project == arguments["project"], assignments.c.analysis_id == analysis_of(arguments))
        .subquery("assigned")
    )


def filters(arguments: Arguments) -> list[sa.ColumnElement[bool]]:
    """Which calls are asked for: the project's, less duplicates, within the filters (``task_id`` apart)."""
    if arguments.get("call_id") is not None:  # one call by name is shown even if it is marked
        return [calls.c.project == arguments["project"], calls.c.call_id == arguments["call_id"]]
    chosen: list[sa.ColumnElement[bool]] = [
        calls.c.project == arguments["project"],
    ]
    if not arguments.get("duplicates"):
        chosen.append(calls.c.call_id.not_in(marked_duplicates(arguments["project"])))
    if (environment := arguments.get("environment")) is not None:
        chosen += in_environment(arguments["project"], environment, by_file=arguments.get("by_file", True))
    if arguments.get("since_ns") is not None:
        chosen.append(calls.c.started_ns >= arguments["since_ns"])
    if arguments.get("until_ns") is not None:
        chosen.append(calls.c.started_ns < arguments["until_ns"])
    if arguments.get(NOT_BEFORE) is not None:
        chosen.append(calls.c.started_ns >= arguments[NOT_BEFORE])
    if arguments.get("service") is not None:
        chosen.append(sa.func.coalesce(calls.c.service, "") == arguments["service"])
    if arguments.get("model") is not None:
        chosen.append(sa.func.coalesce(model, "") == arguments["model"])
    if arguments.get("user") is not None:
        chosen.append(sa.func.coalesce(calls.c.user_id, "") == arguments["user"])
    if arguments.get("team") is not None:
        chosen.append(of_team(arguments["project"], arguments["team"]))
    if arguments.get("task_id") is not None:
        task = assigned(arguments)
        chosen.append(calls.c.call_id.in_(sa.select(task.c.call_id).where(task.c.task_id == arguments["task_id"])))
    return chosen


def in_environment(
    project: str, environment: str, rows: sa.FromClause = calls, *, by_file: bool = True
) -> list[sa.ColumnElement[bool]]:
    """Of production (everything that does not say it is none), of every environment, or of one by its name.

    A service that states none has the one that the user's file names for it (``by_file``: there is one). ``rows`` have
    both columns.
    """
    if environment == EVERY:
        return []
    if not by_file:
        production = sa.func.coalesce(rows.c.environment, "").not_in(NOT_PRODUCTION)
        return [production if environment == PRODUCTION else rows.c.environment == environment]
    owners = latest(service_owners, ("service",), project)
    silent = rows.c.environment.is_(None)
    wanted = owners.c.environment.in_(NOT_PRODUCTION if environment == PRODUCTION else (environment,))
    service = sa.func.coalesce(rows.c.service, "")
    of_file = sa.and_(silent, service.in_(sa.select(owners.c.service).where(wanted)))
    if environment == PRODUCTION:
        return [sa.func.coalesce(rows.c.environment, "").not_in(NOT_PRODUCTION), sa.not_(of_file)]
    return [sa.or_(rows.c.environment == environment, of_file)]


def the_apps(rows: sa.FromClause = calls) -> sa.ColumnElement[bool]:
    """Not what suffice itself asked a candidate in a replay: that is nobody's traffic, and no price is missing in it."""
    return sa.func.coalesce(rows.c.environment, "") != REPLAY


def of_team(project: str, team: str, rows: sa.FromClause = calls) -> sa.ColumnElement[bool]:
    """Calls that state the team, or state none and are of a service that the user's file gives to it."""
    owners = latest(service_owners, ("service",), project)
    services = sa.select(owners.c.service).where(owners.c.team == team)
    by_file = sa.and_(sa.func.coalesce(rows.c.team, "") == "", sa.func.coalesce(rows.c.service, "").in_(services))
    return sa.or_(sa.func.coalesce(rows.c.team, "") == team, by_file)


def counted(
    arguments: Arguments,
    *columns: sa.ColumnElement[Any],
    within: tuple[sa.ColumnElement[bool], ...] = (),
    money: bool = True,
) -> sa.Subquery:
    """One row for each call that counts: ``columns`` of it, and ``paid_usd`` (null = its cost is not known).

    ``within`` narrows beside what the arguments ask for; without ``money`` nothing is priced.
    """
    if not money:
        nothing = sa.cast(sa.null(), Usd).label("paid_usd")
        return sa.select(*columns, nothing).where(*filters(arguments), *within).subquery("counted")
    keys = price_keys(arguments["project"], arguments.get(RATES))
    return (
        sa.select(*columns, priced(keys).label("paid_usd"))
        .select_from(calls.outerjoin(keys.bands, keys.matches(calls)))
        .where(*filters(arguments), *within)
        .subquery("counted")
    )


def total(column: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    """A sum of token counts; null when nothing is known.

    A count beyond ``MAX_TOKENS`` is a mistake, and two of them would not fit the 64 bits there are for the sum.
    """
    return sa.cast(sa.func.sum(sa.case((column.between(0, MAX_TOKENS), column))), sa.BigInteger)


def count_if(condition: sa.ColumnElement[bool]) -> sa.ColumnElement[Any]:
    """How many rows meet the condition."""
    return sa.cast(sa.func.coalesce(sa.func.sum(sa.case((condition, 1), else_=0)), 0), sa.BigInteger)


def total_usd(column: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    """A sum of money, exact; null when nothing is priced."""
    return sa.cast(sa.func.sum(column), Usd)


def unpriced(rows: sa.Subquery) -> sa.ColumnElement[bool]:
    """Calls whose cost is not known. A failed call without usage was not billed, so it is none of them."""
    failed = sa.and_(rows.c.completeness == "error", rows.c.input_tokens.is_(None))
    return sa.and_(rows.c.paid_usd.is_(None), sa.not_(failed))
