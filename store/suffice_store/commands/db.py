"""``suffice db``: what is in a database, and bringing its schema up to date."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import typer

from suffice.errors import SufficeError
from suffice_migrations import head, upgrade
from suffice_store.console import (
    DbOption,
    JsonOption,
    ServerOption,
    format_bytes,
    format_count,
    out,
    print_json,
    print_table,
    run_app,
)
from suffice_store.engines.duckdb import DuckDB
from suffice_store.file_store import DatabaseStore
from suffice_store.opening import DEFAULT_DB, database_path, open_store

app = typer.Typer(
    add_completion=False, no_args_is_help=True, help="What is in a database; bring its schema up to date."
)


@app.command()
def info(db: DbOption = None, server: ServerOption = None, as_json: JsonOption = False) -> None:
    """Show where the database is, how big it is, its schema, and the rows of every table."""
    with open_store(db, server=server, create=False) as store:
        found: dict[str, Any] = {
            "tables": store.read("info").to_pylist(),
            "projects": store.read("projects").to_pylist(),
        }
        if isinstance(store, DatabaseStore):
            found = {"path": store.path, "size_bytes": store.database.size_bytes(), "schema": head(), **found}
        else:
            found = {"server": store.server, **found}
    if as_json:
        print_json(found)
        return
    console = out()
    if "path" in found:
        console.print(f"{found['path']}: {format_bytes(found['size_bytes'])}, schema {found['schema']}", markup=False)
    else:
        console.print(f"the database behind {found['server']}", markup=False)
    rows = [
        (row["table_name"], row["project"] or "(all projects)", format_count(row["rows"])) for row in found["tables"]
    ]
    print_table(("table", "project", "rows"), rows, right=("rows",))


@app.command()
def migrate(db: DbOption = None) -> None:
    """Bring a database to the schema of this version. (Opening it does the same.)"""
    chosen = db or os.environ.get("SUFFICE_DB") or DEFAULT_DB
    if chosen.startswith(("http://", "https://")):
        raise SufficeError("a collector migrates its own file when it starts: restart it")
    path = database_path(chosen)
    new = path != ":memory:" and not Path(path).exists()
    database = DuckDB(path)
    try:
        before, after = upgrade(database.engine)
    finally:
        database.close()
    if before == after:
        out().print(f"{path} is at schema {after} already", markup=False)
    else:
        out().print(f"{path}: {'made' if new else before or 'empty'} → schema {after}", markup=False)


def main(argv: list[str]) -> int:
    """``suffice db ...``."""
    return run_app(app, argv, "suffice db")
