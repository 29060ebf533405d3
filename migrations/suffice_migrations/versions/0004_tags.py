"""The tags that an app gives its calls.

Revision ID: 0004
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from suffice_migrations.types import add_column

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """A column that is null in every older row."""
    add_column(op, "calls", sa.Column("tags", sa.String()))


def downgrade() -> None:
    """Drop it."""
    op.drop_column("calls", "tags")
