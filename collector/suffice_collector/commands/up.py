"""``suffice up``: everything a team on one machine needs, in one process and its children."""

from __future__ import annotations

import logging
import os
import secrets
from pathlib import Path
from typing import Annotated

import typer

from suffice_collector.children import Child
from suffice_collector.commands.collector import (
    AlertsOption,
    DashboardUrlOption,
    GrpcPortOption,
    HostOption,
    LogFormatOption,
    LogJsonOption,
    PortOption,
)
from suffice_collector.guard import check_bind, is_loopback
from suffice_collector.interpreter import prepare
from suffice_collector.logs import LogFormat, set_up_logs
from suffice_collector.minder import Minder
from suffice_collector.ports import bind
from suffice_collector.reporting import Reporter, ReportPlan
from suffice_collector.schedule import AnalysisSchedule
from suffice_collector.server import address, chosen_db, key_from_environment, running_collector, serve
from suffice_store.alerts_file import ENV as ALERTS_ENV
from suffice_store.alerts_file import read_alert_settings
from suffice_store.console import DbOption, out, run_app

log = logging.getLogger("suffice.up")
app = typer.Typer(help=__doc__, add_completion=False)

LOOPBACK = "127.0.0.1"
CHILD_KEY = "SUFFICE_KEY"  # in the environment that children inherit
FOUND_BY_ITSELF = f"http://{LOOPBACK}:4318"  # where suffice.init() looks without being told

DashboardPortOption = Annotated[int, typer.Option(metavar="PORT", min=0, max=65535, help="The dashboard's port.")]
NoDashboardOption = Annotated[bool, typer.Option("--no-dashboard", help="Collector and analysis only.")]
AnalyzeEveryOption = Annotated[
    float | None,
    typer.Option(
        metavar="MIN", min=0, help="Analyse at most every MIN minutes; 0 = only when asked. Default: after news."
    ),
]
ReportEveryOption = Annotated[
    str | None, typer.Option(metavar="WHEN", help="Write a report of each project every day, week or month (UTC).")
]
ReportToOption = Annotated[str | None, typer.Option(metavar="DIR", help="Where to, named by the period's first day.")]
ReportFormatOption = Annotated[
    str, typer.Option(metavar="LIST", help="Of html, pdf, md, xlsx, csv; with commas. JSON besides.")
]


@app.command()
def up(
    db: DbOption = None,
    host: HostOption = LOOPBACK,
    port: PortOption = 4318,
    grpc_port: GrpcPortOption = None,
    dashboard_port: DashboardPortOption = 8501,
    no_dashboard: NoDashboardOption = False,
    dashboard_url: DashboardUrlOption = None,
    analyze_every: AnalyzeEveryOption = None,
    report_every: ReportEveryOption = None,
    report_to: ReportToOption = None,
    report_format: ReportFormatOption = "html",
    alerts: AlertsOption = None,
    log_format: LogFormatOption = LogFormat.auto,
    log_json: LogJsonOption = False,
) -> None:
    """Collector, dashboard, and the analysis by itself, until SIGTERM or Ctrl-C."""
    key = key_from_environment()
    check_bind(host, key)
    plan = ReportPlan.of(report_every, report_to, report_format)
    settings = read_alert_settings(alerts)
    if alerts:
        os.environ[ALERTS_ENV] = str(Path(alerts).resolve())  # the analysis reads its thresholds from it
    set_up_logs(as_json=True if log_json else log_format.as_json)
    prepare()
    path = chosen_db(db)
    with bind(host, port) as sock:
        if not no_dashboard:
            with bind(LOOPBACK, dashboard_port, option="--dashboard-port") as free:
                dashboard_port = free.getsockname()[1]
        endpoint = address(sock)
        # Children are on this machine, whatever address others use.
        server = endpoint if is_loopback(host) else f"http://{LOOPBACK}:{sock.getsockname()[1]}"
        with running_collector(path) as running:
            if key is None:  # stored keys may be asked for all the same, and our children have none
                running.inner_key = secrets.token_urlsafe(32)
                os.environ[CHILD_KEY] = running.inner_key
            running.alerts = settings
            running.dashboard_url = dashboard_url or (None if no_dashboard else f"http://{LOOPBACK}:{dashboard_port}")
            every_s = None if not analyze_every else analyze_every * 60
            minder = Minder(
                running.store,
                running.ingest,
                server,
                schedule=AnalysisSchedule(every_s, automatic=analyze_every != 0),
                reporter=None if plan is None else Reporter(plan, server),
                dashboard=None if no_dashboard else lambda: _dashboard(server, dashboard_port),
            )
            running.analyze_now = minder.analyze_now
            if grpc_port is not None:
                bind(host, grpc_port, option="--grpc-port").close()  # before addresses are said that nobody will answer
            _say(running.dashboard_url, endpoint, path, key is not None)
            minder.start()
            try:
                serve(running, sock, key, grpc_port=grpc_port)
            finally:
                minder.close()
                log.info("stopping: storing what was acknowledged")


def _dashboard(server: str, port: int) -> Child:
    # On loopback, whatever --host: `suffice dashboard --host` opens the pages to others, and asks for the key.
    return Child(
        "dashboard", ["dashboard", "--server", server, "--host", LOOPBACK, "--port", str(port), "--no-browser"]
    )


def _say(dashboard_url: str | None, endpoint: str, path: str, keyed: bool) -> None:
    console = out()
    console.print(f"dashboard  {dashboard_url or 'not started (--no-dashboard)'}")
    console.print(f"endpoint   {endpoint}  ({_how_to_send(endpoint, keyed)})")
    console.print(f"database   {Path(path).resolve()}")


def _how_to_send(endpoint: str, keyed: bool) -> str:
    """What an app on this machine needs to be told, if anything."""
    told = "" if endpoint == FOUND_BY_ITSELF else f"SUFFICE_ENDPOINT={endpoint}"
    key = "SUFFICE_KEY" if keyed else ""
    needed = " and ".join(filter(None, (told, key)))
    return f"your app needs {needed}" if needed else "suffice.init() finds it"


def main(argv: list[str]) -> int:
    return run_app(app, argv, "suffice up")
