"""Reads about single calls: lists of them, one of them, its conversation, what it follows."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import sqlalchemy as sa

from suffice_store.environments import PRODUCTION
from suffice_store.reads.addends import add_counts, addends
from suffice_store.reads.few import PRICED_BY, price_few
from suffice_store.reads.links import COLUMNS as CHAINS
from suffice_store.reads.links import find_previous
from suffice_store.reads.previews import CALL_COLUMNS, add_previews, add_tasks, conversation_rows, show_task_names
from suffice_store.reads.pricing import RATES
from suffice_store.reads.registry import ANALYSIS, FILTERS, LIMIT, OFFSET, PROJECT, Arguments, Parameter, Read
from suffice_store.reads.search import NEWEST, STARTS, found
from suffice_store.reads.sources import (
    NOT_BEFORE,
    analysis_of,
    assigned,
    counted,
    in_environment,
    latency_ms,
    latest,
    model,
    the_apps,
    unpriced,
)
from suffice_store.records import RETRY
from suffice_store.tables import calls, duplicates, toolsets

CALL_ID = Parameter("call_id", required=True)
_ATTEMPT_COLUMNS = ("call_id", "attempt", "started_ns", "status_code", "completeness", "error_type", "latency_ms")
ONLY = ("unpriced", "no_task", "other_environment")  # where a call falls out on the way from the bill to a task
ORDERS = (NEWEST, "costliest", "slowest")

_LISTED = (
    calls.c.call_id, calls.c.external_id, calls.c.started_ns, calls.c.service, calls.c.provider, model,
    calls.c.run_id, calls.c.step, calls.c.input_tokens, calls.c.output_tokens, calls.c.usage_source, latency_ms,
    calls.c.time_to_first_token_ms, calls.c.status_code, calls.c.error_type, calls.c.finish_reason,
    calls.c.completeness, calls.c.call_site, calls.c.input_hashes, calls.c.output_hashes, calls.c.received_ns,
)  # fmt: skip


def _listed(arguments: Arguments, rows: sa.Subquery) -> sa.Select[Any]:
    """``rows`` (from ``counted``) with their task; the hashes are replaced by previews afterwards."""
    task = assigned(arguments)
    columns: dict[str, sa.ColumnElement[Any]] = {**dict(rows.c), "task_id": task.c.task_id, "action": task.c.action}
    columns["task_name"] = sa.cast(sa.null(), sa.String)
    chosen = [columns[name].label(name) for name in CALL_COLUMNS if name in columns]
    return sa.select(*chosen, rows.c.input_hashes, rows.c.output_hashes, rows.c.received_ns).select_from(
        rows.outerjoin(task, task.c.call_id == rows.c.call_id)
    )


def _finish_listed(connection: sa.Connection, arguments: Arguments, rows: pa.Table) -> pa.Table:
    return add_previews(connection, arguments, show_task_names(connection, arguments, rows))


def _calls(arguments: Arguments) -> sa.Select[Any]:
    """First which calls the page has, by the few columns that decide; then all columns of those."""
    money = arguments["order"] == "costliest" or arguments["only"] == "unpriced"
    deciding = (
        calls.c.call_id,
        calls.c.started_ns,
        calls.c.received_ns,
        latency_ms,
        calls.c.completeness,
        calls.c.input_tokens,
    )
    rows = counted(arguments, *deciding, within=_asked_for(arguments), money=money)
    page = sa.select(rows.c.call_id).order_by(*_order(arguments, rows))
    if arguments["only"] == "unpriced":
        page = page.where(unpriced(rows))
    page = page.limit(arguments["limit"]).offset(arguments["offset"])
    within = (calls.c.call_id.in_(sa.select(page.subquery("page").c.call_id)), *_window(arguments))
    project = {name: arguments.get(name) for name in ("project", RATES)}
    shown = counted({**project, "duplicates": True}, *_LISTED, within=within)
    return _listed(arguments, shown).order_by(*_order(arguments, shown))


def _order(arguments: Arguments, rows: sa.Subquery) -> tuple[sa.ColumnElement[Any], ...]:
    newest = (rows.c.started_ns.desc().nulls_last(), rows.c.received_ns.desc(), rows.c.call_id)
    first = {"newest": (), "costliest": (rows.c.paid_usd.desc().nulls_last(),)}.get(
        arguments["order"], (rows.c.latency_ms.desc().nulls_last(),)
    )
    return (*first, *newest)


def _window(arguments: Arguments) -> tuple[sa.ColumnElement[bool], ...]:
    """When the calls of the list started, where that is known (``rollup``, ``search``): few are then found in half the time."""
    first, starts = arguments.get(NOT_BEFORE), arguments.get(STARTS)
    if starts is not None:
        return (calls.c.started_ns.in_(starts),)
    return () if first is None else (calls.c.started_ns >= first,)


def _asked_for(arguments: Arguments) -> tuple[sa.ColumnElement[bool], ...]:
    """What narrows a list beside the filters, less ``unpriced``, which looks at the price."""
    chosen: list[sa.ColumnElement[bool]] = []
    if arguments["run_id"] is not None:
        chosen.append(calls.c.run_id == arguments["run_id"])
    if arguments["errors_only"]:
        chosen.append(calls.c.completeness == "error")
    if arguments["only"] in ("no_task", "other_environment"):
        chosen.append(_falls_out(arguments))
    if arguments["only"] in ("unpriced", "other_environment"):
        chosen.append(the_apps())
    if arguments["search"]:
        chosen.append(found(arguments))
    return tuple(chosen)


def _calls_by_hour(arguments: Arguments) -> sa.Select[Any] | None:
    """The newest hour first: how many calls of the list it holds; None where sums don't tell."""
    if arguments["order"] != NEWEST or arguments["run_id"] is not None or arguments["search"]:
        return None
    if arguments["only"] not in (None, "unpriced", "no_task"):
        return None
    if arguments["errors_only"] and arguments["only"] == "unpriced":
        return None
    rows = addends(arguments)
    counts = rows.c.error_calls if arguments["errors_only"] else rows.c.calls
    if arguments["only"] == "unpriced":
        counts = rows.c.unpriced_calls
    statement = _by_hour(rows, counts)
    if arguments["only"] == "unpriced":
        return statement.where(the_apps(rows))
    return statement.where(rows.c.task_id == "") if arguments["only"] == "no_task" else statement


