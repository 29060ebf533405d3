"""Reads that add up: the overview, spend by something, what is wrong with the data. All in the database."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import sqlalchemy as sa

from suffice import semconv
from suffice_store.environments import EVERY
from suffice_store.reads.previews import nanoseconds_to_iso, task_names
from suffice_store.reads.registry import FILTERS, LIMIT, PROJECT, Arguments, Parameter, Read
from suffice_store.reads.sources import (
    NS_PER_DAY,
    NS_PER_HOUR,
    assigned,
    count_if,
    counted,
    filters,
    latest,
    marked_duplicates,
    model,
    total,
    total_usd,
    unpriced,
)
from suffice_store.tables import calls, dead_letters, spans
from suffice_store.tables_costs import service_owners

_OWNED = ("team", "owner", "cost_centre", "environment")
_BY = ("model", "service", "provider", "day", "task", "hour", *_OWNED)
LATE_NS = NS_PER_HOUR  # a call that arrives this much after it ended changes what was seen before
_NEEDED = (
    calls.c.call_id, calls.c.run_id, calls.c.service, calls.c.provider, model, calls.c.completeness, calls.c.started_ns,
    calls.c.input_tokens, calls.c.output_tokens, calls.c.cache_read_tokens, calls.c.usage_source,
)  # fmt: skip

_HTTP_SCOPES = tuple(
    f"opentelemetry.instrumentation.{each}" for each in ("aiohttp_client", "httpx", "requests", "urllib", "urllib3")
)


def _count() -> sa.ColumnElement[Any]:
    return sa.cast(sa.func.count(), sa.BigInteger)


def _distinct(column: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    return sa.cast(sa.func.count(column.distinct()), sa.BigInteger)


def _marked_calls(arguments: Arguments, *, retries: bool) -> sa.ColumnElement[Any]:
    marks = marked_duplicates(arguments["project"], retries=retries)
    marked = sa.select(_count()).where(calls.c.project == arguments["project"], calls.c.call_id.in_(marks))
    return marked.scalar_subquery()


def _no_usage(rows: sa.Subquery) -> sa.ColumnElement[bool]:
    return sa.and_(rows.c.input_tokens.is_(None), rows.c.completeness != "error")


def _overview(arguments: Arguments) -> sa.Select[Any]:
    rows = counted(arguments, *_NEEDED)
    return sa.select(
        _count().label("calls"),
        _distinct(rows.c.run_id).label("runs"),
        _distinct(rows.c.service).label("services"),
        _distinct(rows.c.model).label("models"),
        count_if(rows.c.completeness == "error").label("error_calls"),
        total(rows.c.input_tokens).label("input_tokens"),
        total(rows.c.output_tokens).label("output_tokens"),
        total(rows.c.cache_read_tokens).label("cache_read_tokens"),
        count_if(rows.c.usage_source == "estimated").label("estimated_calls"),
        count_if(_no_usage(rows)).label("no_usage_calls"),
        count_if(rows.c.paid_usd.is_not(None)).label("priced_calls"),
        count_if(unpriced(rows)).label("unpriced_calls"),
        _marked_calls(arguments, retries=False).label("duplicate_calls"),
        _marked_calls(arguments, retries=True).label("retried_attempts"),
        count_if(rows.c.completeness == "partial").label("incomplete_calls"),
        count_if(rows.c.started_ns.is_(None)).label("untimed_calls"),
        total_usd(rows.c.paid_usd).label("paid_usd"),
        sa.func.min(rows.c.started_ns).label("first_call_ns"),
        sa.func.max(rows.c.started_ns).label("last_call_ns"),
    )


def _spend(arguments: Arguments) -> sa.Select[Any]:
    by = arguments["by"]
    rows = counted(arguments, *_NEEDED, *((calls.c[by],) if by in _OWNED else ()))
    source: Any = rows
    key: sa.ColumnElement[Any]
    if by == "task":
        task = assigned(arguments)
        source = rows.outerjoin(task, task.c.call_id == rows.c.call_id)
        key = sa.func.coalesce(task.c.task_id, "")
    elif by in _OWNED:
        owners = latest(service_owners, ("service",), arguments["project"])
        source = rows.outerjoin(owners, owners.c.service == rows.c.service)
        key = sa.func.coalesce(rows.c[by], owners.c[by], "")
    elif by in ("day", "hour"):
        step = NS_PER_DAY if by == "day" else NS_PER_HOUR
        key = rows.c.started_ns - rows.c.started_ns % step
    else:
        key = sa.func.coalesce(rows.c[by], "")
    paid = total_usd(rows.c.paid_usd).label("paid_usd")
    count = _count().label("calls")
    statement = sa.select(
        key.label("key"),
        sa.cast(sa.null(), sa.String).label("name"),
        count,
        total(rows.c.input_tokens).label("input_tokens"),
        total(rows.c.output_tokens).label("output_tokens"),
        paid,
        count_if(unpriced(rows)).label("unpriced_calls"),
        count_if(rows.c.completeness == "error").label("error_calls"),
    )
    order = [key.nulls_first()] if by in ("day", "hour") else [paid.desc().nulls_last(), count.desc(), key]
    return statement.select_from(source).group_by(key).order_by(*order)


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
    rows = counted(arguments, *_NEEDED)
    name = sa.func.coalesce(rows.c.model, "")
    count = _count().label("calls")
    return (
        sa.select(
            rows.c.provider,
            name.label("model"),
            count,
            total(rows.c.input_tokens).label("input_tokens"),
            total(rows.c.output_tokens).label("output_tokens"),
        )
        .where(unpriced(rows), rows.c.input_tokens.is_not(None))
        .group_by(rows.c.provider, name)
        .order_by(count.desc(), rows.c.provider, name)
    )


def _late(rows: sa.Subquery) -> sa.ColumnElement[bool]:
    """Recorded calls that came long after they ended; an import is late by nature."""
    ended = sa.func.coalesce(rows.c.ended_ns, rows.c.started_ns)
    return sa.and_(rows.c.source == "otlp", rows.c.received_ns - ended > LATE_NS)


def _left_out(arguments: Arguments) -> sa.ColumnElement[Any]:
    """Calls of the other environments, within the same filters."""
    every = [*filters({**arguments, "environment": EVERY})]
    within = sa.select(calls.c.call_id).where(*filters(arguments))
    left = sa.select(_count()).where(*every, calls.c.call_id.not_in(within))
    return sa.literal(0) if arguments["environment"] == EVERY else left.scalar_subquery()


def _quality(arguments: Arguments) -> sa.Select[Any]:
    rows = counted(arguments, *_NEEDED, calls.c.ended_ns, calls.c.received_ns, calls.c.source)
    letters = sa.select(_count()).where(dead_letters.c.project.in_((arguments["project"], "")))
    unread = sa.select(_count()).where(spans.c.project == arguments["project"], *_may_be_a_call())
    return sa.select(
        _count().label("calls"),
        _marked_calls(arguments, retries=False).label("duplicate_calls"),
        _marked_calls(arguments, retries=True).label("retried_attempts"),
        count_if(unpriced(rows)).label("unpriced_calls"),
        count_if(rows.c.usage_source == "estimated").label("estimated_calls"),
        count_if(_no_usage(rows)).label("no_usage_calls"),
        count_if(rows.c.completeness == "partial").label("incomplete_calls"),
        count_if(rows.c.completeness == "error").label("error_calls"),
        count_if(rows.c.started_ns.is_(None)).label("untimed_calls"),
        count_if(_late(rows)).label("late_calls"),
        _left_out(arguments).label("left_out_calls"),
        letters.scalar_subquery().label("dead_letters"),
        unread.scalar_subquery().label("unread_spans"),
    )


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
    def values(dimension: str, column: sa.ColumnElement[Any]) -> sa.Select[Any]:
        value = sa.func.coalesce(column, "")
        return (
            sa.select(sa.literal(dimension).label("dimension"), value.label("value"), _count().label("calls"))
            .where(*filters(arguments))
            .group_by(value)
        )

    rows = sa.union_all(
        values("service", calls.c.service),
        values("model", model),
        values("environment", calls.c.environment),
        _teams(arguments),
    ).subquery()
    return sa.select(rows).order_by(rows.c.dimension, rows.c.calls.desc(), rows.c.value)


def _teams(arguments: Arguments) -> sa.Select[Any]:
    """Of calls that have one: the team that they state, else the one that the user's file gives their service to."""
    owners = latest(service_owners, ("service",), arguments["project"])
    team = sa.func.coalesce(sa.func.nullif(calls.c.team, ""), owners.c.team, "")
    return (
        sa.select(sa.literal("team").label("dimension"), team.label("value"), _count().label("calls"))
        .select_from(calls.outerjoin(owners, owners.c.service == calls.c.service))
        .where(*filters(arguments), team != "")
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
    ),
    Read(
        "spend",
        (PROJECT, Parameter("by", "choice", default="model", choices=_BY), *FILTERS),
        _SPEND,
        _spend,
        _name_keys,
    ),
    Read(
        "unpriced_models",
        (PROJECT,),
        ("provider", "model", "calls", "input_tokens", "output_tokens"),
        _unpriced_models,
    ),
    Read(
        "quality",
        (PROJECT, *FILTERS),
        (
            "calls", "duplicate_calls", "retried_attempts", "unpriced_calls", "estimated_calls", "no_usage_calls", "incomplete_calls",
            "error_calls", "untimed_calls", "late_calls", "left_out_calls", "dead_letters", "unread_spans",
        ),
        _quality,
    ),
    Read("filters", (PROJECT,), ("dimension", "value", "calls"), _filters),
    Read("users", (PROJECT, LIMIT), ("user_id", "calls"), _users),
)  # fmt: skip
