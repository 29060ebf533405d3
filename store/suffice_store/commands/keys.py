"""``suffice keys``: API keys for apps and programs, roles for people."""

from __future__ import annotations

import os
from typing import Annotated, Any

import typer

from suffice_store.access import EVERY_PROJECT
from suffice_store.audit import audit_log
from suffice_store.console import (
    UNKNOWN,
    DbOption,
    JsonOption,
    ServerOption,
    err,
    format_bytes,
    format_time,
    out,
    print_json,
    print_table,
    run_app,
)
from suffice_store.file_store import DatabaseStore
from suffice_store.opening import open_store
from suffice_store.store import Store

app = typer.Typer(add_completion=False, no_args_is_help=True, help="API keys, and roles of people.")

ProjectOption = Annotated[str, typer.Option(metavar="NAME", help="The project it is for; '*' is every one.")]


@app.command()
def create(
    label: Annotated[str, typer.Argument(metavar="LABEL", help="Who holds it, as you will know it in a list.")],
    project: ProjectOption = "default",
    scopes: Annotated[str, typer.Option(metavar="LIST", help="Of ingest, read, admin; with commas.")] = "ingest",
    role: Annotated[
        str | None, typer.Option(metavar="ROLE", help="What its reads show: reader, analyst or auditor.")
    ] = None,
    requests_per_minute: Annotated[int | None, typer.Option(metavar="N", min=1, help="Beyond: 429.")] = None,
    megabytes_per_minute: Annotated[int | None, typer.Option(metavar="N", min=1, help="Beyond: 429.")] = None,
    max_megabytes: Annotated[int | None, typer.Option(metavar="N", min=1, help="Of one request; beyond: 413.")] = None,
    db: DbOption = None,
    server: ServerOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make a key and print it. It can't be shown again."""
    with open_store(db, server=server) as store:
        made = _change(
            store, "create_key", project, label=label, scopes=scopes, role=role, requests_per_minute=requests_per_minute,
            bytes_per_minute=_bytes(megabytes_per_minute), max_body_bytes=_bytes(max_megabytes),
        )  # fmt: skip
    if as_json:
        print_json(made)
        return
    where = "every project" if project == EVERY_PROJECT else f"project {project}"
    err().print(
        f"key {made['key_id']} for {made['name']}: {made['scopes']}, {where}. Keep it, it is not shown again:",
        markup=False,
    )
    out().print(made["key"], markup=False)


@app.command("list")
def list_keys(
    project: ProjectOption = EVERY_PROJECT,
    db: DbOption = None,
    server: ServerOption = None,
    as_json: JsonOption = False,
) -> None:
    """The keys there are, and were. Never their secrets."""
    with open_store(db, server=server, create=False) as store:
        rows = store.read("keys", project=project).to_pylist()
    if as_json:
        print_json(rows)
        return
    table = [
        (row["key_id"], row["name"], row["project"], row["scopes"], row["role"] or UNKNOWN, _limits(row),
         "active" if row["active"] else "revoked", format_time(row["recorded_ns"]))
        for row in rows
    ]  # fmt: skip
    print_table(("key", "label", "project", "scopes", "role", "limits", "state", "since (UTC)"), table, wide="label")


@app.command()
def revoke(
    key_id: Annotated[str, typer.Argument(metavar="KEY", help="Its id, the first part of the key.")],
    project: ProjectOption = EVERY_PROJECT,
    db: DbOption = None,
    server: ServerOption = None,
) -> None:
    """Take a key back: from now on no request with it is answered."""
    with open_store(db, server=server, create=False) as store:
        gone = _change(store, "revoke_key", project, key_id=key_id)
    out().print(f"key {gone['key_id']} ({gone['name']}) is revoked", markup=False)


@app.command()
def member(
    email: Annotated[str, typer.Argument(metavar="EMAIL", help="As the login names them.")],
    role: Annotated[str, typer.Argument(metavar="ROLE", help="reader, analyst, auditor, admin; or none.")],
    project: ProjectOption = "default",
    db: DbOption = None,
    server: ServerOption = None,
) -> None:
    """Give a person who logs in at the dashboard a role, or take it away."""
    with open_store(db, server=server) as store:
        _change(store, "set_member", project, email=email, role=None if role == "none" else role)
    out().print(f"{email}: {role} in {project}", markup=False)


@app.command()
def members(
    project: ProjectOption = EVERY_PROJECT,
    db: DbOption = None,
    server: ServerOption = None,
    as_json: JsonOption = False,
) -> None:
    """The people and their roles."""
    with open_store(db, server=server, create=False) as store:
        rows = store.read("members", project=project).to_pylist()
    if as_json:
        print_json(rows)
        return
    print_table(("email", "role", "project"), [(row["email"], row["role"] or "none", row["project"]) for row in rows])


def _change(store: Store, command: str, project: str, **arguments: Any) -> dict[str, Any]:
    """A command, noted in the audit log where this process holds the file; a collector notes it itself."""
    who = f"{os.environ.get('USER') or 'the owner'} on the file"
    if isinstance(store, DatabaseStore):
        audit_log(store.path).note(who, "admin", command, project=project, details=arguments)
    return store.command(command, project=project, recorded_by=who, **arguments)


def _bytes(megabytes: int | None) -> int | None:
    return None if megabytes is None else megabytes * 10**6


def _limits(row: dict[str, Any]) -> str:
    said = [
        row["requests_per_minute"] and f"{row['requests_per_minute']}/min",
        row["bytes_per_minute"] and f"{format_bytes(row['bytes_per_minute'])}/min",
        row["max_body_bytes"] and f"{format_bytes(row['max_body_bytes'])} at once",
    ]
    return ", ".join(filter(None, said)) or "none"


def main(argv: list[str]) -> int:
    """``suffice keys ...``."""
    return run_app(app, argv, "suffice keys")
