"""``suffice import``: recorded calls from files into the store."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from suffice.config import read_settings
from suffice.errors import SufficeError
from suffice.privacy import Gate, gate_of
from suffice_collector.importers import AUTO
from suffice_collector.importers.contract import Context
from suffice_collector.importers.running import FileSummary, find_importers, import_files
from suffice_store.console import DEFAULT_PROJECT, DbOption, JsonOption, ServerOption, err, out, print_json, run_app
from suffice_store.opening import open_store

app = typer.Typer(add_completion=False)


@app.command()
def import_calls(
    files: Annotated[list[Path], typer.Argument(metavar="FILE", help="Files of recorded calls; gzip is fine.")],
    format_name: Annotated[
        str,
        typer.Option(
            "--format",
            metavar="NAME",
            help="auto, or langfuse, litellm, phoenix, langsmith, helicone, mlflow, openai-log, otlp.",
        ),
    ] = AUTO,
    service: Annotated[
        str | None, typer.Option("--service", metavar="NAME", help="The app, for calls that name none.")
    ] = None,
    project: Annotated[
        str, typer.Option("--project", metavar="NAME", help="The project to put them in.")
    ] = DEFAULT_PROJECT,
    capture: Annotated[
        str,
        typer.Option("--capture", metavar="MODE", help="What is kept of the texts: full, masked, hashed or metrics."),
    ] = "full",
    db: DbOption = None,
    server: ServerOption = None,
    as_json: JsonOption = False,
) -> int:
    """Read recorded calls from files. The same file again adds nothing."""
    find_importers(files, format_name)  # refuse a file before a database is made for it
    context = Context(project=project, service=service, now_ns=time.time_ns(), gate=_gate(capture, project))
    with open_store(db, server=server) as store, _progress(files) as progress:
        tasks = {path: progress.add_task(path.name, total=_size(path)) for path in files}

        def on_progress(path: Path, done_bytes: int) -> None:
            progress.update(tasks[path], completed=done_bytes)

        summaries = import_files(store, files, context, format_name=format_name, on_progress=on_progress)
    if as_json:
        print_json(_document(summaries))
    else:
        _print(summaries)
    return _exit_code(summaries)


def main(argv: Sequence[str]) -> int:
    return run_app(app, argv, "suffice import")


def _gate(capture: str, project: str) -> Gate | None:
    """The SDK's gate for a mode; none for "full", which changes nothing of a file that somebody has already."""
    try:
        settings = read_settings(capture=capture, project=project)
    except ValueError as reason:
        raise SufficeError(str(reason)) from reason
    return None if settings.capture == "full" else gate_of(settings)


def _progress(files: Sequence[Path]) -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    return Progress(*columns, console=err(), disable=not sys.stderr.isatty(), transient=True)


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except OSError:
        return None


def _document(summaries: Sequence[FileSummary]) -> dict[str, Any]:
    """Totals, and the same for each file with what was skipped and why."""
    names = ("read", "added", "known", "estimated", "spans", "outcomes")
    totals: dict[str, Any] = {name: sum(getattr(each, name) for each in summaries) for name in names}
    totals["skipped"] = sum(each.skipped_count() for each in summaries)
    files = [
        {"path": each.path, "format": each.format}
        | {name: getattr(each, name) for name in names}
        | {"skipped": [{"reason": why, "count": at.count, "lines": at.lines} for why, at in each.skipped.items()]}
        | {"damage": each.damage}
        for each in summaries
    ]
    return totals | {"files": files}


def _print(summaries: Sequence[FileSummary]) -> None:
    console = out()
    for each in summaries:
        counts = f"{each.read:,} calls read, {each.added:,} added"
        counts += f", {each.known:,} known already" if each.known else ""
        counts += f", {each.spans:,} other spans added" if each.spans else ""
        counts += f", {each.outcomes:,} outcomes added" if each.outcomes else ""
        counts += f", {each.skipped_count():,} skipped" if each.skipped else ""
        console.print(f"{each.path}: {counts}", markup=False)
        for reason, skipped in each.skipped.items():
            console.print(f"  skipped {skipped.count:,}: {reason}{_lines(skipped.lines, skipped.count)}", markup=False)
    estimated = sum(each.estimated for each in summaries)
    if estimated:
        console.print(f"{estimated:,} calls state no token counts: estimated from their text, and marked so.")


def _lines(lines: Sequence[int], count: int) -> str:
    numbers = [str(line) for line in lines if line]
    if not numbers:
        return ""
    more = ", ..." if count > len(lines) else ""
    return f" (line {numbers[0]})" if len(numbers) == 1 and not more else f" (lines {', '.join(numbers)}{more})"


def _exit_code(summaries: Sequence[FileSummary]) -> int:
    """0 also with skipped lines. Raises SufficeError for a damaged file, or one that held nothing to store."""
    for each in summaries:
        if each.damage:
            raise SufficeError(f"{each.path} breaks off after {each.read:,} calls ({each.damage}); those are stored")
    for each in summaries:
        if not each.read and not each.spans and each.skipped:
            reason, skipped = next(iter(each.skipped.items()))
            raise SufficeError(f"{each.path} holds no call: {reason}{_lines(skipped.lines[:1], 1)}")
    return 0
