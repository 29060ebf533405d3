"""An alert as it is told: the event of a webhook, the text of a mail. Neither holds a word of any call."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from email.message import EmailMessage
from typing import Any
from urllib.parse import quote

from suffice_store.alerts import KINDS
from suffice_store.alerts_file import Email

Row = Mapping[str, Any]


def event(alert: Row, dashboard_url: str | None) -> bytes:
    """The body of a webhook: ``{"type", "timestamp", "data"}``. The same bytes each time it is sent."""
    data = {
        "id": alert["alert_id"],
        "project": alert["project"] or None,
        "subject": alert["subject"] or None,
        "title": alert["title"],
        "text": alert["sentence"],
        "details": json.loads(alert["details"]),
        "link": link(alert, dashboard_url),
    }
    body = {"type": alert["kind"], "timestamp": _iso(alert["recorded_ns"]), "data": data}
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def mail(alert: Row, channel: Email, dashboard_url: str | None) -> EmailMessage:
    """A plain text mail. Its Message-ID is the alert's id, so that a mail sent twice can be told."""
    message = EmailMessage()
    message["Subject"] = " ".join(f"suffice: {alert['title']}".split())
    message["From"], message["To"] = channel.sender, ", ".join(channel.to)
    message["Date"] = datetime.fromtimestamp(alert["recorded_ns"] / 1e9, UTC)
    message["Message-ID"] = f"<{alert['alert_id']}@{channel.sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    where = link(alert, dashboard_url)
    foot = f"Project {alert['project']}. " if alert["project"] else ""
    lines = [
        alert["sentence"],
        *(["", where] if where else []),
        "",
        f"{foot}Because: {KINDS[alert['kind']]}. Alert {alert['alert_id']}.",
    ]
    message.set_content("\n".join(lines) + "\n")
    return message


def link(alert: Row, dashboard_url: str | None) -> str | None:
    """The page that shows more; None where no dashboard is known."""
    if not dashboard_url:
        return None
    pages = {
        "task_proven": f"task?task_id={quote(alert['subject'], safe='')}",
        "evidence_aged": f"task?task_id={quote(alert['subject'], safe='')}",
        "saving_below": "decisions",
        "spend_jump": "",
    }
    return f"{dashboard_url.rstrip('/')}/{pages.get(alert['kind'], 'health')}"


def _iso(ns: int) -> str:
    return datetime.fromtimestamp(ns / 1e9, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
