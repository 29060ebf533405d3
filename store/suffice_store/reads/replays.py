"""Reads of replay: what may be replayed of a task, the campaigns, what became of each call, what people said of it, who may be asked."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from suffice_store.reads.registry import ANALYSIS, PROJECT, Arguments, Parameter, Read
from suffice_store.reads.sources import assigned, counted, latest
from suffice_store.tables import calls, outcomes
from suffice_store.tables_replay import replay_campaigns, replay_hosts, replays

_CALL_COLUMNS = (
    "call_id", "run_id", "started_ns", "service", "agent_name", "user_id", "server_address", "provider", "wire_format",
    "operation", "request_model", "response_model", "response_format", "parameters", "stream", "input_hashes",
    "output_hashes", "toolset_hash", "input_tokens", "output_tokens", "completeness", "finish_reason", "paid_usd", "action",
)  # fmt: skip
MARK = "as good"  # the label of a mark: whether a replayed answer is as good as the recorded one
_OPTIONAL = (Parameter("task_id"), Parameter("candidate"), Parameter("campaign_id"))


def _replay_calls(arguments: Arguments) -> sa.Select[Any]:
    names = [name for name in _CALL_COLUMNS if name not in ("paid_usd", "action")]
    rows = counted({**arguments, "environment": arguments["environment"]}, *(calls.c[name] for name in names))
    task = assigned(arguments)
    joined = rows.join(task, task.c.call_id == rows.c.call_id)
    chosen = [task.c.action if name == "action" else rows.c[name] for name in _CALL_COLUMNS]
    return sa.select(*chosen).select_from(joined).order_by(rows.c.started_ns.nulls_last(), rows.c.call_id)


def _columns(table: sa.Table) -> tuple[str, ...]:
    return tuple(column.name for column in table.c if column.name != "project")


def _narrowed(rows: sa.Subquery, table: sa.Table, arguments: Arguments) -> sa.Select[Any]:
    statement = sa.select(*(rows.c[name] for name in _columns(table)))
    for name in ("task_id", "candidate", "campaign_id", "verdict"):
        if arguments.get(name) is not None:
            statement = statement.where(rows.c[name] == arguments[name])
    return statement


def _replays(arguments: Arguments) -> sa.Select[Any]:
    rows = latest(replays, ("campaign_id", "call_id"), arguments["project"])
    return _narrowed(rows, replays, arguments).order_by(rows.c.campaign_id, rows.c.position, rows.c.call_id)


def _campaigns(arguments: Arguments) -> sa.Select[Any]:
    rows = latest(replay_campaigns, ("campaign_id",), arguments["project"])
    return _narrowed(rows, replay_campaigns, arguments).order_by(rows.c.started_ns.desc(), rows.c.campaign_id)


def _marks(arguments: Arguments) -> sa.Select[Any]:
    """What a person said last of each replayed answer. Outcomes with another label say whether it is correct: another figure."""
    said = latest(outcomes, ("target", "target_id", "label"), arguments["project"])
    asked = latest(replays, ("campaign_id", "call_id"), arguments["project"])
    joined = asked.join(said, sa.and_(said.c.target == "call", said.c.target_id == asked.c.replay_call_id))
    statement = sa.select(
        asked.c.replay_call_id, asked.c.verdict, asked.c.judge, said.c.ok, said.c.source, said.c.recorded_ns
    )
    return (
        statement.select_from(joined)
        .where(said.c.label == MARK, said.c.ok.is_not(None))
        .order_by(asked.c.replay_call_id)
    )


def _outcome_pairs(arguments: Arguments) -> sa.Select[Any]:
    """Whether the recorded and the replayed answer of a call are right, by the same label; people's marks are another figure."""
    said = latest(outcomes, ("target", "target_id", "label"), arguments["project"])
    asked = latest(replays, ("campaign_id", "call_id"), arguments["project"])
    campaigns = latest(replay_campaigns, ("campaign_id",), arguments["project"])
    recorded, replayed = (said.alias(name) for name in ("recorded_outcome", "replayed_outcome"))
    label = sa.func.coalesce(replayed.c.label, "")
    joined = (
        asked.join(replayed, sa.and_(replayed.c.target == "call", replayed.c.target_id == asked.c.replay_call_id))
        .join(recorded, sa.and_(recorded.c.target == "call", recorded.c.target_id == asked.c.call_id))
        .join(campaigns, campaigns.c.campaign_id == asked.c.campaign_id)
    )
    return (
        sa.select(
            asked.c.call_id,
            asked.c.campaign_id,
            asked.c.candidate,
            asked.c.variant,
            asked.c.cluster,
            campaigns.c.design,
            label.label("label"),
            recorded.c.ok.label("recorded_ok"),
            replayed.c.ok.label("replayed_ok"),
        )
        .select_from(joined)
        .where(label == sa.func.coalesce(recorded.c.label, ""), label != MARK)
        .where(recorded.c.ok.is_not(None), replayed.c.ok.is_not(None))
        .order_by(asked.c.recorded_ns, asked.c.campaign_id, asked.c.call_id)
    )


def _hosts(arguments: Arguments) -> sa.Select[Any]:
    rows = latest(replay_hosts, ("host",), arguments["project"])
    return sa.select(*(rows.c[name] for name in _columns(replay_hosts))).where(rows.c.allowed).order_by(rows.c.host)


READS = (
    Read(
        "replay_calls",
        (PROJECT, Parameter("task_id", required=True), ANALYSIS, Parameter("environment", default="production")),
        _CALL_COLUMNS,
        _replay_calls,
    ),
    Read("replays", (PROJECT, *_OPTIONAL, Parameter("verdict")), _columns(replays), _replays),
    Read("replay_campaigns", (PROJECT, *_OPTIONAL), _columns(replay_campaigns), _campaigns),
    Read("replay_marks", (PROJECT,), ("replay_call_id", "verdict", "judge", "ok", "source", "recorded_ns"), _marks),
    Read(
        "replay_outcomes",
        (PROJECT,),
        ("call_id", "campaign_id", "candidate", "variant", "cluster", "design", "label", "recorded_ok", "replayed_ok"),
        _outcome_pairs,
    ),
    Read("replay_hosts", (PROJECT,), _columns(replay_hosts), _hosts),
)
