"""How a table of ours is made on ClickHouse. Loaded only where ClickHouse is used.

MergeTree in order of project, then day, then id, so that a read of one project or of some days skips the rest; what
may be null is ``Nullable``, so that unknown stays null; long text is ``CODEC(ZSTD(3))``.
"""

from __future__ import annotations

from typing import Any

import clickhouse_connect.cc_sqlalchemy.alembic  # noqa: F401  (Alembic learns the dialect)
import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.schema import CreateTable

from suffice_migrations.types import CompressedText

DIALECT = "clickhousedb"
_LATEST_WINS = ("ingest_state",)  # whose older rows are merged away


@compiles(CreateTable, DIALECT)
def _create_table(create: CreateTable, compiler: Any, **options: Any) -> str:
    table = create.element
    if getattr(table, "engine", None) is not None:  # Alembic's own
        return str(compiler.visit_create_table(create, **options))
    columns = ", ".join(f"`{column.name}` {column_type(column)}" for column in table.columns)
    names = [column.name for column in table.columns]
    identity = [] if table.columns[1].nullable else [names[1]]  # no part of an order may be null
    order = ["project", *(["started_day"] if "started_day" in names else []), *identity]
    engine = "ReplacingMergeTree(recorded_ns)" if table.name in _LATEST_WINS else "MergeTree"
    key = ", ".join(dict.fromkeys(order))
    key = f"({key})" if "," in key else key
    return f"CREATE TABLE `{table.name}` ({columns}) ENGINE = {engine} ORDER BY {key}"


def column_type(column: sa.Column[Any]) -> str:
    """The column's type as ClickHouse writes it."""
    kind = column.type
    if isinstance(kind, sa.ARRAY):
        return f"Array({_scalar_type(kind.item_type)})"  # can't be Nullable, and ours never is
    name = _scalar_type(kind)
    name = f"Nullable({name})" if column.nullable else name
    return f"{name} CODEC(ZSTD(3))" if isinstance(kind, CompressedText) else name


def _scalar_type(kind: Any) -> str:
    match kind:
        case sa.BigInteger():
            return "Int64"
        case sa.Integer():
            return "Int32"
        case sa.Double():
            return "Float64"
        case sa.Numeric():
            return f"Decimal({kind.precision}, {kind.scale})"
        case sa.Boolean():
            return "Bool"
        case sa.String() | sa.LargeBinary():
            return "String"
    raise TypeError(f"no ClickHouse type for {kind!r}")
