"""``suffice db renormalise``: stored telemetry read anew by this version's dialects."""

from __future__ import annotations

from typing import Annotated

import typer

from suffice.errors import SufficeError
from suffice_collector.renormalise import renormalise
from suffice_store.console import DbOption, JsonOption, format_count, out, print_json, run_app
from suffice_store.file_store import DatabaseStore
from suffice_store.opening import open_store

app = typer.Typer(add_completion=False)


@app.command()
def run(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would change and change nothing.")] = False,
    db: DbOption = None,
    as_json: JsonOption = False,
) -> None:
    """Read stored spans and calls anew, rewrite what today's dialects read differently, and say what changed."""
    with open_store(db, create=False) as store:
        if not isinstance(store, DatabaseStore):
            raise SufficeError("a running collector holds the file: stop it, renormalise, start it again")
        changes = renormalise(store, dry_run=dry_run)
    if as_json:
        print_json(changes.to_json())
        return
    would = "would change" if dry_run else "changed"
    console = out()
    console.print(
        f"{format_count(changes.read)} spans and calls read: {format_count(changes.calls_changed)} calls {would}, "
        f"{format_count(changes.calls_found)} more found, {format_count(changes.marks)} duplicates marked",
        markup=False,
    )
    for column, count in changes.columns.most_common():
        console.print(f"  {column}: {format_count(count)}", markup=False)


def main(argv: list[str]) -> int:
    """``suffice db renormalise ...``."""
    return run_app(app, argv, "suffice db renormalise")
