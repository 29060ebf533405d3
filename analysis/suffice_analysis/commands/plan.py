"""``suffice plan --task T -o DIR``: what a person follows to move a proven task, and what a gateway loads for it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from suffice_analysis.export.dataset import make_dataset
from suffice_analysis.plan.folder import make_plan, write_plan
from suffice_analysis.plan.subject import read_subject
from suffice_store import open_store
from suffice_store.console import DbOption, JsonOption, ProjectOption, ServerOption, out, print_json, run_app

app = typer.Typer(add_completion=False)


@app.command()
def plan(
    task: Annotated[str, typer.Option(metavar="TASK", help="Id or name of the task, as 'suffice tasks' has it.")],
    output: Annotated[Path, typer.Option("-o", "--output", metavar="DIR", help="The folder to write.")],
    db: DbOption = None,
    server: ServerOption = None,
    project: ProjectOption = "default",
    as_json: JsonOption = False,
) -> None:
    """Write recogniser, validator, routing, steps, rollback and a fine-tuning recipe of one task into a folder."""
    with open_store(db, server=server, create=False) as store:
        subject = read_subject(store, project, task)
        examples = make_dataset(store, project, subject, form="trl").split.examples["train"]
        made = make_plan(store, project, subject, examples=len(examples))
        files = write_plan(store, project, made, output)
    if as_json:
        print_json(made.as_json() | {"folder": str(output), "files": files})
        return
    word = "proven" if made.subject.is_proven else "NOT PROVEN: nothing of it moves a call"
    out().print(
        f"{made.subject.task['name']}: {word}; {len(files)} files in {output}, begin with README.md",
        markup=False,
        soft_wrap=True,
    )


def main(argv: list[str]) -> int:
    """Run the command; see ``suffice.cli``."""
    return run_app(app, argv, "suffice plan")
