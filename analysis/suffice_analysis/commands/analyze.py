"""``suffice analyze``: find tasks, estimate replaceability and savings, publish. Progress goes to stderr."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import typer
from rich.progress import Progress

from suffice.errors import UsageError
from suffice_analysis.alerts import raise_alerts
from suffice_analysis.headlines import read_headlines
from suffice_analysis.parallel import open_workers
from suffice_analysis.pipeline import analyze as run_analysis
from suffice_store import open_store
from suffice_store.console import (
    DbOption,
    JsonOption,
    ProjectOption,
    ServerOption,
    err,
    out,
    print_json,
    run_app,
)

app = typer.Typer(add_completion=False)
CHANGES_SHOWN = 8
UNITS = {"m": 60, "h": 3600, "d": 86_400, "w": 604_800}


@app.command()
def analyze(
    db: DbOption = None,
    server: ServerOption = None,
    project: ProjectOption = "default",
    since: Annotated[str | None, typer.Option(help="Only calls from then on: 2026-11-01, or 7d, 12h, 2w ago.")] = None,
    service: Annotated[str | None, typer.Option(help="Only calls of this service.")] = None,
    seed: Annotated[int, typer.Option(help="The same data and seed give the same numbers.")] = 0,
    workers: Annotated[
        str,
        typer.Option(
            help="Processes for 50,000 calls or more: auto, a number, or tcp://HOST:PORT of a Dask scheduler."
        ),
    ] = "auto",
    successful_runs: Annotated[
        bool,
        typer.Option(
            "--successful-runs", help="Evidence from calls of runs reported to have gone well, and no others."
        ),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Find the tasks of the recorded calls, estimate what small models suffice for, and publish it."""
    since_ns = parse_since(since) if since else None
    with (
        open_workers(workers) as executor,
        open_store(db, server=server, create=False) as store,
        Progress(console=err(), transient=True) as bar,
    ):
        line = bar.add_task("starting", total=1.0)
        run = run_analysis(
            store,
            project=project,
            since_ns=since_ns,
            service=service,
            seed=seed,
            executor=executor,
            successful_runs=successful_runs,
            progress=lambda stage, share: bar.update(line, description=stage, completed=share),
        )
        raise_alerts(store, project)
        sentences = read_headlines(store, project)
        changes = store.read("task_changes", project=project).to_pylist()
    if as_json:
        print_json({**run, "headlines": sentences, "task_changes": [change["sentence"] for change in changes]})
        return
    for sentence in [*sentences, *change_sentences(changes)]:
        out().print(sentence, markup=False, soft_wrap=True)


def change_sentences(changes: Sequence[Mapping[str, Any]]) -> list[str]:
    """What became of the tasks of the analysis before, the largest first; many are counted."""
    shown = [f"{change['change'].capitalize()}: {change['sentence']}" for change in changes[:CHANGES_SHOWN]]
    more = len(changes) - len(shown)
    return [*shown, f"and {more} more changes (read task_changes)"] if more else shown


def parse_since(text: str, now: datetime | None = None) -> int:
    """``2026-11-01`` (UTC), an ISO time, or an age as ``7d``: Unix nanoseconds. Raises UsageError."""
    if text[:-1].isdigit() and text[-1] in UNITS:
        at = (now or datetime.now(UTC)) - timedelta(seconds=int(text[:-1]) * UNITS[text[-1]])
    else:
        try:
            at = datetime.fromisoformat(text)
        except ValueError:
            raise UsageError(f"can't read --since '{text}': give a date like 2026-11-01 or an age like 7d") from None
        at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return int(at.timestamp() * 1_000_000) * 1_000


def main(argv: list[str]) -> int:
    """Run the command; see ``suffice.cli``."""
    return run_app(app, argv, "suffice analyze")
