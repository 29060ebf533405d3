"""Reads about single calls: lists of them, one of them, its conversation, what it follows."""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa
import sqlalchemy as sa

from suffice_store.environments import PRODUCTION
from suffice_store.reads.addends import add_counts, addends
from suffice_store.reads.functions import contains_text, each_of_both
from suffice_store.reads.previews import CALL_COLUMNS, add_previews, conversation_rows, show_task_names
from suffice_store.reads.pricing import RATES
from suffice_store.reads.registry import ANALYSIS, FILTERS, LIMIT, OFFSET, PROJECT, Arguments, Parameter, Read
from suffice_store.reads.sources import (
    NOT_BEFORE,
    assigned,
    counted,
    filters,
    in_environment,
    latency_ms,
    latest,
    model,
    the_apps,
    unpriced,
)
from suffice_store.records import RETRY
from suffice_store.tables import calls, duplicates, messages, toolsets

CALL_ID = Parameter("call_id", required=True)
_ATTEMPT_COLUMNS = ("call_id", "attempt", "started_ns", "status_code", "completeness", "error_type", "latency_ms")
ONLY = ("unpriced", "no_task", "other_environment")  # where a call falls out on the way from the bill to a task
ORDERS = ("newest", "costliest", "slowest")

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
    """From which start on the list is looked for, where that is narrowed (``rollup``)."""
    first = arguments.get(NOT_BEFORE)
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
        chosen.append(calls.c.call_id.in_(_found(arguments)))
    return tuple(chosen)


def _calls_by_hour(arguments: Arguments) -> sa.Select[Any] | None:
    """The newest hour first: how many calls of the list it holds (of a search: are looked at); None where sums don't tell."""
    if arguments["order"] != "newest" or arguments["run_id"] is not None:
        return None
    if arguments["search"]:
        rows = addends(arguments)
        return _by_hour(rows, rows.c.calls)
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


def _found(arguments: Arguments) -> sa.Select[Any]:
    """call_id of calls with the text in a message (any case), or with exactly this id."""
    text = arguments["search"]
    in_json = json.dumps(text, ensure_ascii=False)[1:-1]  # as a message's content spells it
    within = (calls.c.project == arguments["project"], *_window(arguments))
    said = sa.select(
        calls.c.call_id, each_of_both(calls.c.input_hashes, calls.c.output_hashes).label("message_hash")
    ).where(*within)
    spoken = said.cte()
    hits = sa.select(messages.c.message_hash).where(
        messages.c.project == arguments["project"], contains_text(messages.c.content, in_json)
    )
    if arguments.get(NOT_BEFORE) is not None:  # of the texts of few calls only
        hits = hits.where(messages.c.message_hash.in_(sa.select(spoken.c.message_hash)))
    by_text = sa.select(spoken.c.call_id).where(spoken.c.message_hash.in_(hits))
    ids = (calls.c.call_id, calls.c.external_id, calls.c.run_id, calls.c.trace_id)
    by_id = sa.select(calls.c.call_id).where(*within, sa.or_(*(each == text for each in ids)))
    return by_text.union(by_id)  # type: ignore[return-value]


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
    rows = counted(arguments, *_LISTED)
    before = _links(arguments).subquery("before")
    statement = _listed(arguments, rows).add_columns(before.c.previous_call_id)
    statement = statement.outerjoin(before, before.c.call_id == rows.c.call_id)
    return statement.where(rows.c.run_id == arguments["run_id"]).order_by(
        rows.c.started_ns.nulls_last(), rows.c.step.nulls_last(), rows.c.received_ns, rows.c.call_id
    )


def _call(arguments: Arguments) -> sa.Select[Any]:
    """One call, also one that is marked as a duplicate."""
    this = calls.c.call_id == arguments["call_id"]
    rows = counted(arguments, *calls.c, model, latency_ms)
    task, before = assigned(arguments), _links(arguments).subquery("before")
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
            before.c.previous_call_id,
        )
        .select_from(
            rows.outerjoin(task, task.c.call_id == rows.c.call_id)
            .outerjoin(marks, marks.c.call_id == rows.c.call_id)
            .outerjoin(before, before.c.call_id == rows.c.call_id)
        )
        .where(rows.c.call_id == arguments["call_id"])
    )


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