def _task_calls_by_hour(arguments: Arguments) -> sa.Select[Any]:
    rows = addends(arguments)
    return _by_hour(rows, rows.c.calls)


def _by_hour(rows: sa.Subquery, counts: sa.ColumnElement[Any]) -> sa.Select[Any]:
    return sa.select(rows.c.hour, add_counts(counts)).group_by(rows.c.hour).order_by(rows.c.hour.desc().nulls_last())


def _falls_out(arguments: Arguments) -> sa.ColumnElement[bool]:
    if arguments["only"] == "other_environment":
        counting = sa.select(calls.c.call_id).where(
            calls.c.project == arguments["project"], *in_environment(arguments["project"], PRODUCTION)
        )
        return calls.c.call_id.not_in(counting)
    task = assigned(arguments)
    return calls.c.call_id.not_in(sa.select(task.c.call_id).where(sa.func.coalesce(task.c.task_id, "") != ""))


def _search_count(arguments: Arguments) -> sa.Select[Any]:
    """How many calls a search finds, all of them."""
    columns = (calls.c.call_id, calls.c.completeness, calls.c.input_tokens)
    rows = counted(arguments, *columns, within=_asked_for(arguments), money=arguments["only"] == "unpriced")
    statement = sa.select(sa.cast(sa.func.count(), sa.BigInteger).label("calls")).select_from(rows)
    return statement.where(unpriced(rows)) if arguments["only"] == "unpriced" else statement


def _task_calls(arguments: Arguments) -> sa.Select[Any]:
    rows = counted(arguments, *_LISTED)
    statement = _listed(arguments, rows)
    newest = (rows.c.started_ns.desc().nulls_last(), rows.c.received_ns.desc(), rows.c.call_id)
    return statement.order_by(*newest).limit(arguments["limit"]).offset(arguments["offset"])


def _run_calls(arguments: Arguments) -> sa.Select[Any]:
    """Task, money and call before are looked up for these few afterwards: in one statement planning alone takes 60 ms."""
    this = (calls.c.run_id == arguments["run_id"],)
    rows = counted(arguments, *_LISTED, *CHAINS, *PRICED_BY, within=this, money=False)
    return sa.select(*(column for column in rows.c)).order_by(
        rows.c.started_ns.nulls_last(), rows.c.step.nulls_last(), rows.c.received_ns, rows.c.call_id
    )


def _finish_run(connection: sa.Connection, arguments: Arguments, rows: pa.Table) -> pa.Table:
    rows = price_few(connection, arguments, rows)
    previous = find_previous(connection, arguments, rows, whole_run=True)
    rows = rows.drop_columns([column.name for column in CHAINS]).append_column("previous_call_id", previous)
    analysis_id = connection.scalar(sa.select(analysis_of(arguments)))
    arguments = {**arguments, "analysis_id": analysis_id}  # a value: planning takes half the time
    return _finish_listed(connection, arguments, add_tasks(connection, arguments, rows))


