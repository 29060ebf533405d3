"""Reads that add up: the overview, spend by something, what is wrong with the data. All in the database."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import sqlalchemy as sa

from suffice import semconv
from suffice_store.environments import EVERY
from suffice_store.reads.addends import (
    DUPLICATE,
    OWNED,
    RETRIED,
    SUMS,
    add_counts,
    add_tokens,
    addends,
    among_calls,
    every_environment,
    marked_calls,
)
from suffice_store.reads.previews import nanoseconds_to_iso, task_names
from suffice_store.reads.registry import FILTERS, LIMIT, PROJECT, Arguments, Parameter, Read
from suffice_store.reads.sources import NS_PER_DAY, filters, latest, marked_duplicates, the_apps, total_usd
from suffice_store.tables import calls, dead_letters, spans
from suffice_store.tables_costs import service_owners

_BY = ("model", "service", "provider", "day", "task", "hour", *OWNED)

_HTTP_SCOPES = tuple(
    f"opentelemetry.instrumentation.{each}" for each in ("aiohttp_client", "httpx", "requests", "urllib", "urllib3")
)


def _count() -> sa.ColumnElement[Any]:
    return sa.cast(sa.func.count(), sa.BigInteger)


def _distinct(column: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    return sa.cast(sa.func.count(column.distinct()), sa.BigInteger)


def _marked_calls(arguments: Arguments, *, retries: bool) -> sa.ColumnElement[Any]:
    added_up = marked_calls(arguments, RETRIED if retries else DUPLICATE)
    if added_up is not None:
        return added_up
    marks = marked_duplicates(arguments["project"], retries=retries)
    marked = sa.select(_count()).where(calls.c.project == arguments["project"], calls.c.call_id.in_(marks))
    return marked.scalar_subquery()


def _runs(arguments: Arguments, rows: sa.Subquery) -> sa.ColumnElement[Any]:
    """A run is in many sums, so that it is counted among the calls themselves."""
    if arguments.get(SUMS) is None:
        return _distinct(rows.c.run_id)
    return sa.select(_distinct(calls.c.run_id)).where(*filters(among_calls(arguments))).scalar_subquery()


def _overview(arguments: Arguments) -> sa.Select[Any]:
    rows = addends(arguments)
    counts = {name: add_counts(rows.c[name]).label(name) for name in (
        "error_calls", "estimated_calls", "no_usage_calls", "priced_calls", "unpriced_calls", "incomplete_calls", "untimed_calls",
    )}  # fmt: skip
    tokens = (add_tokens(rows.c[name]).label(name) for name in ("input_tokens", "output_tokens", "cache_read_tokens"))
    return sa.select(
        add_counts(rows.c.calls).label("calls"),
        _runs(arguments, rows).label("runs"),
        _distinct(rows.c.service).label("services"),
        _distinct(rows.c.model).label("models"),
        counts["error_calls"],
        *tokens,
        *(counts[name] for name in ("estimated_calls", "no_usage_calls", "priced_calls", "unpriced_calls")),
        _marked_calls(arguments, retries=False).label("duplicate_calls"),
        _marked_calls(arguments, retries=True).label("retried_attempts"),
        *(counts[name] for name in ("incomplete_calls", "untimed_calls")),
        total_usd(rows.c.paid_usd).label("paid_usd"),
        sa.func.min(rows.c.first_call_ns).label("first_call_ns"),
        sa.func.max(rows.c.last_call_ns).label("last_call_ns"),
    )


def _spend(arguments: Arguments) -> sa.Select[Any]:
    by = arguments["by"]
    rows = addends(arguments, by_task=by == "task")
    source: Any = rows
    key: sa.ColumnElement[Any]
    if by == "task":
        key = rows.c.task_id
    elif by in OWNED:
        owners = latest(service_owners, ("service",), arguments["project"])
        source = rows.outerjoin(owners, owners.c.service == rows.c.service)
        key = sa.func.coalesce(rows.c[by], owners.c[by], "")
    elif by == "hour":
        key = rows.c.hour
    elif by == "day":
        key = rows.c.hour - rows.c.hour % NS_PER_DAY
    else:
        key = sa.func.coalesce(rows.c[by], "")
    paid = total_usd(rows.c.paid_usd).label("paid_usd")
    count = add_counts(rows.c.calls).label("calls")
    statement = sa.select(
        key.label("key"),
        sa.cast(sa.null(), sa.String).label("name"),
        count,
        add_tokens(rows.c.input_tokens).label("input_tokens"),
        add_tokens(rows.c.output_tokens).label("output_tokens"),
        paid,
        add_counts(rows.c.unpriced_calls).label("unpriced_calls"),
        add_counts(rows.c.error_calls).label("error_calls"),
    )
    order = [key.nulls_first()] if by in ("day", "hour") else [paid.desc().nulls_last(), count.desc(), key]
    return statement.select_from(source).group_by(key).order_by(*order)


def _spend_change(arguments: Arguments) -> sa.Select[Any]:
    """The window asked for and the one as long before it. Without both its ends nothing lies before."""
    since, until = arguments.get("since_ns"), arguments.get("until_ns")
    before = {"since_ns": 0, "until_ns": 0}
    if since is not None and until is not None and until > since:
        before = {"since_ns": max(0, 2 * since - until), "until_ns": since}

    def window(name: str, asked: Arguments) -> sa.Select[Any]:
        rows = addends(asked)
        return sa.select(
            sa.literal(name).label("window"),
            add_counts(rows.c.calls).label("calls"),
            total_usd(rows.c.paid_usd).label("paid_usd"),
            add_counts(rows.c.unpriced_calls).label("unpriced_calls"),
        )

    both = sa.union_all(window("this", arguments), window("before", {**arguments, **before})).subquery()
    return sa.select(both).order_by(both.c.window.desc())


def _task_model_days(arguments: Arguments) -> sa.Select[Any]:
    """How many timed calls a model answers of a task on a day: whether its model changed, without a look at the calls."""
    rows = addends(arguments, by_task=True, money=False)
    day = rows.c.hour - rows.c.hour % NS_PER_DAY
    keys = (rows.c.task_id, day, sa.func.coalesce(rows.c.model, ""))
    return (
        sa.select(
            *(key.label(name) for key, name in zip(keys, ("task_id", "day", "model"), strict=True)),
            add_counts(rows.c.calls).label("calls"),
        )
        .where(rows.c.task_id != "", rows.c.hour.is_not(None))
        .group_by(*keys)
        .order_by(*keys)
    )


def _name_keys(connection: sa.Connection, arguments: Arguments, rows: pa.Table) -> pa.Table:
    """Days and hours as ISO text; ``name`` is what a person reads for the key."""
    by = arguments["by"]
    keys = rows.column("key")
    if by in ("day", "hour"):
        keys = nanoseconds_to_iso(keys, by)
    texts = keys.to_pylist()
    names = task_names(connection, arguments) if by == "task" else {}
    unknown = {"task": "no task", "day": "no time", "hour": "no time"}.get(by, "unknown")
    shown = [names.get(key, key) or unknown for key in texts]
    rows = rows.set_column(0, "key", pa.array(texts, pa.string()))
    return rows.set_column(1, "name", pa.array(shown, pa.string()))


def _unpriced_models(arguments: Arguments) -> sa.Select[Any]:
    rows = addends(arguments)
    name = sa.func.coalesce(rows.c.model, "")
    count = add_counts(rows.c.unpriced_usage_calls)
    return (
        sa.select(
            rows.c.provider,
            name.label("model"),
            count.label("calls"),
            add_tokens(rows.c.unpriced_input_tokens).label("input_tokens"),
            add_tokens(rows.c.unpriced_output_tokens).label("output_tokens"),
        )
        .where(rows.c.unpriced_usage_calls > 0, the_apps(rows))
        .group_by(rows.c.provider, name)
        .order_by(count.desc(), rows.c.provider, name)
    )


def _left_out(arguments: Arguments) -> sa.ColumnElement[Any]:
    """Calls of the other environments, within the same filters."""
    if arguments["environment"] == EVERY:
        return sa.literal(0)
    every, within = (addends(asked, money=False) for asked in (every_environment(arguments), arguments))
    return sa.cast(
        sa.select(add_counts(every.c.calls)).scalar_subquery()
        - sa.select(add_counts(within.c.calls)).scalar_subquery(),
        sa.BigInteger,
    )


def _quality(arguments: Arguments) -> sa.Select[Any]:
    rows = addends(arguments)
    letters = sa.select(_count()).where(dead_letters.c.project.in_((arguments["project"], "")))
    unread = sa.select(_count()).where(spans.c.project == arguments["project"], *_may_be_a_call())
    return sa.select(
        add_counts(rows.c.calls).label("calls"),
        _marked_calls(arguments, retries=False).label("duplicate_calls"),
        _marked_calls(arguments, retries=True).label("retried_attempts"),
        *(add_counts(rows.c[name]).label(name) for name in (
            "unpriced_calls", "estimated_calls", "no_usage_calls", "incomplete_calls", "error_calls", "untimed_calls", "late_calls",
        )),
        _left_out(arguments).label("left_out_calls"),
        letters.scalar_subquery().label("dead_letters"),
        unread.scalar_subquery().label("unread_spans"),
    )  # fmt: skip


def _may_be_a_call() -> list[sa.ColumnElement[bool]]:
    """Of the spans that no dialect read: not our own runs, no HTTP, no step that names itself agent or tool."""
    # Compact JSON, as appends write it. No underscore in what stands for itself: LIKE takes it for any character.
    operation = '%ai.operation.name":"'
    return [
        spans.c.scope.not_in((semconv.SCOPE, *_HTTP_SCOPES)),
        sa.or_(
            spans.c.attributes.not_like(f"{operation}%"),
            *(spans.c.attributes.like(f'{operation}{name}"%') for name in sorted(semconv.CALL_OPERATIONS)),
        ),
    ]


def _filters(arguments: Arguments) -> sa.Select[Any]:
    def values(dimension: str) -> sa.Select[Any]:
        all_rows = addends(arguments, money=False)
        value = sa.func.coalesce(all_rows.c[dimension], "")
        return sa.select(
            sa.literal(dimension).label("dimension"), value.label("value"), add_counts(all_rows.c.calls).label("calls")
        ).group_by(value)

    rows = sa.union_all(
        *(values(dimension) for dimension in ("service", "model", "environment")), _teams(arguments)
    ).subquery()
    return sa.select(rows).order_by(rows.c.dimension, rows.c.calls.desc(), rows.c.value)


def _teams(arguments: Arguments) -> sa.Select[Any]:
    """Of calls that have one: the team that they state, else the one that the user's file gives their service to."""
    owners = latest(service_owners, ("service",), arguments["project"])
    rows = addends(arguments, money=False)
    team = sa.func.coalesce(sa.func.nullif(rows.c.team, ""), owners.c.team, "")
    return (
        sa.select(sa.literal("team").label("dimension"), team.label("value"), add_counts(rows.c.calls).label("calls"))
        .select_from(rows.outerjoin(owners, owners.c.service == rows.c.service))
        .where(team != "")
        .group_by(team)
    )


