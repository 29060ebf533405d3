"""Reads about how true the costs are: duplicates by rule, what is left out, our days beside the provider's, terms."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from suffice_store.environments import NOT_PRODUCTION
from suffice_store.reads.addends import add_counts, add_tokens, addends, every_environment
from suffice_store.reads.registry import FILTERS, PROJECT, Arguments, Read
from suffice_store.reads.sources import count_if, counted, filters, latest, total, total_usd
from suffice_store.tables import Usd, calls, duplicates
from suffice_store.tables_costs import contracts, invoices, service_owners


def _count() -> sa.ColumnElement[Any]:
    return sa.cast(sa.func.count(), sa.BigInteger)


def _duplicates_by_rule(arguments: Arguments) -> sa.Select[Any]:
    """What each rule took out of the sums."""
    marks = latest(duplicates, ("call_id",), arguments["project"])
    joined = calls.join(marks, sa.and_(marks.c.call_id == calls.c.call_id, marks.c.duplicate_of.is_not(None)))
    asked = {**arguments, "duplicates": True}
    return (
        sa.select(
            marks.c.rule,
            _count().label("calls"),
            total(calls.c.input_tokens).label("input_tokens"),
            total(calls.c.output_tokens).label("output_tokens"),
        )
        .select_from(joined)
        .where(*filters(asked))
        .group_by(marks.c.rule)
        .order_by(_count().desc(), marks.c.rule)
    )


def _environments(arguments: Arguments) -> sa.Select[Any]:
    """Calls and money by environment ("" = not stated), and whether it counts."""
    rows = addends(every_environment(arguments))
    name = sa.func.coalesce(rows.c.environment, "")
    count = add_counts(rows.c.calls)
    return (
        sa.select(
            name.label("environment"),
            sa.case((name.in_(NOT_PRODUCTION), False), else_=True).label("counts"),
            count.label("calls"),
            total_usd(rows.c.paid_usd).label("paid_usd"),
            add_counts(rows.c.unpriced_calls).label("unpriced_calls"),
        )
        .group_by(name)
        .order_by(count.desc(), name)
    )


def _stated_costs(arguments: Arguments) -> sa.Select[Any]:
    """What senders and exports say their calls cost, beside ours of the same calls."""
    rows = counted(arguments, calls.c.dialect, calls.c.stated_usd)
    both = sa.and_(rows.c.stated_usd.is_not(None), rows.c.paid_usd.is_not(None))
    return (
        sa.select(
            rows.c.dialect,
            _count().label("calls"),
            sa.cast(sa.func.sum(rows.c.stated_usd), Usd).label("stated_usd"),
            count_if(both).label("calls_of_both"),
            sa.cast(sa.func.sum(sa.case((both, rows.c.stated_usd))), Usd).label("stated_usd_of_both"),
            sa.cast(sa.func.sum(sa.case((both, rows.c.paid_usd))), Usd).label("paid_usd_of_both"),
        )
        .where(rows.c.stated_usd.is_not(None))
        .group_by(rows.c.dialect)
        .order_by(rows.c.dialect)
    )


def _daily(arguments: Arguments) -> sa.Select[Any]:
    """Our count of each provider's days and models (UTC)."""
    rows = addends(arguments)
    name = sa.func.coalesce(rows.c.model, "")
    key = (rows.c.provider, rows.c.started_day, name)
    return (
        sa.select(
            rows.c.provider,
            rows.c.started_day.label("day"),
            name.label("model"),
            add_counts(rows.c.calls).label("calls"),
            *(add_tokens(rows.c[each]).label(each) for each in ("input_tokens", "output_tokens", "cache_read_tokens")),
            total_usd(rows.c.paid_usd).label("paid_usd"),
            add_counts(rows.c.unpriced_calls).label("unpriced_calls"),
        )
        .group_by(*key)
        .order_by(*key)
    )


def _invoices(arguments: Arguments) -> sa.Select[Any]:
    rows = latest(invoices, ("provider", "kind", "day", "model"), arguments["project"])
    return sa.select(*(rows.c[name] for name in _INVOICE)).order_by(
        rows.c.provider, rows.c.day, rows.c.model, rows.c.kind
    )


def _contracts(arguments: Arguments) -> sa.Select[Any]:
    rows = latest(contracts, ("name",), arguments["project"])
    return sa.select(*(rows.c[name] for name in _CONTRACT)).where(rows.c.active).order_by(rows.c.name)


def _service_owners(arguments: Arguments) -> sa.Select[Any]:
    rows = latest(service_owners, ("service",), arguments["project"])
    return sa.select(*(rows.c[name] for name in _OWNER)).order_by(rows.c.service)


_INVOICE = tuple(column.name for column in invoices.c if column.name != "project")
_CONTRACT = tuple(column.name for column in contracts.c if column.name not in ("project", "active"))
_OWNER = tuple(column.name for column in service_owners.c if column.name != "project")

READS = (
    Read("duplicates_by_rule", (PROJECT, *FILTERS), ("rule", "calls", "input_tokens", "output_tokens"), _duplicates_by_rule),
    Read("environments", (PROJECT, *FILTERS), ("environment", "counts", "calls", "paid_usd", "unpriced_calls"), _environments,
         adds_up=True),
    Read(
        "stated_costs",
        (PROJECT, *FILTERS),
        ("dialect", "calls", "stated_usd", "calls_of_both", "stated_usd_of_both", "paid_usd_of_both"),
        _stated_costs,
        priced=True,
    ),
    Read(
        "daily",
        (PROJECT, *FILTERS),
        ("provider", "day", "model", "calls", "input_tokens", "output_tokens", "cache_read_tokens", "paid_usd",
         "unpriced_calls"),
        _daily,
        adds_up=True,
    ),
    Read("invoices", (PROJECT,), _INVOICE, _invoices),
    Read("contracts", (PROJECT,), _CONTRACT, _contracts),
    Read("service_owners", (PROJECT,), _OWNER, _service_owners),
)  # fmt: skip
