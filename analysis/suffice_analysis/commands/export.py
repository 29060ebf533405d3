"""``suffice export dataset`` and ``suffice export calls``: recorded calls leave the store as files, masked."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from suffice.config import read_settings
from suffice.errors import UsageError
from suffice.privacy import gate_of
from suffice_analysis.commands.analyze import parse_since
from suffice_analysis.export.call_log import write_calls
from suffice_analysis.export.dataset import CAPTURES, make_dataset, write_dataset
from suffice_analysis.named import named_task
from suffice_analysis.plan.subject import read_subject
from suffice_store import open_store
from suffice_store.console import DbOption, JsonOption, ProjectOption, ServerOption, out, print_json, run_app

app = typer.Typer(add_completion=False, no_args_is_help=True)
CaptureOption = Annotated[
    str,
    typer.Option("--capture", metavar="MODE", help="masked, or full: personal data stay. Keys and passwords never do."),
]


@app.callback()
def export() -> None:
    """Recorded calls as training data, or as a log that 'suffice import' reads back."""


@app.command()
def dataset(
    task: Annotated[str, typer.Option(metavar="TASK", help="Id or name of the task, as 'suffice tasks' has it.")],
    output: Annotated[Path, typer.Option("-o", "--output", metavar="DIR", help="The folder to write.")],
    form: Annotated[str, typer.Option("--format", metavar="NAME", help="openai, trl, parquet or flywheel.")] = "trl",
    capture: CaptureOption = "masked",
    db: DbOption = None,
    server: ServerOption = None,
    project: ProjectOption = "default",
    as_json: JsonOption = False,
) -> None:
    """One task's calls to fine-tune on: deduplicated, filtered, split by run, nothing that was replayed in train."""
    with open_store(db, server=server, create=False) as store:
        card = make_dataset(store, project, read_subject(store, project, task), form=form, capture=capture)
        files = write_dataset(card, output)
    if as_json:
        print_json(
            {k: v for k, v in card.as_json().items() if k != "call_ids"} | {"folder": str(output), "files": files}
        )
        return
    told = ", ".join(f"{len(examples):,} {name}" for name, examples in card.split.examples.items())
    out().print(
        f"{told} in {output}; {card.chosen.left_out.total():,} calls were left out, README.md says why",
        markup=False,
        soft_wrap=True,
    )


@app.command()
def calls(
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="FILE", help="JSON Lines; gzip where it ends in .gz.")
    ],
    since: Annotated[
        str | None, typer.Option(metavar="WHEN", help="Only calls from then on, as 'suffice analyze' takes it.")
    ] = None,
    service: Annotated[str | None, typer.Option(metavar="NAME", help="Only this app's calls.")] = None,
    task: Annotated[str | None, typer.Option(metavar="TASK", help="Only this task's.")] = None,
    capture: CaptureOption = "masked",
    db: DbOption = None,
    server: ServerOption = None,
    project: ProjectOption = "default",
    as_json: JsonOption = False,
) -> None:
    """Recorded calls as OpenAI-shaped log lines (the format openai-log of 'suffice import')."""
    if capture not in CAPTURES:
        raise UsageError(f"--capture takes {' or '.join(CAPTURES)}, not '{capture}'")
    gate = gate_of(read_settings(capture=capture, project=project))
    filters = {"since_ns": parse_since(since) if since else None, "service": service}
    with open_store(db, server=server, create=False) as store:
        task_id = named_task(store.read("tasks", project=project).to_pylist(), task)["task_id"] if task else None
        kept = {name: value for name, value in filters.items() if value is not None}
        counts = write_calls(store, output, gate, project=project, task_id=task_id, **kept)
    if as_json:
        print_json({"file": str(output), **counts})
        return
    left = [f"{n:,} left out: {why}" for why, n in counts.items() if why != "written"]
    out().print(f"{counts['written']:,} calls written to {output}", markup=False, soft_wrap=True)
    for line in left:
        out().print(line, markup=False, soft_wrap=True)


def main(argv: list[str]) -> int:
    """Run the command; see ``suffice.cli``."""
    return run_app(app, argv, "suffice export")
