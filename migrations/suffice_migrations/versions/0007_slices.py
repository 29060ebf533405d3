"""Slices of tasks, what became of earlier tasks, and whether each call talks to a human.

Revision ID: 0007
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from suffice_migrations.types import add_column

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

ADDED = (
    ("assignments", "slice_id", sa.String()),
    ("assignments", "hci", sa.String()),
    ("assignments", "hci_rule", sa.String()),
    ("tasks", "hci_yes_calls", sa.BigInteger()),
    ("tasks", "hci_no_calls", sa.BigInteger()),
)
TABLES = ("slices", "task_changes")


def upgrade() -> None:
    """Columns that are null in every older row, and two tables."""
    for table, name, kind in ADDED:
        add_column(op, table, sa.Column(name, kind))
    op.create_table(
        "slices",
        sa.Column("project", sa.String(), nullable=False),
        sa.Column("analysis_id", sa.String(), nullable=False),
        sa.Column("task_id", sa.String(), nullable=False),
        sa.Column("slice_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("conditions", sa.String(), nullable=False),
        sa.Column("calls", sa.BigInteger(), nullable=False),
        sa.Column("share", sa.Double(), nullable=False),
        sa.Column("action", sa.String()),
        sa.Column("action_share", sa.Double()),
        sa.Column("action_low", sa.Double()),
        sa.Column("action_high", sa.Double()),
        sa.Column("n", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "task_changes",
        sa.Column("project", sa.String(), nullable=False),
        sa.Column("analysis_id", sa.String(), nullable=False),
        sa.Column("change", sa.String(), nullable=False),
        sa.Column("task_id", sa.String(), nullable=False),
        sa.Column("other_ids", sa.String(), nullable=False),
        sa.Column("calls", sa.BigInteger(), nullable=False),
        sa.Column("sentence", sa.String(), nullable=False),
    )


def downgrade() -> None:
    """Drop them."""
    for name in TABLES:
        op.drop_table(name)
    for table, name, _ in ADDED:
        op.drop_column(table, name)
