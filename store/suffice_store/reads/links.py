"""Which call a call follows: the one whose answer is the last one in its history.

Among calls with the same history (a retry, two equal conversations) it is the last one before this call within its run,
else within the project. For all calls a statement finds it; for a page of them planning that statement would take longer
than everything else, so that their few candidates are looked up and compared here. A test holds both together.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import pyarrow as pa
import sqlalchemy as sa

from suffice_store.reads.functions import in_parts
from suffice_store.reads.registry import PROJECT, Arguments, Read
from suffice_store.reads.sources import filters
from suffice_store.tables import calls

COLUMNS = (calls.c.chain_before, calls.c.chain_after)  # what ``find_previous`` needs beside run, time and id

_at = sa.func.coalesce(calls.c.started_ns, 0).label("at")
_run = sa.func.coalesce(calls.c.run_id, "").label("run")
_Answer = tuple[str, int, str]  # run, at, call_id


def _links(arguments: Arguments) -> sa.Select[Any]:
    """Each call with history, and the call before it.

    A running maximum finds it, so that a thousand equal conversations cost a sort and not a million pairs.
    """
    chosen = filters({"project": arguments["project"]})
    asking = [*chosen, calls.c.chain_before.is_not(None)]
    asked = sa.select(calls.c.chain_before.label("chain"), _run, _at, calls.c.call_id).where(*asking).subquery("asked")
    answered = (
        sa.select(calls.c.chain_after.label("chain"), _run, _at, sa.func.min(calls.c.call_id).label("call_id"))
        .where(*chosen, calls.c.chain_after.in_(sa.select(calls.c.chain_before).where(*asking)))
        .group_by(calls.c.chain_after, _run, _at)
        .subquery("answered")
    )
    events = sa.union_all(
        sa.select(answered.c.chain, answered.c.run, answered.c.at, answered.c.call_id, sa.literal(0).label("asks")),
        sa.select(asked.c.chain, asked.c.run, asked.c.at, asked.c.call_id, sa.literal(1)),
    ).subquery("events")
    answer_at = sa.case((events.c.asks == 0, events.c.at))
    order = [events.c.at, events.c.asks]

    def last_answer(*within: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
        return sa.func.max(answer_at).over(partition_by=list(within), order_by=order, rows=(None, 0))

    placed = sa.select(
        events,
        last_answer(events.c.chain, events.c.run).label("run_at"),
        last_answer(events.c.chain).label("any_at"),
    ).subquery("placed")
    one_of_all = (
        sa.select(answered.c.chain, answered.c.at, sa.func.min(answered.c.call_id).label("call_id"))
        .group_by(answered.c.chain, answered.c.at)
        .subquery("one_of_all")
    )
    same_run = answered.alias("same_run")
    previous = sa.func.coalesce(same_run.c.call_id, one_of_all.c.call_id)
    return (
        sa.select(placed.c.call_id, previous.label("previous_call_id"))
        .select_from(
            placed.outerjoin(
                same_run,
                sa.and_(
                    same_run.c.chain == placed.c.chain,
                    same_run.c.run == placed.c.run,
                    same_run.c.at == placed.c.run_at,
                ),
            ).outerjoin(one_of_all, sa.and_(one_of_all.c.chain == placed.c.chain, one_of_all.c.at == placed.c.any_at))
        )
        .where(placed.c.asks == 1, previous.is_not(None))
        .order_by(placed.c.call_id)
    )


def find_previous(
    connection: sa.Connection, arguments: Arguments, rows: pa.Table, *, whole_run: bool = False
) -> pa.Array:
    """The call before each of ``rows``. ``whole_run``: they are every call of one run that counts."""
    asked = rows.select(["chain_before", "run_id", "started_ns"]).to_pylist()
    answers = _of_rows(rows) if whole_run else {}
    found = [_last(answers, row, same_run=True) for row in asked]
    elsewhere = {row["chain_before"] for row, known in zip(asked, found, strict=True) if known is None} - {None}
    if elsewhere:
        answers = _of_all(connection, arguments["project"], elsewhere)
        found = [known or _last(answers, row) for row, known in zip(asked, found, strict=True)]
    return pa.array(found, pa.string())


def _of_rows(rows: pa.Table) -> dict[str, list[_Answer]]:
    answers: dict[str, list[_Answer]] = defaultdict(list)
    for row in rows.select(["chain_after", "run_id", "started_ns", "call_id"]).to_pylist():
        if row["run_id"]:  # calls without a run count as of one: the rows with "" are not all of them
            answers[row["chain_after"]].append((row["run_id"], row["started_ns"] or 0, row["call_id"]))
    return answers


def _of_all(connection: sa.Connection, project: str, chains: Iterable[str]) -> dict[str, list[_Answer]]:
    """The calls of the project that count and answered with one of these."""
    answers: dict[str, list[_Answer]] = defaultdict(list)
    for part in in_parts(chains):
        chosen = (*filters({"project": project}), calls.c.chain_after.in_(part))
        statement = sa.select(calls.c.chain_after, _run, _at, sa.func.min(calls.c.call_id)).where(*chosen)
        for chain, run, at, call_id in connection.execute(statement.group_by(calls.c.chain_after, _run, _at)):
            answers[chain].append((run, at, call_id))
    return answers


def _last(answers: dict[str, list[_Answer]], asked: dict[str, Any], *, same_run: bool = False) -> str | None:
    """The last answer before the call: of its run, else (but for ``same_run``) of any. The least id of those at once."""
    run, at = asked["run_id"] or "", asked["started_ns"] or 0
    before = [each for each in answers.get(asked["chain_before"] or "", ()) if each[1] <= at]
    among = [each for each in before if each[0] == run] or ([] if same_run else before)
    last = max((when for _, when, _ in among), default=0)
    return min((call_id for _, when, call_id in among if when == last), default=None)


READS = (Read("links", (PROJECT,), ("call_id", "previous_call_id"), _links),)
