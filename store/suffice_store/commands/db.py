"""``suffice db``: what is in a database, keeping it, and making it forget."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Annotated, Any

import typer

from suffice.errors import SufficeError, UsageError
from suffice_migrations import head, upgrade
from suffice_store.audit import audit_log
from suffice_store.backups import check as check_file
from suffice_store.backups import restore as restore_file
from suffice_store.backups import seal, write_backup
from suffice_store.compacting import compact
from suffice_store.console import (
    DbOption,
    JsonOption,
    ServerOption,
    err,
    format_bytes,
    format_count,
    out,
    print_json,
    print_table,
    run_app,
)
from suffice_store.engines.duckdb import MEMORY, DuckDB
from suffice_store.engines.reasons import read_from
from suffice_store.file_store import DatabaseStore
from suffice_store.opening import DEFAULT_DB, database_path, open_store
from suffice_store.remote_store import RemoteStore
from suffice_store.rewriting import rewrite, room, write_copy
from suffice_store.selection import Selection, parse_moment
from suffice_store.sizes import size_rows

POLL_S = 0.5

app = typer.Typer(
    add_completion=False, no_args_is_help=True, help="What is in a database; keep it safe; make it forget."
)

YesOption = Annotated[bool, typer.Option("--yes", help="Do not ask.")]


@app.command()
def info(db: DbOption = None, server: ServerOption = None, as_json: JsonOption = False) -> None:
    """Show where the database is, how big it is, its schema, and what each table and project takes."""
    with open_store(db, server=server, create=False) as store:
        found: dict[str, Any] = {"projects": store.read("projects").to_pylist()}
        if isinstance(store, DatabaseStore):
            known = {"path": store.path, "size_bytes": store.database.size_bytes(), "schema": head()}
            found = {**known, "tables": size_rows(store), **found}
        else:
            found = {"server": store.server, "tables": store.read("text_sizes", project="*").to_pylist(), **found}
    if as_json:
        print_json(found)
        return
    console = out()
    if "path" in found:
        console.print(f"{found['path']}: {format_bytes(found['size_bytes'])}, schema {found['schema']}", markup=False)
    else:
        console.print(f"the database behind {found['server']}", markup=False)
    rows = [
        (
            row["table_name"],
            row["project"] or "(all projects)",
            format_count(row["rows"]),
            format_bytes(row["text_bytes"] or 0),
            format_bytes(row.get("disk_bytes")),
        )
        for row in found["tables"]
    ]
    print_table(("table", "project", "rows", "text", "on disk"), rows, right=("rows", "text", "on disk"))


@app.command()
def migrate(db: DbOption = None) -> None:
    """Bring a database to the schema of this version. (Opening it does the same.)"""
    path = _path(db)
    database = DuckDB(path, create=path == MEMORY)
    try:
        with read_from(path):
            before, after = upgrade(database.engine)
    finally:
        database.close()
    if before == after:
        out().print(f"{path} is at schema {after} already", markup=False)
    else:
        out().print(f"{path}: {before or 'empty'} → schema {after}", markup=False)


@app.command()
def delete(
    project: Annotated[str | None, typer.Option(metavar="NAME", help="Everything of this project.")] = None,
    user: Annotated[str | None, typer.Option(metavar="ID", help="Calls of this user.")] = None,
    run: Annotated[str | None, typer.Option(metavar="ID", help="Calls of this run.")] = None,
    before: Annotated[str | None, typer.Option(metavar="DATE", help="Calls that started before (UTC).")] = None,
    db: DbOption = None,
    server: ServerOption = None,
    yes: YesOption = False,
    as_json: JsonOption = False,
) -> None:
    """Remove text for good: the database is written anew without it. Together the options narrow.

    Messages that calls which stay share, stay. Backups made earlier still hold what they hold.
    """
    named = [project, user, run, before]
    if not any(named):
        raise UsageError("say what to delete: --project, --user, --run or --before")
    selection = Selection(project, user, run, None if before is None else parse_moment(before))
    with open_store(db, server=server, create=False) as store:
        if isinstance(store, DatabaseStore):
            space = room(store)
            _say_room(space.needed, space.free)
        what = ", ".join(
            f"{name} {value}" for name, value in zip(("project", "user", "run", "before"), named, strict=True) if value
        )
        _confirm(f"delete for good: {what}?", yes)
        if isinstance(store, RemoteStore):
            begun = store.maintain("delete", project=project, user=user, run=run, before_ns=selection.before_ns)
            _say_room(begun["bytes_needed"], begun["bytes_free"])
            removed = _wait(store)
        else:
            _no_journal(store)
            audit_log(store.path).note(_owner(), "admin", "delete", project=project or "", details=selection.noted())
            removed = rewrite(store, selection, _progress)
            audit_log(store.path).note(
                _owner(), "admin", "delete done", project=project or "", details={"removed": removed}
            )
    _print_removed(removed, as_json)


@app.command()
def vacuum(db: DbOption = None, server: ServerOption = None, as_json: JsonOption = False) -> None:
    """Write the database anew, without the space that nothing uses and texts that were stored again."""
    with open_store(db, server=server, create=False) as store:
        if isinstance(store, RemoteStore):
            store.maintain("vacuum")
            _wait(store)
            answer = {"size_bytes": store.look().get("database_bytes")}
        else:
            if isinstance(store.database, DuckDB):
                rewrite(store, None, _progress)
            else:
                compact(store)  # a server looks after its unused space itself
            answer = {"size_bytes": store.database.size_bytes()}
    if as_json:
        print_json(answer)
    else:
        out().print(f"written anew: {format_bytes(answer['size_bytes'])}", markup=False)


@app.command()
def backup(
    target: Annotated[Path, typer.Argument(metavar="FILE", help="Where to; it must not exist.")],
    db: DbOption = None,
    server: ServerOption = None,
) -> None:
    """Write the whole database to one file, as it stands now, with a checksum beside it. Ingest goes on meanwhile."""
    with open_store(db, server=server, create=False) as store:
        if isinstance(store, RemoteStore):
            size = write_backup(store.backup(), str(target))
        else:
            write_copy(store, str(target), _progress)
            seal(str(target))
            size = target.stat().st_size
            audit_log(store.path).note(_owner(), "admin", "backup", details={})
    out().print(f"{target}: {format_bytes(size)}", markup=False)


@app.command()
def restore(
    source: Annotated[Path, typer.Argument(metavar="FILE", help="A backup.")],
    db: DbOption = None,
    replace: Annotated[bool, typer.Option("--replace", help="Set an existing database aside first.")] = False,
) -> None:
    """Put a backup in place of a database, after its checksum and every value in it were read."""
    path = _path(db)
    found = restore_file(str(source), path, replace=replace, say=_progress)
    audit_log(path).note(_owner(), "admin", "restore", details={"rows": found["rows"]})
    aside = "" if found["set_aside"] is None else f"; what was there before is {found['set_aside']}"
    calls = format_count(found["rows"].get("calls"))
    out().print(f"{path}: {calls} calls, schema {found['schema']}{aside}", markup=False)


@app.command()
def check(db: DbOption = None, as_json: JsonOption = False) -> None:
    """Read every value, and look whether what refers to something finds it. Exit code 1 where something is wrong."""
    with open_store(db, create=False) as store:
        if not isinstance(store, DatabaseStore):
            raise SufficeError(
                "stop the collector first: a check reads everything, from the process that holds the file"
            )
        found = check_file(store)
    if as_json:
        print_json(found)
    else:
        total = sum(found["rows"].values())
        out().print(
            f"{format_count(total)} rows of {len(found['rows'])} tables read, schema {found['schema']}", markup=False
        )
    if found["problems"]:
        raise SufficeError("; ".join(found["problems"]))


@app.command()
def retention(
    project: Annotated[str, typer.Option(metavar="NAME", help="The project.")] = "default",
    days: Annotated[int | None, typer.Option(metavar="N", min=1, help="Keep calls of the last N days.")] = None,
    megabytes: Annotated[int | None, typer.Option(metavar="N", min=1, help="Keep at most N MB on disk.")] = None,
    forever: Annotated[bool, typer.Option("--forever", help="Take the limits away.")] = False,
    db: DbOption = None,
    server: ServerOption = None,
    as_json: JsonOption = False,
) -> None:
    """How long and how much of a project is kept. Without a limit: what is set. A collector looks once an hour."""
    if forever and (days or megabytes):
        raise UsageError("--forever takes the limits away: leave out --days and --megabytes")
    with open_store(db, server=server, create=False) as store:
        if forever or days or megabytes:
            limit = None if megabytes is None else megabytes * 10**6
            store.command("set_retention", project=project, max_age_days=days, max_bytes=limit, recorded_by=_owner())
        rows = store.read("retention", project="*").to_pylist()
    if as_json:
        print_json(rows)
        return
    table = [
        (row["project"], "for ever" if row["max_age_days"] is None else f"{row['max_age_days']} days",
         "however much" if row["max_bytes"] is None else format_bytes(row["max_bytes"]))
        for row in rows
    ]  # fmt: skip
    print_table(("project", "kept for", "at most"), table)


@app.command()
def audit(
    project: Annotated[str | None, typer.Option(metavar="NAME", help="Of one project.")] = None,
    limit: Annotated[int, typer.Option(metavar="N", min=1, max=10_000, help="The newest N lines.")] = 50,
    db: DbOption = None,
    server: ServerOption = None,
    as_json: JsonOption = False,
) -> None:
    """Who read text, exported, deleted or changed a key; newest first."""
    with open_store(db, server=server, create=False) as store:
        if isinstance(store, RemoteStore):
            lines = store.audit(project=project, newest=limit)
        else:
            lines = audit_log(store.path).lines(project=project, newest=limit)
    if as_json:
        print_json(lines)
        return
    rows = [
        (
            time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(line["time_ns"] / 1e9)),
            line["actor"],
            line["action"],
            line["project"],
            " ".join(f"{key}={value}" for key, value in line["details"].items()),
            line["reason"],
        )
        for line in lines
    ]
    print_table(("when (UTC)", "who", "what", "project", "details", "reason"), rows, wide="details")


@app.command()
def retry(
    project: Annotated[str | None, typer.Option(metavar="NAME", help="Of one project.")] = None,
    server: ServerOption = None,
    db: DbOption = None,
) -> None:
    """Try the dead letters again: what was acknowledged and could not be stored. Needs a running collector."""
    with open_store(db, server=server, create=False) as store:
        if not isinstance(store, RemoteStore):
            raise SufficeError("a collector stores them: start it with 'suffice up' and try again")
        counts = store.maintain("retry_letters", project=project)
    out().print(f"{counts['stored']} stored, {counts['kept']} still can't be", markup=False)


def _wait(store: RemoteStore) -> dict[str, int]:
    """Until the collector is done. Raises SufficeError where it failed."""
    said = ""
    while True:
        state = store.maintenance()
        if state["state"] == "failed":
            raise SufficeError(str(state["error"]))
        if state["state"] != "running":
            removed: dict[str, int] = state.get("removed") or {}
            return removed
        if state["step"] and state["step"] != said:
            said = state["step"]
            _progress(said)
        time.sleep(POLL_S)


def _no_journal(store: DatabaseStore) -> None:
    """What a collector acknowledged and has not stored lies in its journal, where a file alone does not reach."""
    folder = Path(f"{store.path}.journal")
    if any(folder.glob("*.seg")):
        raise SufficeError(f"{folder} holds what a collector has not stored yet: start it once, and delete through it")


def _print_removed(removed: dict[str, int], as_json: bool) -> None:
    if as_json:
        print_json({"removed": removed})
    elif removed:
        print_table(
            ("table", "rows removed"), [(name, format_count(n)) for name, n in removed.items()], right=("rows removed",)
        )
    else:
        out().print("nothing matched; the database is as it was", markup=False)


def _say_room(needed: int, free: int) -> None:
    _progress(f"this may take {format_bytes(needed)} beside the database; {format_bytes(free)} are free")


def _confirm(question: str, yes: bool) -> None:
    if not yes and not typer.confirm(question, err=True):
        raise SufficeError("nothing was deleted")


def _progress(step: str) -> None:
    err().print(step, markup=False)


def _owner() -> str:
    return f"{os.environ.get('USER') or 'the owner'} on the file"


def _path(db: str | None) -> str:
    chosen = db or os.environ.get("SUFFICE_DB") or DEFAULT_DB
    if chosen.startswith(("http://", "https://")):
        raise SufficeError("a collector holds its own file: stop it, and name the file with --db")
    return database_path(chosen)


def main(argv: list[str]) -> int:
    """``suffice db ...``."""
    return run_app(app, argv, "suffice db")
