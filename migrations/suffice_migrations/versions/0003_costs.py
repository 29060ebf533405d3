"""Who a call belongs to, what its sender says it cost, further prices, and what costs are compared with.

Revision ID: 0003
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from suffice_migrations.types import add_column

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

Usd = sa.Numeric(38, 12)
UsdPerMtok = sa.Numeric(18, 6)

ADDED: tuple[tuple[str, str, Any], ...] = (
    ("calls", "team", sa.String()),
    ("calls", "owner", sa.String()),
    ("calls", "cost_centre", sa.String()),
    ("calls", "stated_usd", Usd),
    ("prices", "audio_input_usd_per_mtok", UsdPerMtok),
    ("prices", "audio_output_usd_per_mtok", UsdPerMtok),
    ("prices", "reasoning_usd_per_mtok", UsdPerMtok),
    ("prices", "origin", sa.String()),
)
TABLES = ("contracts", "service_owners", "invoices")


def upgrade() -> None:
    """Columns that are null in every older row, and three tables whose latest rows count."""
    for table, name, kind in ADDED:
        add_column(op, table, sa.Column(name, kind))
    op.create_table(
        "contracts",
        sa.Column("project", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("provider", sa.String(), nullable=False),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("discount", sa.Numeric(9, 6), nullable=False),
        sa.Column("commitment_usd", Usd),
        sa.Column("credits_usd", Usd),
        sa.Column("valid_from_day", sa.Integer(), nullable=False),
        sa.Column("valid_to_day", sa.Integer()),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("recorded_ns", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "service_owners",
        sa.Column("project", sa.String(), nullable=False),
        sa.Column("service", sa.String(), nullable=False),
        sa.Column("environment", sa.String()),
        sa.Column("team", sa.String()),
        sa.Column("owner", sa.String()),
        sa.Column("cost_centre", sa.String()),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("recorded_ns", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "invoices",
        sa.Column("project", sa.String(), nullable=False),
        sa.Column("provider", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("requests", sa.BigInteger()),
        sa.Column("input_tokens", sa.BigInteger()),
        sa.Column("output_tokens", sa.BigInteger()),
        sa.Column("cache_read_tokens", sa.BigInteger()),
        sa.Column("usd", Usd),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("recorded_ns", sa.BigInteger(), nullable=False),
    )


def downgrade() -> None:
    """Drop them."""
    for name in TABLES:
        op.drop_table(name)
    for table, name, _ in ADDED:
        op.drop_column(table, name)
