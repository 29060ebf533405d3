"""Reads for whoever runs the collector: keys, people, retention, dead letters, what takes the space.

They are about one project, or with ``project="*"`` about all; a key of one project never gets that far.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from suffice_store.access import EVERY_PROJECT
from suffice_store.reads.functions import byte_length
from suffice_store.reads.registry import LIMIT, OFFSET, PROJECT, Arguments, Read
from suffice_store.schema import metadata
from suffice_store.tables import dead_letters
from suffice_store.tables_access import api_keys, members, retention

_KEYS = (
    "project", "key_id", "name", "scopes", "role", "requests_per_minute", "bytes_per_minute", "max_body_bytes", "active",
    "recorded_by", "recorded_ns",
)  # fmt: skip
_MEMBERS = ("project", "email", "role", "recorded_by", "recorded_ns")
_RETENTION = ("project", "max_age_days", "max_bytes", "recorded_by", "recorded_ns")


def _latest(table: sa.Table, key: str, columns: tuple[str, ...], arguments: Arguments) -> sa.Select[Any]:
    place = sa.func.row_number().over(
        partition_by=[table.c.project, table.c[key]], order_by=[table.c.recorded_ns.desc(), *_last_word(table)]
    )
    ranked = sa.select(table, place.label("place")).where(*_of_project(table, arguments)).subquery()
    rows = sa.select(*(ranked.c[name] for name in columns)).where(ranked.c.place == 1)
    return rows.order_by(ranked.c.project, ranked.c[key])


def _last_word(table: sa.Table) -> list[sa.ColumnElement[Any]]:
    return [table.c.active] if "active" in table.c else []


def _of_project(table: sa.Table, arguments: Arguments) -> list[sa.ColumnElement[bool]]:
    project = arguments["project"]
    return [] if project == EVERY_PROJECT else [table.c.project == project]


def _dead_letters(arguments: Arguments) -> sa.Select[Any]:
    table = dead_letters
    chosen = (
        sa.select(
            table.c.project,
            table.c.journal,
            table.c.position,
            table.c.reason,
            sa.cast(byte_length(table.c.body), sa.BigInteger).label("body_bytes"),
            table.c.recorded_ns,
        )
        .where(*_of_project(table, arguments))
        .order_by(table.c.recorded_ns.desc(), table.c.position.desc())
    )
    return chosen.limit(arguments["limit"]).offset(arguments["offset"])


def _text_sizes(arguments: Arguments) -> sa.Select[Any]:
    """Bytes of text before compression, by table and project."""
    counts = sa.union_all(
        *(
            sa.select(
                sa.literal(name).label("table_name"),
                table.c.project.label("project"),
                sa.cast(sa.func.count(), sa.BigInteger).label("rows"),
                sa.cast(sa.func.sum(_text_bytes(table)), sa.BigInteger).label("text_bytes"),
            )
            .where(*_of_project(table, arguments))
            .group_by(table.c.project)
            for name, table in metadata.tables.items()
        )
    ).subquery()
    return sa.select(*counts.c).order_by(counts.c.table_name, counts.c.project)


def _text_bytes(table: sa.Table) -> sa.ColumnElement[Any]:
    texts = [c for c in table.c if isinstance(c.type, (sa.String, sa.LargeBinary))]
    total: sa.ColumnElement[Any] = sa.literal(0)
    for column in texts:
        total = total + sa.func.coalesce(byte_length(column), 0)
    return total


READS = (
    Read("keys", (PROJECT,), _KEYS, lambda given: _latest(api_keys, "key_id", _KEYS, given)),
    Read("members", (PROJECT,), _MEMBERS, lambda given: _latest(members, "email", _MEMBERS, given)),
    Read("retention", (PROJECT,), _RETENTION, lambda given: _latest(retention, "project", _RETENTION, given)),
    Read(
        "dead_letters",
        (PROJECT, LIMIT, OFFSET),
        ("project", "journal", "position", "reason", "body_bytes", "recorded_ns"),
        _dead_letters,
    ),
    Read("text_sizes", (PROJECT,), ("table_name", "project", "rows", "text_bytes"), _text_sizes),
)
