"""Arrow rows into a table, inside the transaction of an SQLAlchemy connection."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import sqlalchemy as sa

_BATCH = "suffice_batch"  # the name under which DuckDB sees the Arrow rows


def insert_rows(connection: sa.Connection, name: str, rows: pa.Table) -> None:
    """Append ``rows`` to table ``name``; columns go by name."""
    if rows.num_rows:
        _run(connection, rows, f"INSERT INTO {name} BY NAME SELECT * FROM {_BATCH}")  # noqa: S608


def query_with_rows(connection: sa.Connection, rows: pa.Table, query: str) -> pa.Table:
    """The result of a query in which ``suffice_batch`` stands for ``rows``."""
    driver = _driver(connection)
    driver.register(_BATCH, rows)
    try:
        return driver.sql(query).to_arrow_table()
    finally:
        driver.unregister(_BATCH)


def _run(connection: sa.Connection, rows: pa.Table, statement: str) -> None:
    driver = _driver(connection)
    driver.register(_BATCH, rows)
    try:
        driver.execute(statement)
    finally:
        driver.unregister(_BATCH)


def _driver(connection: sa.Connection) -> Any:
    """The DuckDB connection that SQLAlchemy's transaction runs on."""
    return connection.connection.driver_connection
