"""Who may do what (API keys, people), and how long a project's calls are kept.

Revision ID: 0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TABLES = ("api_keys", "members", "retention")


def upgrade() -> None:
    """Three small tables whose latest row wins."""
    op.create_table(
        "api_keys",
        sa.Column("project", sa.String(), nullable=False),
        sa.Column("key_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("secret_hash", sa.String(), nullable=False),
        sa.Column("scopes", sa.String(), nullable=False),
        sa.Column("role", sa.String()),
        sa.Column("requests_per_minute", sa.BigInteger()),
        sa.Column("bytes_per_minute", sa.BigInteger()),
        sa.Column("max_body_bytes", sa.BigInteger()),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("recorded_by", sa.String(), nullable=False),
        sa.Column("recorded_ns", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "members",
        sa.Column("project", sa.String(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("role", sa.String()),
        sa.Column("recorded_by", sa.String(), nullable=False),
        sa.Column("recorded_ns", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "retention",
        sa.Column("project", sa.String(), nullable=False),
        sa.Column("max_age_days", sa.BigInteger()),
        sa.Column("max_bytes", sa.BigInteger()),
        sa.Column("recorded_by", sa.String(), nullable=False),
        sa.Column("recorded_ns", sa.BigInteger(), nullable=False),
    )


def downgrade() -> None:
    """Drop them."""
    for name in TABLES:
        op.drop_table(name)
