"""``suffice demo``: simulated agents through real clients, recorded, analysed, replayed with a small model and reported, in a minute or two.

Everything that runs is the real thing but the model: the provider is simulated on this machine, so there is
no key, no network and no bill.
"""

from __future__ import annotations

import os
import sys
import time
import webbrowser
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Annotated

import typer

from suffice.errors import UsageError
from suffice_analysis.headlines import read_headlines
from suffice_demo import stages
from suffice_demo.database import DEFAULT_DATABASE, prepare_database
from suffice_demo.fleet.agents import ALL_CALLS
from suffice_demo.processes import Child, ending_on_signals
from suffice_store import open_store
from suffice_store.console import format_count, out, run_app

MOST_CALLS = 200_000
HEADLINES = 5
app = typer.Typer(help=__doc__, add_completion=False)


@app.command()
def demo(
    db: Annotated[
        Path | None,
        typer.Option("--db", metavar="PATH", help=f"Database file, made anew. Default: ./{DEFAULT_DATABASE}."),
    ] = None,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Do not open the dashboard in a browser.")] = False,
    exit_at_end: Annotated[bool, typer.Option("--exit", help="Stop after the report, without a dashboard.")] = False,
    calls: Annotated[int, typer.Option(metavar="N", help="About how many calls the agents make.")] = ALL_CALLS,
    seed: Annotated[int, typer.Option(metavar="S", help="The same seed makes the same calls.")] = 7,
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE", help="Where the report goes (.html, .md, .json, .csv).")
    ] = Path("suffice-demo-report.html"),
) -> None:
    """Runs a small fleet of simulated agents, finds their tasks, replays them with a small model, writes the report and opens the dashboard."""
    if not 1 <= calls <= MOST_CALLS:
        raise UsageError(f"--calls {calls} is out of range: choose between 1 and {MOST_CALLS:,}")
    if not output.parent.is_dir():
        raise UsageError(f"the report can't be written: there is no directory {output.parent}")
    say = out().print
    with ending_on_signals(), ExitStack() as stack:
        database = prepare_database(db or DEFAULT_DATABASE)
        with _timed("Collector and simulated provider up"):
            dashboard_port = None if exit_at_end else stages.choose_dashboard_port()
            collector, collecting = stages.start_collector(stack, database, dashboard_port)
            provider = stages.start_provider(stack, seed)
        with _timed("Agents done") as told:
            count = stages.run_fleet(provider, collector, calls, seed)
            stages.wait_until_stored(collector, count.delivered)
            told.append(f"{format_count(count.delivered)} calls recorded, none lost")
        with _timed("Analysed"):
            stages.analyse(collector)
        with _timed("Replayed with the simulated small model") as told:
            told.append(stages.prove(collector, provider))
        with _timed("Report written") as told:
            stages.write_report(collector, output)
            told.append(str(output))
        say(
            "\n[bold]What suffice found[/] (simulated data: agents and answers are made up, clients and numbers are real)\n"
        )
        with open_store(server=collector) as store:
            for sentence in read_headlines(store)[:HEADLINES]:
                say(f"  • {sentence}", markup=False)
        say(f"\nReport: {output}   Database: {database}", markup=False)
        if dashboard_port is not None:
            url, dashboard = stages.start_dashboard(stack, collector, dashboard_port)
            say(f"This collector ({collector}) belongs to the demo; for your own app: suffice up", markup=False)
            _show(url, (collecting, dashboard), no_browser)


def _show(url: str, running: tuple[Child, ...], no_browser: bool) -> None:
    """The dashboard, until Ctrl-C. Raises SufficeError when one of ``running`` ends before."""
    try:
        out().print(f"Dashboard: {url}   (Ctrl-C ends the demo)", markup=False)
        if not no_browser and sys.stdout.isatty() and _has_display():
            webbrowser.open(url)
        while True:
            time.sleep(0.5)
            for child in running:
                child.check()
    except KeyboardInterrupt:
        out().print("\nStopped. The database and the report stay.", markup=False)


def _has_display() -> bool:
    return sys.platform in ("darwin", "win32") or any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))


@contextmanager
def _timed(what: str) -> Iterator[list[str]]:
    """Prints what was done and how long it took; the list takes a remark."""
    remarks: list[str] = []
    started = time.monotonic()
    yield remarks
    remark = f": {', '.join(remarks)}" if remarks else ""
    out().print(f"✓ {what}{remark} ({time.monotonic() - started:.1f} s)", markup=False)


def main(argv: list[str]) -> int:
    return run_app(app, argv, "suffice demo")
