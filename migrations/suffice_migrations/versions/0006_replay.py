"""Replay: campaigns, replayed calls, and the hosts that recorded content may be sent to.

Revision ID: 0006
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from suffice_migrations.types import CompressedText

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

TABLES = ("replay_campaigns", "replays", "replay_hosts")


def upgrade() -> None:
    """Three tables whose latest rows count."""
    op.create_table(
        "replay_campaigns",
        sa.Column("project", sa.String(), nullable=False),
        sa.Column("campaign_id", sa.String(), nullable=False),
        sa.Column("task_id", sa.String(), nullable=False),
        sa.Column("candidate", sa.String(), nullable=False),
        sa.Column("variant", sa.String(), nullable=False),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("wire_format", sa.String(), nullable=False),
        sa.Column("host", sa.String(), nullable=False),
        sa.Column("design", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("bar", sa.Double(), nullable=False),
        sa.Column("wanted", sa.BigInteger()),
        sa.Column("seed", sa.BigInteger(), nullable=False),
        sa.Column("template", CompressedText(), nullable=False),
        sa.Column("settings", CompressedText(), nullable=False),
        sa.Column("started_ns", sa.BigInteger(), nullable=False),
        sa.Column("recorded_ns", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "replays",
        sa.Column("project", sa.String(), nullable=False),
        sa.Column("campaign_id", sa.String(), nullable=False),
        sa.Column("call_id", sa.String(), nullable=False),
        sa.Column("replay_call_id", sa.String()),
        sa.Column("task_id", sa.String(), nullable=False),
        sa.Column("candidate", sa.String(), nullable=False),
        sa.Column("variant", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("cluster", sa.String(), nullable=False),
        sa.Column("stratum", sa.String(), nullable=False),
        sa.Column("response_model", sa.String()),
        sa.Column("verdict", sa.String(), nullable=False),
        sa.Column("failure", sa.String()),
        sa.Column("judge", sa.String()),
        sa.Column("score", sa.Double()),
        sa.Column("remark", CompressedText()),
        sa.Column("masked", sa.Boolean(), nullable=False),
        sa.Column("input_tokens", sa.BigInteger()),
        sa.Column("output_tokens", sa.BigInteger()),
        sa.Column("cost_usd", sa.Numeric(38, 12)),
        sa.Column("latency_ms", sa.Double()),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("recorded_ns", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "replay_hosts",
        sa.Column("project", sa.String(), nullable=False),
        sa.Column("host", sa.String(), nullable=False),
        sa.Column("allowed", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("recorded_by", sa.String(), nullable=False),
        sa.Column("recorded_ns", sa.BigInteger(), nullable=False),
    )


def downgrade() -> None:
    """Drop them."""
    for name in TABLES:
        op.drop_table(name)
