"""An import's telling of a call that was also recorded, or imported from elsewhere: found by the provider's response id.

The collector's own rules look at what came lately; an export may be months old. Two tellings are one call when they
have the same response id, come from different senders, state no different token counts, and overlap in time (where
both know it). What was recorded counts before what was imported, an export with the answer before one without.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from suffice_store.reads.sources import latest
from suffice_store.tables import calls, duplicates

SLACK_NS = 2_000_000_000  # two clocks, or a clock that shows whole seconds
RULE = "response_id"


def match_imports(connection: sa.Connection, arguments: Mapping[str, Any], now_ns: int) -> dict[str, Any]:
    """Mark every imported call that another one tells already. Again, it marks nothing more."""
    project = str(arguments["project"])
    matched = _matched(project).subquery("matched")
    rows = sa.select(
        sa.literal(project).label("project"),
        matched.c.call_id,
        matched.c.duplicate_of,
        sa.literal(RULE).label("rule"),
        sa.literal(now_ns, sa.BigInteger).label("recorded_ns"),
    )
    found = connection.execute(sa.select(sa.func.count()).select_from(matched)).scalar() or 0
    if found:
        names = ["project", "call_id", "duplicate_of", "rule", "recorded_ns"]
        connection.execute(duplicates.insert().from_select(names, rows))
    return {"marked": int(found)}


def _matched(project: str) -> sa.Select[Any]:
    marks = latest(duplicates, ("call_id",), project)
    imported = sa.select(calls.c.response_id).where(
        calls.c.project == project, calls.c.source == "import", calls.c.response_id.is_not(None)
    )
    rank = (
        sa.case((calls.c.source == "otlp", 4), else_=0)
        + sa.case((calls.c.chain_after.is_not(None), 2), else_=0)
        + sa.case((calls.c.input_tokens.is_not(None), 1), else_=0)
    )
    told = (
        sa.select(
            calls.c.call_id, calls.c.response_id, calls.c.source, calls.c.dialect, calls.c.started_ns,
            sa.func.coalesce(calls.c.ended_ns, calls.c.started_ns).label("ended_ns"),
            sa.case((calls.c.usage_source == "reported", calls.c.input_tokens)).label("tokens"),
            rank.label("rank"),
        )
        .where(
            calls.c.project == project,
            calls.c.response_id.in_(imported),
            calls.c.call_id.not_in(sa.select(marks.c.call_id).where(marks.c.duplicate_of.is_not(None))),
        )
        .cte("told")
    )  # fmt: skip
    kept, dropped = told.alias("kept"), told.alias("dropped")
    better = sa.or_(
        kept.c.rank > dropped.c.rank, sa.and_(kept.c.rank == dropped.c.rank, kept.c.call_id < dropped.c.call_id)
    )
    overlap = sa.and_(
        kept.c.started_ns <= dropped.c.ended_ns + SLACK_NS, dropped.c.started_ns <= kept.c.ended_ns + SLACK_NS
    )
    no_time = sa.or_(kept.c.started_ns.is_(None), dropped.c.started_ns.is_(None))
    same_tokens = sa.or_(kept.c.tokens.is_(None), dropped.c.tokens.is_(None), kept.c.tokens == dropped.c.tokens)
    place = sa.func.row_number().over(partition_by=[dropped.c.call_id], order_by=[kept.c.rank.desc(), kept.c.call_id])
    pairs = (
        sa.select(dropped.c.call_id, kept.c.call_id.label("duplicate_of"), place.label("place"))
        .select_from(dropped.join(kept, kept.c.response_id == dropped.c.response_id))
        .where(
            dropped.c.source == "import", kept.c.dialect != dropped.c.dialect, better, same_tokens,
            sa.or_(overlap, no_time),
        )
        .subquery("pairs")
    )  # fmt: skip
    return sa.select(pairs.c.call_id, pairs.c.duplicate_of).where(pairs.c.place == 1)
