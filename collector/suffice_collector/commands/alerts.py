"""``suffice alerts``: a test through every channel, a new secret, and the alerts that there were."""

from __future__ import annotations

import secrets
import time
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from suffice.errors import SufficeError
from suffice.webhooks import make_secret
from suffice_collector.alerting.alerter import raise_it, try_it
from suffice_collector.alerting.finding import Happened
from suffice_store.access import EVERY_PROJECT
from suffice_store.alerts_file import read_alert_settings
from suffice_store.console import (
    DbOption,
    JsonOption,
    ServerOption,
    format_time,
    out,
    print_json,
    print_table,
    run_app,
)
from suffice_store.opening import open_store
from suffice_store.store import Store

app = typer.Typer(
    add_completion=False, no_args_is_help=True, help="Alerts by signed webhook and by mail. docs/alerts.md"
)

SECRET_BYTES = 32
FileOption = Annotated[
    str | None, typer.Option("--alerts", metavar="FILE", help="Where alerts go, TOML; default: SUFFICE_ALERTS.")
]


@app.command("test")
def send_test(
    alerts: FileOption = None,
    channel: Annotated[str | None, typer.Option(metavar="NAME", help="Only this channel.")] = None,
    db: DbOption = None,
    server: ServerOption = None,
) -> None:
    """Send a test through every channel, once, and say what became of it."""
    settings = read_alert_settings(alerts)
    chosen = [each for each in settings.channels if channel in (None, each.name)]
    if not chosen:
        there = ", ".join(each.name for each in settings.channels) or "no channel: name a file with --alerts"
        raise SufficeError(f"there is nothing to send a test through: {there}")
    now = datetime.now(UTC).isoformat(timespec="microseconds")
    asked = Happened("test", now, "A test of suffice's alerts", "Somebody ran 'suffice alerts test'. Nothing happened.")
    with open_store(db, server=server) as store:
        alert = _raised(store, raise_it(store, asked, EVERY_PROJECT))
        taken = [try_it(store, alert, each, None, None, time.time_ns()) for each in chosen]
        told = {row["channel"]: row for row in _deliveries(store) if row["alert_id"] == alert["alert_id"]}
    for each, sent in zip(chosen, taken, strict=True):
        out().print(f"{each.name}: {'sent' if sent else told[each.name]['reason']}", markup=False)
    if not all(taken):
        raise SufficeError(f"{taken.count(False)} of {len(taken)} channels did not take it")


@app.command()
def secret() -> None:
    """Print a new secret for a webhook; both sides keep it."""
    out().print(make_secret(secrets.token_bytes(SECRET_BYTES)), markup=False)


@app.command("list")
def list_alerts(
    limit: Annotated[int, typer.Option(metavar="N", min=1, max=10_000, help="So many of the newest.")] = 20,
    db: DbOption = None,
    server: ServerOption = None,
    as_json: JsonOption = False,
) -> None:
    """The alerts that were raised, the newest first, and what became of each."""
    with open_store(db, server=server, create=False) as store:
        raised = store.read("alerts", project=EVERY_PROJECT, limit=limit).to_pylist()
        told = _deliveries(store)
    for alert in raised:
        alert["deliveries"] = [row for row in told if row["alert_id"] == alert["alert_id"]]
    if as_json:
        print_json(raised)
        return
    table = [
        (format_time(row["recorded_ns"]), row["kind"], row["title"],
         ", ".join(f"{each['channel']} {each['state']}" for each in row["deliveries"]) or "to nobody")
        for row in raised
    ]  # fmt: skip
    print_table(("when (UTC)", "kind", "title", "sent"), table, wide="title")


def _raised(store: Store, alert_id: str) -> dict[str, Any]:
    rows = store.read("alerts", project=EVERY_PROJECT, limit=10_000).to_pylist()
    return dict(next(row for row in rows if row["alert_id"] == alert_id))


def _deliveries(store: Store) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = store.read("alert_deliveries", project=EVERY_PROJECT, limit=10_000).to_pylist()
    return rows


def main(argv: list[str]) -> int:
    """``suffice alerts ...``."""
    return run_app(app, argv, "suffice alerts")
