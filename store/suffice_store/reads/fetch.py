"""SQLAlchemy statements in, Arrow out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import sqlalchemy as sa

BATCH_ROWS = 16_384


def fetch_table(connection: sa.Connection, statement: sa.Select[Any]) -> pa.Table:
    """The whole result as an Arrow table, straight from the engine's own memory."""
    table: pa.Table = _relation(connection, statement).to_arrow_table()
    return table


def fetch_batches(
    connection: sa.Connection, statement: sa.Select[Any], rows: int = BATCH_ROWS
) -> Iterator[pa.RecordBatch]:
    """The result in batches of at most ``rows``; an empty result is one empty batch, so that its columns are known."""
    with _relation(connection, statement).to_arrow_reader(rows) as reader:
        seen = False
        for batch in reader:
            seen = True
            yield batch
        if not seen:
            yield pa.RecordBatch.from_pylist([], schema=reader.schema)


def _relation(connection: sa.Connection, statement: sa.Select[Any]) -> Any:
    """The compiled statement as a DuckDB relation: a cursor's result would be copied once more on its way to Arrow."""
    compiled = statement.compile(dialect=connection.dialect, compile_kwargs={"render_postcompile": True})
    values = compiled.construct_params()
    order = compiled.positiontup or ()
    driver: Any = connection.connection.driver_connection
    return driver.sql(str(compiled), params=[values[name] for name in order])