def _call(arguments: Arguments) -> sa.Select[Any]:
    """One call, also one that is marked as a duplicate."""
    this = calls.c.call_id == arguments["call_id"]
    rows = counted(arguments, *calls.c, model, latency_ms)
    task = assigned(arguments)
    marks = latest(duplicates, ("call_id",), arguments["project"])
    tools = _tools_of(arguments, this)
    return (
        sa.select(
            *(rows.c[column.name] for column in calls.c if column.name != "project"),
            rows.c.model,
            rows.c.latency_ms,
            rows.c.paid_usd,
            tools.label("tools"),
            task.c.task_id,
            sa.cast(sa.null(), sa.String).label("shown_task_name"),
            task.c.action,
            marks.c.duplicate_of,
            sa.case((marks.c.duplicate_of.is_not(None), marks.c.rule)).label("duplicate_rule"),
        )
        .select_from(
            rows.outerjoin(task, task.c.call_id == rows.c.call_id).outerjoin(marks, marks.c.call_id == rows.c.call_id)
        )
        .where(rows.c.call_id == arguments["call_id"])
    )


def _finish_call(connection: sa.Connection, arguments: Arguments, rows: pa.Table) -> pa.Table:
    """A call that is marked follows none."""
    rows = show_task_names(connection, arguments, rows)
    if any(rows.column("duplicate_of").to_pylist()):
        return rows.append_column("previous_call_id", pa.nulls(rows.num_rows, pa.string()))
    return rows.append_column("previous_call_id", find_previous(connection, arguments, rows))


def _attempts(arguments: Arguments) -> sa.Select[Any]:
    """The failed attempts of a call, and the call itself."""
    marks = latest(duplicates, ("call_id",), arguments["project"])
    of_call = sa.and_(marks.c.duplicate_of == arguments["call_id"], marks.c.rule == RETRY)
    tried = sa.or_(
        calls.c.call_id == arguments["call_id"], calls.c.call_id.in_(sa.select(marks.c.call_id).where(of_call))
    )
    columns = (*(calls.c[name] for name in _ATTEMPT_COLUMNS if name != "latency_ms"), latency_ms)
    return (
        sa.select(*columns)
        .where(calls.c.project == arguments["project"], tried)
        .order_by(calls.c.attempt, calls.c.started_ns.nulls_last(), calls.c.call_id)
    )


def _tools_of(arguments: Arguments, this: sa.ColumnElement[bool]) -> sa.ScalarSelect[Any]:
    hash_of_this = sa.select(calls.c.toolset_hash).where(calls.c.project == arguments["project"], this)
    return (
        sa.select(sa.func.min(toolsets.c.tools))
        .where(toolsets.c.project == arguments["project"], toolsets.c.toolset_hash == hash_of_this.scalar_subquery())
        .scalar_subquery()
    )


def _conversation(arguments: Arguments) -> sa.Select[Any]:
    return sa.select(calls.c.input_hashes, calls.c.output_hashes, calls.c.received_ns).where(
        calls.c.project == arguments["project"], calls.c.call_id == arguments["call_id"]
    )


_NARROWED = (
    Parameter("run_id"),
    Parameter("errors_only", "flag", default=False),
    Parameter("only", "choice", choices=ONLY),
)

READS = (
    Read(
        "search_count",
        (PROJECT, Parameter("search", required=True), *_NARROWED, *FILTERS),
        ("calls",),
        _search_count,
        priced=True,
    ),
    Read(
        "calls",
        (
            PROJECT,
            Parameter("search"),
            *_NARROWED,
            Parameter("order", "choice", default=NEWEST, choices=ORDERS),
            LIMIT,
            OFFSET,
            *FILTERS,
        ),
        CALL_COLUMNS,
        _calls,
        _finish_listed,
        priced=True,
        hours=_calls_by_hour,
    ),
    Read(
        "call",
        (PROJECT, CALL_ID),
        (
            *(column.name for column in calls.c if column.name != "project"),
            *("model", "latency_ms", "paid_usd", "tools", "task_id", "shown_task_name", "action", "duplicate_of"),
            *("duplicate_rule", "previous_call_id"),
        ),
        _call,
        _finish_call,
        priced=True,
        only_values=("call_id",),
    ),
    Read("attempts", (PROJECT, CALL_ID), _ATTEMPT_COLUMNS, _attempts, only_values=("call_id",)),
    Read(
        "conversation",
        (PROJECT, CALL_ID),
        ("position", "direction", "message_hash", "role", "content"),
        _conversation,
        conversation_rows,
        only_values=("call_id",),
    ),
    Read(
        "run_calls",
        (PROJECT, Parameter("run_id", required=True)),
        (*CALL_COLUMNS, "previous_call_id"),
        _run_calls,
        _finish_run,
        priced=True,
        whole=True,
        only_values=("run_id",),
    ),
    Read(
        "task_calls",
        (PROJECT, Parameter("task_id", required=True), ANALYSIS, LIMIT, OFFSET),
        CALL_COLUMNS,
        _task_calls,
        _finish_listed,
        priced=True,
        hours=_task_calls_by_hour,
    ),
)
