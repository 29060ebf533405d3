"""What the reads that add up add: a row for each call that counts, or a row for many calls alike, added up before.

Both have the same columns: keys to group and filter by, and addends. ``rollup`` keeps the second kind, so that a read of a
million calls adds up some thousand rows. One definition makes both, so that they give the same to the last digit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql import quoted_name

from suffice_store.environments import EVERY
from suffice_store.pricing import MAX_TOKENS
from suffice_store.reads.registry import FILTERS, Arguments
from suffice_store.reads.sources import (
    NS_PER_HOUR,
    assigned,
    counted,
    in_environment,
    latest,
    model,
    of_team,
    total_usd,
    unpriced,
)
from suffice_store.records import RETRY
from suffice_store.tables import Usd, calls, duplicates

SUMS = "sums"  # the argument that says which rows were added up before: a ``Sums``
COUNTS_ITSELF, DUPLICATE, RETRIED = "", "duplicate", "retry"  # what ``marked`` says
LATE_NS = NS_PER_HOUR  # a call that arrives this much after it ended changes what was seen before

OWNED = ("team", "owner", "cost_centre", "environment")
KEYS: dict[str, Any] = {
    "hour": sa.BigInteger,  # its first nanosecond; null = time not known
    "started_day": sa.Integer,
    "provider": sa.String,
    "model": sa.String,
    "service": sa.String,
    **dict.fromkeys(OWNED, sa.String),
    "task_id": sa.String,  # "" = in none
    "marked": sa.String,
}
COUNTS = (
    "calls", "error_calls", "estimated_calls", "no_usage_calls", "priced_calls", "unpriced_calls", "incomplete_calls",
    "untimed_calls", "late_calls", "unpriced_usage_calls",
)  # fmt: skip
TOKENS = (
    "input_tokens",
    "output_tokens",
    "cache_read_tokens",
    "unpriced_input_tokens",
    "unpriced_output_tokens",
)  # "unpriced": of calls with usage whose model has no price
MONEY = ("paid_usd",)
ADDENDS: dict[str, Any] = {
    **dict.fromkeys((*COUNTS, *TOKENS), sa.BigInteger),
    **dict.fromkeys(MONEY, Usd),
    "first_call_ns": sa.BigInteger,
    "last_call_ns": sa.BigInteger,
}
_NEEDED = (
    calls.c.call_id, calls.c.run_id, calls.c.service, calls.c.provider, model, calls.c.completeness, calls.c.started_ns,
    calls.c.started_day, calls.c.ended_ns, calls.c.received_ns, calls.c.source, calls.c.input_tokens, calls.c.output_tokens,
    calls.c.cache_read_tokens, calls.c.usage_source, calls.c.team, calls.c.owner, calls.c.cost_centre, calls.c.environment,
)  # fmt: skip
_FILTERS = tuple(each.name for each in FILTERS)
_HELD = ("since_ns", "until_ns", "service", "model", "team", "task_id", "environment")


@dataclass(frozen=True, slots=True)
class Sums:
    """Rows that stand added up, in two tables in memory (``rollup``), by the tasks of one analysis."""

    name: str
    analysis_id: str | None
    marks: bool = True  # False: no call is marked
    by_file: bool = True  # False: no file of the user's says what services are

    @property
    def settled(self) -> sa.TableClause:
        return sums_table(f"{self.name}_settled")

    @property
    def recent(self) -> sa.TableClause:
        return sums_table(f"{self.name}_recent")


def sums_table(name: str) -> sa.TableClause:
    """A table in memory with the columns of ``by_call``, less ``run_id``."""
    columns = [sa.column(key, kind) for key, kind in (KEYS | ADDENDS).items()]
    return sa.table(in_memory(name), *columns)


def in_memory(name: str) -> quoted_name:
    """The name of a table of DuckDB's own memory, beside the file."""
    return quoted_name(f"memory.main.{name}", quote=False)


def addends(arguments: Arguments, *, by_task: bool = False, money: bool = True) -> sa.Subquery:
    """The calls that are asked for, added up before where that is possible.

    ``by_task``: ``task_id`` is looked at. ``money``: whatever depends on prices is.
    """
    sums: Sums | None = arguments.get(SUMS)
    if sums is None:
        return by_call(arguments, by_task=by_task, money=money)
    return _of_sums(sums, arguments)


def marked_calls(arguments: Arguments, marked: str) -> sa.ColumnElement[Any] | None:
    """How many of the project's calls are marked so, where that stands added up."""
    sums: Sums | None = arguments.get(SUMS)
    if sums is None:
        return None
    if not sums.marks:  # to plan for nothing takes 5 ms
        return sa.cast(sa.literal(0), sa.BigInteger)
    rows = _union(sums)
    return sa.select(add_counts(rows.c.calls)).where(rows.c.marked == marked).scalar_subquery()


