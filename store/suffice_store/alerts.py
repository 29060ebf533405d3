"""Commands of alerts: one is raised once, whoever sees it first; and what became of sending it is written down.

An alert is a sentence about tasks, money or the collector: no text of a call is ever in it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import blake2b
from typing import Any

import sqlalchemy as sa

from suffice.errors import SufficeError
from suffice_store.tables_alerts import alert_deliveries, alerts

KINDS = {
    "task_proven": "a task is proven by replay",
    "evidence_aged": "what a proof rests on no longer counts, or is old",
    "spend_jump": "a day costs far more than the days before it",
    "saving_below": "a move saves less than was projected",
    "collector_losing": "what was sent can't be stored",
    "collector_dropping": "what was sent is turned away",
    "test": "somebody asked for one",
}
STATES = ("sent", "failed", "given_up")
RAISE_ALERT = ("kind", "happened", "subject", "title", "sentence", "details")
RECORD_DELIVERY = ("alert_id", "channel", "state", "attempts", "reason")
MOST_CHARACTERS = 2_000

Arguments = Mapping[str, Any]


def alert_id(project: str, kind: str, happened: str) -> str:
    """The same event has the same id in whatever process, so that it is raised, and can be told, once."""
    return blake2b(json.dumps([project, kind, happened]).encode(), digest_size=12).hexdigest()


def raise_alert(connection: sa.Connection, arguments: Arguments, now_ns: int) -> dict[str, Any]:
    """Raise it unless it was; ``happened`` names the event and is part of its id."""
    kind, project = arguments["kind"], arguments["project"]
    if kind not in KINDS:
        raise SufficeError(f"'kind' must be one of {', '.join(KINDS)}, not '{kind}'")
    for name in ("happened", "title", "sentence"):
        if not isinstance(arguments[name], str) or not 0 < len(arguments[name]) <= MOST_CHARACTERS:
            raise SufficeError(f"'{name}' must be a text of 1 to {MOST_CHARACTERS:,} characters")
    details = arguments["details"] or {}
    if not isinstance(details, dict):
        raise SufficeError("'details' must be an object")
    project = "" if project == "*" else project
    key = alert_id(project, kind, arguments["happened"])
    known = sa.select(alerts.c.alert_id).where(alerts.c.project == project, alerts.c.alert_id == key)
    if connection.execute(known.limit(1)).first() is not None:
        return {"alert_id": key, "raised": False}
    row = {
        "project": project,
        "alert_id": key,
        "kind": kind,
        "subject": arguments["subject"] or "",
        "title": arguments["title"],
        "sentence": arguments["sentence"],
        "details": json.dumps(details, ensure_ascii=False, sort_keys=True, default=str),
        "recorded_ns": now_ns,
    }
    connection.execute(alerts.insert().values(row))
    return {"alert_id": key, "raised": True}


def record_delivery(connection: sa.Connection, arguments: Arguments, now_ns: int) -> dict[str, Any]:
    """What became of sending an alert through a channel."""
    if arguments["state"] not in STATES:
        raise SufficeError(f"'state' must be one of {', '.join(STATES)}, not '{arguments['state']}'")
    if not isinstance(arguments["attempts"] or 1, int):
        raise SufficeError(f"'attempts' must be a whole number, not '{arguments['attempts']}'")
    row = {
        "project": "" if arguments["project"] == "*" else arguments["project"],
        "alert_id": arguments["alert_id"],
        "channel": arguments["channel"],
        "state": arguments["state"],
        "attempts": arguments["attempts"] or 1,
        "reason": (arguments["reason"] or "")[:MOST_CHARACTERS],
        "recorded_ns": now_ns,
    }
    connection.execute(alert_deliveries.insert().values(row))
    return {"alert_id": row["alert_id"], "state": row["state"]}
