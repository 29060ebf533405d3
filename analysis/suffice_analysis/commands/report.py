"""``suffice report -o FILE``: the last analysis as HTML, PDF, Markdown, XLSX, JSON or CSV."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from suffice.errors import SufficeError
from suffice_analysis.report.as_json import document
from suffice_analysis.report.bridge import make_bridge, read_previous
from suffice_analysis.report.formats import renderer
from suffice_analysis.report.model import Report, read_report
from suffice_store import open_store
from suffice_store.console import DbOption, ProjectOption, ServerOption, err, run_app
from suffice_store.store import Store

app = typer.Typer(add_completion=False)


@app.command()
def report(
    output: Annotated[
        list[Path],
        typer.Option("--output", "-o", help="File to write: .html, .pdf, .md, .xlsx, .json or .csv; or several."),
    ],
    previous: Annotated[
        Path | None, typer.Option(metavar="FILE.json", help="An earlier report: say what changed since, and by what.")
    ] = None,
    examples: Annotated[
        bool, typer.Option("--examples/--no-examples", help="Show replayed answers beside the recorded ones, masked.")
    ] = True,
    db: DbOption = None,
    server: ServerOption = None,
    project: ProjectOption = "default",
) -> None:
    """Write the report of the last analysis."""
    for path in output:
        renderer(path)  # refuse a format before anything is opened
    before = None if previous is None else read_previous(previous)
    with open_store(db, server=server, create=False) as store:
        found = read_report(store, project=project, texts=examples)
    if before is not None:
        found = replace(found, bridge=make_bridge(before, document(found)))
    for path in output:
        err().print(f"wrote {write(found, path)}", markup=False, soft_wrap=True)


def write_report(store: Store, path: Path, *, project: str = "default", examples: bool = True) -> Path:
    """Read the last analysis and write it in the format of ``path``. Raises SufficeError, UsageError."""
    return write(read_report(store, project=project, texts=examples), path)


def write(found: Report, path: Path) -> Path:
    """Write a report in the format of ``path``."""
    rendered = renderer(path)(found)
    try:
        path.write_bytes(rendered)
    except OSError as error:
        raise SufficeError(f"can't write {path}: {error.strerror}") from None
    return path


def main(argv: list[str]) -> int:
    """Run the command; see ``suffice.cli``."""
    return run_app(app, argv, "suffice report")