def by_call(
    arguments: Arguments,
    *,
    by_task: bool,
    within: tuple[sa.ColumnElement[bool], ...] = (),
    marks: bool = False,
    money: bool = True,
) -> sa.Subquery:
    """A row for each call. ``marks``: also of calls that are marked, with what ``marked`` says of them."""
    rows = counted({**arguments, "duplicates": marks}, *_NEEDED, within=within, money=money)
    source: Any = rows
    task_id: sa.ColumnElement[Any] = sa.literal("")
    marked: sa.ColumnElement[Any] = sa.literal(COUNTS_ITSELF)
    if by_task:
        task = assigned(arguments)
        source = source.outerjoin(task, task.c.call_id == rows.c.call_id)
        task_id = sa.func.coalesce(task.c.task_id, "")
    if marks:
        found = latest(duplicates, ("call_id",), arguments["project"])
        source = source.outerjoin(found, sa.and_(found.c.call_id == rows.c.call_id, found.c.duplicate_of.is_not(None)))
        by_rule = sa.case((sa.func.coalesce(found.c.rule, "") == RETRY, RETRIED), else_=DUPLICATE)
        marked = sa.case((found.c.duplicate_of.is_not(None), by_rule), else_=COUNTS_ITSELF)
    no_price = sa.and_(unpriced(rows), rows.c.input_tokens.is_not(None))
    ended = sa.func.coalesce(rows.c.ended_ns, rows.c.started_ns)
    made: dict[str, sa.ColumnElement[Any]] = {
        "hour": rows.c.started_ns - rows.c.started_ns % NS_PER_HOUR,
        "task_id": task_id,
        "marked": marked,
        "calls": sa.literal(1),
        "error_calls": _one_if(rows.c.completeness == "error"),
        "estimated_calls": _one_if(rows.c.usage_source == "estimated"),
        "no_usage_calls": _one_if(sa.and_(rows.c.input_tokens.is_(None), rows.c.completeness != "error")),
        "priced_calls": _one_if(rows.c.paid_usd.is_not(None)),
        "unpriced_calls": _one_if(unpriced(rows)),
        "incomplete_calls": _one_if(rows.c.completeness == "partial"),
        "untimed_calls": _one_if(rows.c.started_ns.is_(None)),
        # Of recorded calls; an import is late by nature.
        "late_calls": _one_if(sa.and_(rows.c.source == "otlp", rows.c.received_ns - ended > LATE_NS)),
        "unpriced_usage_calls": _one_if(no_price),
        **{name: _sane(rows.c[name]) for name in TOKENS[:3]},
        "unpriced_input_tokens": sa.case((no_price, _sane(rows.c.input_tokens))),
        "unpriced_output_tokens": sa.case((no_price, _sane(rows.c.output_tokens))),
        "first_call_ns": rows.c.started_ns,
        "last_call_ns": rows.c.started_ns,
    }
    columns = [(made[name] if name in made else rows.c[name]).label(name) for name in KEYS | ADDENDS]
    return sa.select(*columns, rows.c.run_id).select_from(source).subquery("addends")


def added_up(rows: sa.Subquery) -> sa.Select[Any]:
    """``rows`` as they are kept: one for each set of keys."""
    sums = [_ADD[name](rows.c[name]).label(name) for name in ADDENDS]
    return sa.select(*(rows.c[key] for key in KEYS), *sums).group_by(*(rows.c[key] for key in KEYS))


def add_counts(column: sa.ColumnElement[Any], where: sa.ColumnElement[bool] | None = None) -> sa.ColumnElement[Any]:
    """The sum of a count; 0 of nothing."""
    chosen = column if where is None else sa.case((where, column))
    return sa.cast(sa.func.coalesce(sa.func.sum(chosen), 0), sa.BigInteger)


def add_tokens(column: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    """The sum of token counts; null when nothing is known."""
    return sa.cast(sa.func.sum(column), sa.BigInteger)


def _of_sums(sums: Sums, arguments: Arguments) -> sa.Subquery:
    rows = _union(sums)
    chosen: list[sa.ColumnElement[bool]] = [rows.c.marked == COUNTS_ITSELF]
    if (environment := arguments.get("environment")) is not None:
        chosen += in_environment(arguments["project"], environment, rows, by_file=sums.by_file)
    if arguments.get("since_ns") is not None:
        chosen.append(rows.c.hour >= arguments["since_ns"])
    if arguments.get("until_ns") is not None:
        chosen.append(rows.c.hour < arguments["until_ns"])
    for name in ("service", "model"):
        if arguments.get(name) is not None:
            chosen.append(sa.func.coalesce(rows.c[name], "") == arguments[name])
    if arguments.get("team") is not None:
        chosen.append(of_team(arguments["project"], arguments["team"], rows))
    if arguments.get("task_id") is not None:
        chosen.append(rows.c.task_id == arguments["task_id"])
    return sa.select(rows).where(*chosen).subquery("addends")


def _union(sums: Sums) -> sa.Subquery:
    return sa.union_all(sa.select(sums.settled), sa.select(sums.recent)).subquery("sums")


def can_add_up(arguments: Arguments, analysis_id: str | None) -> bool:
    """Whether sums by the hour and by the tasks of this analysis hold what is asked for."""
    times = (arguments.get("since_ns"), arguments.get("until_ns"))
    others = (name for name in _FILTERS if name not in _HELD)  # a filter that is added later, too
    return (
        all(arguments.get(name) is None for name in others)
        and all(time is None or time % NS_PER_HOUR == 0 for time in times)
        and arguments.get("analysis_id") in (None, "", analysis_id)
        and arguments.get("task_id") != ""
    )


def among_calls(arguments: Arguments) -> Arguments:
    """The same question of the calls themselves, without looking for what the sums say there is not."""
    sums: Sums = arguments[SUMS]
    return {**arguments, "duplicates": not sums.marks, "by_file": sums.by_file}


def every_environment(arguments: Arguments) -> Arguments:
    """The same question of every environment."""
    return {**arguments, "environment": EVERY}


def _one_if(condition: sa.ColumnElement[bool]) -> sa.ColumnElement[Any]:
    return sa.case((condition, 1), else_=0)


def _sane(column: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    """A token count; null beyond ``MAX_TOKENS``: that is a mistake, and two of them would not fit the sum's 64 bits."""
    return sa.case((column.between(0, MAX_TOKENS), column))


_ADD: dict[str, Any] = {
    **dict.fromkeys(COUNTS, add_counts),
    **dict.fromkeys(TOKENS, add_tokens),
    **dict.fromkeys(MONEY, total_usd),
    "first_call_ns": sa.func.min,
    "last_call_ns": sa.func.max,
}
