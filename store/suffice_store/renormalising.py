"""Rows read anew give way to what a mended dialect makes of them: the rows, one batch after the other, and the exchange.

Only here are stored calls replaced: their ids stay, so that outcomes, marks and tasks still point at them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa
import sqlalchemy as sa

from suffice_store.arrow_schema import conform
from suffice_store.file_store import DatabaseStore
from suffice_store.tables import calls, spans

BATCH = 2_000
Row = Mapping[str, Any]


def stored_calls(store: DatabaseStore, without: Sequence[str]) -> Iterator[list[Row]]:
    """Calls that came as telemetry, less those of the dialects ``without``, in batches by day and id."""
    chosen = sa.select(calls).where(calls.c.source == "otlp", calls.c.dialect.not_in(without))
    yield from _batches(store, chosen, calls.c.call_id)


def stored_spans(store: DatabaseStore) -> Iterator[list[Row]]:
    """Spans that are no calls; log records (kind below 0) are none."""
    chosen = sa.select(spans).where(spans.c.kind >= 0)
    yield from _batches(store, chosen, spans.c.trace_id, spans.c.span_id)


def exchange(
    store: DatabaseStore, tables: Mapping[str, pa.Table], old_calls: Sequence[Row], old_spans: Sequence[Row]
) -> None:
    """``tables`` instead of the old rows, in one transaction."""
    with store.writing() as connection:
        for project, ids in _by_project(old_calls, "call_id"):
            connection.execute(calls.delete().where(calls.c.project == project, calls.c.call_id.in_(ids)))
        for row in old_spans:
            same = [spans.c[name] == row[name] for name in ("project", "trace_id", "span_id")]
            connection.execute(spans.delete().where(*same))
        for name, rows in tables.items():
            store.database.insert(connection, name, conform(name, rows))
    store.forget_rows()


def attributes_of(row: Row) -> dict[str, Any]:
    found = json.loads(row["attributes"]) if row["attributes"] else {}
    return found if isinstance(found, dict) else {}


def _batches(store: DatabaseStore, chosen: sa.Select[Any], *key: sa.Column[Any]) -> Iterator[list[Row]]:
    """Read whole batches by place in the order of the key: what is exchanged meanwhile keeps its key."""
    table = key[0].table
    order = [table.c.project, *key]
    after: tuple[Any, ...] | None = None
    while True:
        page = chosen.order_by(*order).limit(BATCH)
        if after is not None:
            page = page.where(_beyond(order, after))
        with store.connected() as connection:
            rows: list[Row] = [dict(row._mapping) for row in connection.execute(page)]
        if not rows:
            return
        after = tuple(rows[-1][column.name] for column in order)
        yield rows


def _beyond(order: Sequence[sa.ColumnElement[Any]], after: tuple[Any, ...]) -> sa.ColumnElement[bool]:
    steps = [
        sa.and_(
            *(column == value for column, value in zip(order[:place], after, strict=False)), order[place] > after[place]
        )
        for place in range(len(order))
    ]
    return sa.or_(*steps)


def _by_project(rows: Sequence[Row], column: str) -> list[tuple[str, list[str]]]:
    found: dict[str, list[str]] = {}
    for row in rows:
        found.setdefault(row["project"], []).append(row[column])
    return list(found.items())
