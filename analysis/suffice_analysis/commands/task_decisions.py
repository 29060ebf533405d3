"""``suffice tasks rename|ignore|pin|merge|split|decide``: what a person decides about a task. It survives every later analysis.

A new name and *ignore* show at once; *pin*, *merge* and *split* count from the next analysis on. ``--undo`` takes back.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any

import typer

from suffice.errors import SufficeError
from suffice_analysis.moves import evidence_hash
from suffice_analysis.named import named_task
from suffice_analysis.replay.permission import person
from suffice_store import open_store
from suffice_store.console import DbOption, ProjectOption, ServerOption, out, run_app
from suffice_store.moves import STATES
from suffice_store.store import Store

app = typer.Typer(add_completion=False, no_args_is_help=True)
WORDS = ("rename", "ignore", "pin", "merge", "split", "decide")
LATER = "It counts from the next analysis on: suffice analyze"

TaskArgument = Annotated[str, typer.Argument(metavar="TASK", help="A task's id, or its name.")]
UndoOption = Annotated[bool, typer.Option("--undo", help="Take the decision back.")]


@app.command()
def rename(
    task: TaskArgument,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Its new name.")],
    db: DbOption = None,
    server: ServerOption = None,
    project: ProjectOption = "default",
) -> None:
    """Give a task a name."""
    with open_store(db, server=server, create=False) as store:
        row = find_task(store, project, task)
        _decide(store, project, "rename", row["task_id"], name)
    _say(f"{row['name']} is now called {name.strip()}.")


@app.command()
def ignore(
    task: TaskArgument,
    undo: UndoOption = False,
    db: DbOption = None,
    server: ServerOption = None,
    project: ProjectOption = "default",
) -> None:
    """Leave a task out of shares, savings and the list of what to do."""
    with open_store(db, server=server, create=False) as store:
        row = find_task(store, project, task)
        _decide(store, project, "ignore", row["task_id"], not undo)
    _say(f"{row['name']} is {'counted again' if undo else 'ignored'}. {LATER}")


@app.command()
def pin(
    task: TaskArgument,
    undo: UndoOption = False,
    db: DbOption = None,
    server: ServerOption = None,
    project: ProjectOption = "default",
) -> None:
    """Keep a task as it is: what it takes today it takes in every later analysis."""
    with open_store(db, server=server, create=False) as store:
        row = find_task(store, project, task)
        _decide(store, project, "pin", row["task_id"], not undo)
    _say(f"{row['name']} is {'free again' if undo else 'pinned'}. {LATER}")


@app.command()
def merge(
    task: TaskArgument,
    into: Annotated[str, typer.Option("--into", metavar="TASK", help="The task that it is a part of.")] = "",
    undo: UndoOption = False,
    db: DbOption = None,
    server: ServerOption = None,
    project: ProjectOption = "default",
) -> None:
    """Say that a task is a part of another one. To undo, name the task that was merged by its id."""
    if bool(into) == undo:
        raise SufficeError("say what to merge into with --into TASK, or --undo")
    with open_store(db, server=server, create=False) as store:
        if undo:
            _decide(store, project, "merge", task, None)
            _say(f"{task} is a task of its own again. {LATER}")
            return
        row, other = find_task(store, project, task), find_task(store, project, into)
        if row["task_id"] == other["task_id"]:
            raise SufficeError("a task can't be merged into itself")
        _decide(store, project, "merge", row["task_id"], other["task_id"])
    _say(f"{row['name']} becomes a part of {other['name']}; its id is {row['task_id']}. {LATER}")


@app.command()
def split(
    task: TaskArgument,
    slices: Annotated[
        list[str] | None, typer.Option("--slice", metavar="ID", help="Split off this slice only; may be repeated.")
    ] = None,
    undo: UndoOption = False,
    db: DbOption = None,
    server: ServerOption = None,
    project: ProjectOption = "default",
) -> None:
    """Make tasks of a task's slices, all but the largest or those named; the rest keeps the task's id."""
    with open_store(db, server=server, create=False) as store:
        row = find_task(store, project, task)
        found = store.read("slices", project=project, task_id=row["task_id"]).to_pylist()
        if undo:
            _decide(store, project, "split", row["task_id"], None)
            _say(f"{row['name']} is whole again. {LATER}")
            return
        chosen = [each for each in found if each["slice_id"] in slices] if slices else found[1:]
        if not chosen:
            ids = ", ".join(f"{each['slice_id']} ({each['name']})" for each in found) or "it has none"
            raise SufficeError(f"no such slice of {row['name']}: {ids}")
        _decide(store, project, "split", row["task_id"], [json.loads(each["conditions"]) for each in chosen])
    _say(f"{row['name']} is split off: {'; '.join(each['name'] for each in chosen)}. {LATER}")


@app.command()
def decide(
    task: TaskArgument,
    state: Annotated[str, typer.Option("--state", help=f"How far it is: {', '.join(STATES)}.")],
    reason: Annotated[str, typer.Option("--reason", help="Why, in a sentence.")],
    owner: Annotated[str, typer.Option("--owner", help="Who answers for it; default: you.")] = "",
    model: Annotated[str, typer.Option("--model", help="The model it is to move to, or has moved to.")] = "",
    part: Annotated[str, typer.Option("--slice", metavar="ID", help="Of this slice of the task alone.")] = "",
    db: DbOption = None,
    server: ServerOption = None,
    project: ProjectOption = "default",
) -> None:
    """Write down how far moving a task has come. Every step stays, with the evidence's hash of that moment."""
    with open_store(db, server=server, create=False) as store:
        row = find_task(store, project, task)

        def read(name: str, **given: Any) -> list[Mapping[str, Any]]:
            rows: list[Mapping[str, Any]] = store.read(name, project=project, **given).to_pylist()
            return rows

        found = {each["slice_id"]: each["name"] for each in read("slices", task_id=row["task_id"])}
        if part and part not in found:
            ids = ", ".join(f"{key} ({name})" for key, name in found.items()) or "it has none"
            raise SufficeError(f"no such slice of {row['name']}: {ids}")
        evidence = evidence_hash(read, row["task_id"])
        value = {
            "state": state,
            "owner": owner or person(),
            "reason": reason,
            "model": model,
            "evidence_hash": evidence,
            **({"slice_id": part} if part else {}),
        }
        _decide(store, project, "move", row["task_id"], value)
    what = f"{row['name']}, {found[part]}" if part else row["name"]
    _say(f"{what}: {state}, by {value['owner']}; evidence {evidence}.")


def find_task(store: Store, project: str, said: str) -> Mapping[str, Any]:
    """The task of the last analysis that is meant. Raises UsageError."""
    return named_task(store.read("tasks", project=project).to_pylist(), said)


def _decide(store: Store, project: str, kind: str, task_id: str, value: Any) -> None:
    store.command("decide", project=project, kind=kind, task_id=task_id, value=value, decided_by=person())


def _say(sentence: str) -> None:
    out().print(sentence, markup=False, soft_wrap=True)


def main(argv: list[str]) -> int:
    """Run the command; see ``suffice.cli``."""
    return run_app(app, argv, "suffice tasks")
