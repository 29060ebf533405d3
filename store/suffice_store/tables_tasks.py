"""What an analysis says of tasks beside themselves: their slices, and what became of the tasks of the analysis before."""

from __future__ import annotations

import sqlalchemy as sa

from suffice_store.schema import metadata
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
