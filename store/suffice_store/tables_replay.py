"""What replay stores: campaigns, each replayed call with its verdict, the hosts that recorded content may be sent to.

A replayed request and its answer are a call of their own in ``calls`` (environment ``replay``, so that it counts in no total).
Of each campaign, of each call in it and of each host the latest row counts: a call is noted as ``sent`` before it is sent, so
that one that was killed on the way is never paid twice.
"""

from __future__ import annotations

import sqlalchemy as sa

from suffice_store.schema import Usd, metadata
from suffice_store.schema import project as _project

replay_campaigns = sa.Table(
    "replay_campaigns",
    metadata,
    _project(),
    sa.Column("campaign_id", sa.String, nullable=False),
    sa.Column("task_id", sa.String, nullable=False),
    sa.Column("candidate", sa.String, nullable=False),
    sa.Column("variant", sa.String, nullable=False),  # as_is, schema, few_shot:K, history:N, prompt:HASH
    sa.Column("model", sa.String, nullable=False),  # as it is asked for
    sa.Column("wire_format", sa.String, nullable=False),
    sa.Column("host", sa.String, nullable=False),
    sa.Column("design", sa.String, nullable=False),  # fixed (n was set before), sequential
    sa.Column("status", sa.String, nullable=False),  # running, proven, refuted, done, stopped
    sa.Column("reason", sa.String, nullable=False),  # why it stands there, in words
    sa.Column("bar", sa.Double, nullable=False),
    sa.Column("wanted", sa.BigInteger),  # calls; null: until it is settled
    sa.Column("seed", sa.BigInteger, nullable=False),
    sa.Column("template", sa.String, nullable=False),  # of the task when it was begun
    sa.Column("settings", sa.String, nullable=False),  # JSON: the candidate without its key, the budget, the frame
    sa.Column("started_ns", sa.BigInteger, nullable=False),
    sa.Column("recorded_ns", sa.BigInteger, nullable=False),
)

replays = sa.Table(
    "replays",
    metadata,
    _project(),
    sa.Column("campaign_id", sa.String, nullable=False),
    sa.Column("call_id", sa.String, nullable=False),  # the recorded call
    sa.Column("replay_call_id", sa.String),  # the call it became; null while it is on its way
    sa.Column("task_id", sa.String, nullable=False),  # when it was replayed
    sa.Column("candidate", sa.String, nullable=False),
    sa.Column("variant", sa.String, nullable=False),
    sa.Column("position", sa.Integer, nullable=False),  # in the campaign's sample, from 0
    sa.Column("cluster", sa.String, nullable=False),  # its run
    sa.Column("stratum", sa.String, nullable=False),
    sa.Column("response_model", sa.String),  # what answered
    sa.Column("verdict", sa.String, nullable=False),  # sent, pass, fail, unjudged, unavailable
    sa.Column("failure", sa.String),  # wrong, format, refusal, cut, timeout, refused, ...; null = none
    sa.Column("judge", sa.String),
    sa.Column("score", sa.Double),  # 1 = as good as the recorded answer
    sa.Column("remark", sa.String),  # what the judge saw
    sa.Column("masked", sa.Boolean, nullable=False),  # masked text was sent: graded lower
    sa.Column("input_tokens", sa.BigInteger),
    sa.Column("output_tokens", sa.BigInteger),
    sa.Column("cost_usd", Usd),  # null = no price is known
    sa.Column("latency_ms", sa.Double),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("recorded_ns", sa.BigInteger, nullable=False),
)

replay_hosts = sa.Table(  # hosts that recorded content may be sent to, beside loopback and those that had it already
    "replay_hosts",
    metadata,
    _project(),
    sa.Column("host", sa.String, nullable=False),
    sa.Column("allowed", sa.Boolean, nullable=False),
    sa.Column("reason", sa.String, nullable=False),
    sa.Column("recorded_by", sa.String, nullable=False),
    sa.Column("recorded_ns", sa.BigInteger, nullable=False),
)
