"""The Arrow form of each table: what an append is checked and cast against."""

from __future__ import annotations

from functools import cache

import pyarrow as pa
import sqlalchemy as sa

from suffice.errors import SufficeError
from suffice_store.tables import metadata

_TYPES: dict[type, pa.DataType] = {
    sa.String: pa.string(),
    sa.Integer: pa.int32(),
    sa.BigInteger: pa.int64(),
    sa.Double: pa.float64(),
    sa.Boolean: pa.bool_(),
    sa.LargeBinary: pa.binary(),
    sa.ARRAY: pa.list_(pa.string()),
}


@cache
def arrow_schema(name: str) -> pa.Schema:
    """The schema of table ``name``, its columns in the order of ``tables.py``. Raises SufficeError."""
    table = metadata.tables.get(name)
    if table is None:
        raise SufficeError(f"there is no table '{name}'; there are {', '.join(sorted(metadata.tables))}")
    return pa.schema([pa.field(c.name, _arrow_type(c.type), nullable=bool(c.nullable)) for c in table.columns])


def conform(name: str, rows: pa.Table) -> pa.Table:
    """``rows`` with every column of table ``name``, in its types; a missing nullable column is null.

    Raises SufficeError naming the column that is unknown, missing, null where it may not be, or of a
    type that does not cast without loss.
    """
    schema = arrow_schema(name)
    unknown = [column for column in rows.column_names if column not in schema.names]
    if unknown:
        raise SufficeError(f"table '{name}' has no column '{unknown[0]}'; it has {', '.join(schema.names)}")
    if len(set(rows.column_names)) != len(rows.column_names):
        raise SufficeError(f"a column of the rows for table '{name}' is named twice")
    columns = []
    for field in schema:
        if field.name not in rows.column_names:
            column = pa.nulls(rows.num_rows, field.type)
        else:
            column = rows.column(field.name)
            if column.type != field.type:
                try:
                    column = column.cast(field.type)
                except pa.ArrowException as error:
                    raise SufficeError(f"{name}.{field.name} does not fit {field.type}: {error}") from None
        if not field.nullable and column.null_count:
            raise SufficeError(f"{name}.{field.name} is missing in {column.null_count} of {rows.num_rows} rows")
        columns.append(column)
    return pa.Table.from_arrays(columns, schema=schema)


def _arrow_type(kind: sa.types.TypeEngine[object]) -> pa.DataType:
    if type(kind) is sa.Numeric:
        return pa.decimal128(kind.precision or 38, kind.scale or 0)
    return _TYPES[type(kind)]