def _links(arguments: Arguments) -> sa.Select[Any]:
    """Each call with history, and the call whose answer is the last one in it.

    Among calls with the same history (a retry, two equal conversations) it is the last one before this
    call within its run, else within the project. A running maximum finds it, so that a thousand equal
    conversations cost a sort and not a million pairs. ``call_id`` or ``run_id`` ask for those calls only.
    """
    chosen = filters({"project": arguments["project"]})
    at = sa.func.coalesce(calls.c.started_ns, 0).label("at")
    run = sa.func.coalesce(calls.c.run_id, "").label("run")
    asking = [*chosen, calls.c.chain_before.is_not(None)]
    asking += [calls.c[name] == arguments[name] for name in ("call_id", "run_id") if arguments.get(name)]
    asked = sa.select(calls.c.chain_before.label("chain"), run, at, calls.c.call_id).where(*asking).subquery("asked")
    answered = (
        sa.select(calls.c.chain_after.label("chain"), run, at, sa.func.min(calls.c.call_id).label("call_id"))
        .where(*chosen, calls.c.chain_after.in_(sa.select(calls.c.chain_before).where(*asking)))
        .group_by(calls.c.chain_after, run, at)
        .subquery("answered")
    )
    events = sa.union_all(
        sa.select(answered.c.chain, answered.c.run, answered.c.at, answered.c.call_id, sa.literal(0).label("asks")),
        sa.select(asked.c.chain, asked.c.run, asked.c.at, asked.c.call_id, sa.literal(1)),
    ).subquery("events")
    answer_at = sa.case((events.c.asks == 0, events.c.at))
    order = [events.c.at, events.c.asks]

    def last_answer(*within: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
        return sa.func.max(answer_at).over(partition_by=list(within), order_by=order, rows=(None, 0))

    placed = sa.select(
        events,
        last_answer(events.c.chain, events.c.run).label("run_at"),
        last_answer(events.c.chain).label("any_at"),
    ).subquery("placed")
    one_of_all = (
        sa.select(answered.c.chain, answered.c.at, sa.func.min(answered.c.call_id).label("call_id"))
        .group_by(answered.c.chain, answered.c.at)
        .subquery("one_of_all")
    )
    same_run = answered.alias("same_run")
    previous = sa.func.coalesce(same_run.c.call_id, one_of_all.c.call_id)
    return (
        sa.select(placed.c.call_id, previous.label("previous_call_id"))
        .select_from(
            placed.outerjoin(
                same_run,
                sa.and_(
                    same_run.c.chain == placed.c.chain,
                    same_run.c.run == placed.c.run,
                    same_run.c.at == placed.c.run_at,
                ),
            ).outerjoin(one_of_all, sa.and_(one_of_all.c.chain == placed.c.chain, one_of_all.c.at == placed.c.any_at))
        )
        .where(placed.c.asks == 1, previous.is_not(None))
        .order_by(placed.c.call_id)
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
            Parameter("order", "choice", default="newest", choices=ORDERS),
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
        show_task_names,
        priced=True,
    ),
    Read("attempts", (PROJECT, CALL_ID), _ATTEMPT_COLUMNS, _attempts),
    Read(
        "conversation",
        (PROJECT, CALL_ID),
        ("position", "direction", "message_hash", "role", "content"),
        _conversation,
        conversation_rows,
    ),
    Read(
        "run_calls",
        (PROJECT, Parameter("run_id", required=True)),
        (*CALL_COLUMNS, "previous_call_id"),
        _run_calls,
        _finish_listed,
        priced=True,
    ),
    Read("links", (PROJECT,), ("call_id", "previous_call_id"), _links),
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