def _users(arguments: Arguments) -> sa.Select[Any]:
    """Those with most calls first. A read of its own: who somebody is, readers may not see."""
    user = sa.func.coalesce(calls.c.user_id, "")
    return (
        sa.select(user.label("user_id"), _count().label("calls"))
        .where(*filters(arguments), user != "")
        .group_by(user)
        .order_by(sa.literal_column("calls").desc(), user)
        .limit(arguments["limit"])
    )


_SPEND = ("key", "name", "calls", "input_tokens", "output_tokens", "paid_usd", "unpriced_calls", "error_calls")

READS = (
    Read(
        "overview",
        (PROJECT, *FILTERS),
        (
            "calls", "runs", "services", "models", "error_calls", "input_tokens", "output_tokens", "cache_read_tokens",
            "estimated_calls", "no_usage_calls", "priced_calls", "unpriced_calls", "duplicate_calls",
            "retried_attempts",
            "incomplete_calls", "untimed_calls", "paid_usd", "first_call_ns", "last_call_ns",
        ),
        _overview,
        adds_up=True,
    ),
    Read(
        "spend",
        (PROJECT, Parameter("by", "choice", default="model", choices=_BY), *FILTERS),
        _SPEND,
        _spend,
        _name_keys,
        adds_up=True,
    ),
    Read(
        "spend_change",
        (PROJECT, *FILTERS),
        ("window", "calls", "paid_usd", "unpriced_calls"),
        _spend_change,
        adds_up=True,
    ),
    Read("task_model_days", (PROJECT, *FILTERS), ("task_id", "day", "model", "calls"), _task_model_days, adds_up=True),
    Read(
        "unpriced_models",
        (PROJECT, *FILTERS),
        ("provider", "model", "calls", "input_tokens", "output_tokens"),
        _unpriced_models,
        adds_up=True,
    ),
    Read(
        "quality",
        (PROJECT, *FILTERS),
        (
            "calls", "duplicate_calls", "retried_attempts", "unpriced_calls", "estimated_calls", "no_usage_calls", "incomplete_calls",
            "error_calls", "untimed_calls", "late_calls", "left_out_calls", "dead_letters", "unread_spans",
        ),
        _quality,
        adds_up=True,
    ),
    Read("filters", (PROJECT,), ("dimension", "value", "calls"), _filters, adds_up=True),
    Read("users", (PROJECT, LIMIT), ("user_id", "calls"), _users),
)  # fmt: skip
