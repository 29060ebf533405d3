"""Alerts, the newest first, and what became of sending each through each channel. Those of no project are the collector's."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from suffice_store.access import EVERY_PROJECT
from suffice_store.reads.registry import LIMIT, PROJECT, Arguments, Parameter, Read
from suffice_store.tables_alerts import alert_deliveries, alerts

_ALERTS = ("project", "alert_id", "kind", "subject", "title", "sentence", "details", "recorded_ns")
_DELIVERIES = ("project", "alert_id", "channel", "state", "attempts", "reason", "recorded_ns")


def _of(table: sa.Table, arguments: Arguments) -> list[sa.ColumnElement[bool]]:
    project = arguments["project"]
    chosen: list[sa.ColumnElement[bool]] = []
    if project != EVERY_PROJECT:
        chosen.append(table.c.project.in_((project, "")))
    if arguments["since_ns"] is not None:
        chosen.append(table.c.recorded_ns >= arguments["since_ns"])
    return chosen


def _alerts(arguments: Arguments) -> sa.Select[Any]:
    rows = sa.select(*(alerts.c[name] for name in _ALERTS)).where(*_of(alerts, arguments))
    return rows.order_by(alerts.c.recorded_ns.desc(), alerts.c.alert_id).limit(arguments["limit"])


def _deliveries(arguments: Arguments) -> sa.Select[Any]:
    """The latest of each alert and channel."""
    table = alert_deliveries
    place = sa.func.row_number().over(
        partition_by=[table.c.project, table.c.alert_id, table.c.channel],
        order_by=[table.c.recorded_ns.desc(), table.c.attempts.desc()],
    )
    ranked = sa.select(table, place.label("place")).where(*_of(table, arguments)).subquery()
    rows = sa.select(*(ranked.c[name] for name in _DELIVERIES)).where(ranked.c.place == 1)
    return rows.order_by(ranked.c.recorded_ns.desc(), ranked.c.alert_id, ranked.c.channel).limit(arguments["limit"])


_SINCE = Parameter("since_ns", "integer")
READS = (
    Read("alerts", (PROJECT, _SINCE, LIMIT), _ALERTS, _alerts),
    Read("alert_deliveries", (PROJECT, _SINCE, LIMIT), _DELIVERIES, _deliveries),
)
