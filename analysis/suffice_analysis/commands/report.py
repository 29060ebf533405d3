"""``suffice report -o FILE``: the last analysis as HTML, PDF, Markdown, XLSX, JSON or CSV."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from suffice.errors import SufficeError
from suffice_analysis.report.formats import renderer
from suffice_analysis.report.model import read_report
from suffice_store import open_store
from suffice_store.console import DbOption, ProjectOption, ServerOption, err, run_app
from suffice_store.store import Store

app = typer.Typer(add_completion=False)


@app.command()
def report(
    output: Annotated[
        Path, typer.Option("--output", "-o", help="File to write: .html, .pdf, .md, .xlsx, .json or .csv.")
    ],
    examples: Annotated[
        bool, typer.Option("--examples/--no-examples", help="Show replayed answers beside the recorded ones, masked.")
    ] = True,
    db: DbOption = None,
    server: ServerOption = None,
    project: ProjectOption = "default",
) -> None:
    """Write the report of the last analysis."""
    renderer(output)  # refuse a format before anything is opened
    with open_store(db, server=server, create=False) as store:
        write_report(store, output, project=project, examples=examples)
    err().print(f"wrote {output}", markup=False, soft_wrap=True)


def write_report(store: Store, path: Path, *, project: str = "default", examples: bool = True) -> Path:
    """Read the last analysis and write it in the format of ``path``. Raises SufficeError, UsageError."""
    rendered = renderer(path)(read_report(store, project=project, texts=examples))
    try:
        path.write_bytes(rendered)
    except OSError as error:
        raise SufficeError(f"can't write {path}: {error.strerror}") from None
    return path


def main(argv: list[str]) -> int:
    """Run the command; see ``suffice.cli``."""
    return run_app(app, argv, "suffice report")
