"""What an analysis says of tasks beside themselves: their slices, and what became of the tasks of the analysis before."""

from __future__ import annotations

import sqlalchemy as sa

from suffice_store.schema import Usd, metadata
from suffice_store.schema import project as _project

slices = sa.Table(  # splits of a task that are visible in the request
    "slices",
    metadata,
    _project(),
    sa.Column("analysis_id", sa.String, nullable=False),
    sa.Column("task_id", sa.String, nullable=False),
    sa.Column("slice_id", sa.String, nullable=False),  # made of the task's id and the conditions
    sa.Column("name", sa.String, nullable=False),  # its conditions in words
    sa.Column("conditions", sa.String, nullable=False),  # JSON list: {"feature", "is"} or {"feature", "from", "below"}
    sa.Column("calls", sa.BigInteger, nullable=False),
    sa.Column("share", sa.Double, nullable=False),  # of the task's calls
    sa.Column("action", sa.String),  # the commonest in the half that did not choose the split
    sa.Column("action_share", sa.Double),  # there
    sa.Column("action_low", sa.Double),  # 90 % interval, Wilson
    sa.Column("action_high", sa.Double),
    sa.Column("n", sa.BigInteger, nullable=False),  # calls of that half in it
    sa.Column(
        "chosen_by", sa.String
    ),  # what the calls differ in: "action", or "replay": whether a replayed answer passed
    sa.Column("kind", sa.String),  # from here on null where nothing can be said of its task
    sa.Column("verdict", sa.String),  # as of a task
    sa.Column("verdict_reason", sa.String),
    sa.Column("candidate", sa.String),
    sa.Column("mode", sa.String),
    sa.Column("replaceability", sa.Double),  # null under 100 calls; the interval is kept
    sa.Column("replaceability_low", sa.Double),  # 90 % interval
    sa.Column("replaceability_high", sa.Double),
    sa.Column("grade", sa.String),
    sa.Column("evidence_n", sa.BigInteger),  # observations the interval rests on
    sa.Column("proven", sa.Boolean),
    sa.Column("evidence", sa.String),  # JSON list: what it rests on, as rows of ``evidence``
    sa.Column("counted_apart", sa.Boolean),  # whether the totals count its task by its slices
    sa.Column("paid_usd", Usd),  # observed
    sa.Column("basis", sa.String),  # as of ``savings``
    sa.Column("basis_usd", sa.Double),  # what it costs per basis
    sa.Column("alternative", sa.String),  # the one to name first; null where none pays or under 100 calls
    sa.Column("model", sa.String),
    sa.Column("saving_usd", sa.Double),
    sa.Column("saving_low_usd", sa.Double),
    sa.Column("saving_high_usd", sa.Double),
    sa.Column("extra_wrong", sa.Double),  # silent ones, per basis
    sa.Column("extra_wrong_low", sa.Double),
    sa.Column("extra_wrong_high", sa.Double),
)

task_changes = sa.Table(  # against the analysis before
    "task_changes",
    metadata,
    _project(),
    sa.Column("analysis_id", sa.String, nullable=False),
    sa.Column("change", sa.String, nullable=False),  # appeared, vanished, split, merged
    sa.Column("task_id", sa.String, nullable=False),
    sa.Column("other_ids", sa.String, nullable=False),  # JSON list: the parts of a split, the tasks that were merged
    sa.Column("calls", sa.BigInteger, nullable=False),  # that it is about
    sa.Column("sentence", sa.String, nullable=False),
)

TASK_TABLES = ("slices", "task_changes")
