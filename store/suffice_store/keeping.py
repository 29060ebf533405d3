"""How long, and how much of it, a project's calls are kept: the policy, and the day before which calls go."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from suffice.errors import SufficeError
from suffice_store.tables_access import retention

SET_RETENTION = ("max_age_days", "max_bytes", "recorded_by")
NS_PER_DAY = 86_400 * 10**9
MAX_DAYS = 36_500

Arguments = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Policy:
    """What a project may keep; None is no limit."""

    project: str
    max_age_days: int | None
    max_bytes: int | None


def set_retention(connection: sa.Connection, arguments: Arguments, now_ns: int) -> dict[str, Any]:
    """The project's policy from now on; both null keeps everything."""
    row = {
        "project": arguments["project"],
        "max_age_days": _whole("max_age_days", arguments["max_age_days"], MAX_DAYS),
        "max_bytes": _whole("max_bytes", arguments["max_bytes"], 2**53),
    }
    noted = {"recorded_by": arguments["recorded_by"] or "unknown", "recorded_ns": now_ns}
    connection.execute(retention.insert().values({**row, **noted}))
    return row


def read_policies(connection: sa.Connection) -> list[Policy]:
    """The policies that limit something."""
    rows = connection.execute(sa.select(retention).order_by(retention.c.recorded_ns))
    latest = {row.project: Policy(row.project, row.max_age_days, row.max_bytes) for row in rows}
    return [each for each in latest.values() if each.max_age_days is not None or each.max_bytes is not None]


def cut_ns(policy: Policy, days: Iterable[tuple[int, int]], now_ns: int) -> int | None:
    """Unix nanoseconds before which the project's calls go; None where nothing has to.

    ``days`` are (day since 1970, bytes of that day's calls). Whole days go, so that a file is not rewritten all the
    time for a few calls; the limit of bytes never takes today's.
    """
    today = now_ns // NS_PER_DAY
    stored = sorted(days, reverse=True)
    first_kept = 0
    if policy.max_age_days is not None:
        first_kept = today - policy.max_age_days
    if policy.max_bytes is not None:
        kept = 0
        for day, size in stored:
            kept += size
            if kept > policy.max_bytes and day < today:
                first_kept = max(first_kept, day + 1)
                break
    return first_kept * NS_PER_DAY if any(0 < day < first_kept for day, _ in stored) else None


def _whole(name: str, value: Any, most: int) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
        raise SufficeError(f"'{name}' must be a whole number from 1 to {most:,}, or null for no limit")
    return value
