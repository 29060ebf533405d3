"""Commands of replay: who may be sent recorded content, and that it is about to be sent."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from suffice.errors import SufficeError
from suffice_store.reads.sources import latest
from suffice_store.tables import assignments, calls
from suffice_store.tables_replay import replay_hosts

Arguments = Mapping[str, Any]

ALLOW_HOST = ("host", "allowed", "reason", "recorded_by")
BEGIN_REPLAY = ("campaign_id", "host", "task_id", "candidate", "calls", "recorded_by")
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.:\-]{0,253})")


def is_loopback(host: str) -> bool:
    """Whether what is sent there stays on this machine."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def allow_host(connection: sa.Connection, arguments: Arguments, now_ns: int) -> dict[str, Any]:
    """An entry of the allow-list, or with ``allowed`` false the end of one."""
    host = arguments["host"]
    if not isinstance(host, str) or not _HOST.fullmatch(host):
        raise SufficeError("'host' must be a host's name without scheme and path, like api.example.com")
    allowed = arguments["allowed"]
    if allowed is not None and not isinstance(allowed, bool):
        raise SufficeError(f"'allowed' must be true or false, not '{allowed}'")
    row = {
        "project": arguments["project"],
        "host": host.lower(),
        "allowed": allowed is not False,
        "reason": arguments["reason"] or "",
        "recorded_by": arguments["recorded_by"] or "unknown",
        "recorded_ns": now_ns,
    }
    connection.execute(replay_hosts.insert().values(row))
    return {"host": row["host"], "allowed": row["allowed"]}


def begin_replay(connection: sa.Connection, arguments: Arguments, now_ns: int) -> dict[str, Any]:
    """Whether recorded content of a task may go to a host, and why. Raises SufficeError where it may not."""
    host, project = str(arguments["host"]).lower(), arguments["project"]
    if is_loopback(host):
        return {"host": host, "because": "loopback"}
    used = (
        sa.select(calls.c.call_id)
        .join(assignments, sa.and_(assignments.c.call_id == calls.c.call_id, assignments.c.project == calls.c.project))
        .where(
            calls.c.project == project,
            assignments.c.task_id == arguments["task_id"],
            sa.func.lower(calls.c.server_address) == host,
        )
        .limit(1)
    )
    if connection.execute(used).first() is not None:
        return {"host": host, "because": "the task's own calls went there"}
    listed = latest(replay_hosts, ("host",), project)
    if connection.execute(sa.select(listed.c.host).where(listed.c.host == host, listed.c.allowed)).first() is not None:
        return {"host": host, "because": "allow-list"}
    raise SufficeError(
        f"recorded content may not be sent to {host}: it is not this machine and the task never used it. "
        f"Allow it with 'suffice replay --allow-host {host}' (it leaves a line in the audit log)"
    )
