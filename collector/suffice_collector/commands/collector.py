"""``suffice collector``: takes telemetry in and answers reads; nothing else."""

from __future__ import annotations

import logging
from typing import Annotated

import typer

from suffice_collector.guard import check_bind
from suffice_collector.interpreter import prepare
from suffice_collector.logs import LogFormat, set_up_logs
from suffice_collector.ports import bind
from suffice_collector.server import Tls, address, chosen_db, key_from_environment, running_collector, serve
from suffice_store.alerts_file import read_alert_settings
from suffice_store.console import DbOption, run_app

log = logging.getLogger("suffice.collector")
app = typer.Typer(help=__doc__, add_completion=False)

HostOption = Annotated[
    str, typer.Option(metavar="HOST", help="Address to listen on; beyond loopback needs SUFFICE_KEY.")
]
PortOption = Annotated[
    int, typer.Option(metavar="PORT", min=0, max=65535, help="OTLP/HTTP and reads; 0 takes a free one.")
]
GrpcPortOption = Annotated[
    int | None,
    typer.Option(metavar="PORT", min=0, max=65535, help="OTLP/gRPC; 0 takes a free one. Default: 4317, if it is free."),
]
LogFormatOption = Annotated[
    LogFormat, typer.Option(metavar="FORMAT", help="auto (text on a terminal, else JSON), text or json.")
]
LogJsonOption = Annotated[bool, typer.Option("--log-json", help="The same as --log-format json.")]
TlsCertOption = Annotated[str | None, typer.Option("--tls-cert", metavar="FILE", help="Certificate and chain, PEM.")]
TlsKeyOption = Annotated[str | None, typer.Option("--tls-key", metavar="FILE", help="Its private key, PEM.")]
DashboardUrlOption = Annotated[
    str | None, typer.Option(metavar="URL", envvar="SUFFICE_DASHBOARD_URL", help="Told to SDKs, for their link.")
]
AlertsOption = Annotated[
    str | None, typer.Option(metavar="FILE", help="Where alerts go, TOML; default: SUFFICE_ALERTS. docs/alerts.md")
]


@app.command()
def collector(
    db: DbOption = None,
    host: HostOption = "127.0.0.1",
    port: PortOption = 4318,
    grpc_port: GrpcPortOption = None,
    dashboard_url: DashboardUrlOption = None,
    tls_cert: TlsCertOption = None,
    tls_key: TlsKeyOption = None,
    alerts: AlertsOption = None,
    log_format: LogFormatOption = LogFormat.auto,
    log_json: LogJsonOption = False,
) -> None:
    """Takes telemetry in over OTLP (HTTP and gRPC) and answers reads and commands, until SIGTERM or Ctrl-C."""
    key = key_from_environment()
    check_bind(host, key)
    tls = Tls.of(tls_cert, tls_key)
    settings = read_alert_settings(alerts)
    set_up_logs(as_json=True if log_json else log_format.as_json)
    prepare()
    path = chosen_db(db)
    with bind(host, port) as sock, running_collector(path) as running:
        running.dashboard_url, running.alerts = dashboard_url, settings
        where = address(sock).replace("http:", "https:") if tls else address(sock)
        log.info("listening on %s, storing in %s%s", where, path, ", key needed" if key else "")
        serve(running, sock, key, tls, grpc_port=grpc_port)
        log.info("stopping: storing what was acknowledged")
    log.info("stopped; everything acknowledged is stored")


def main(argv: list[str]) -> int:
    return run_app(app, argv, "suffice collector")
