"""What stands beside the money of savings: caught answers, what is spent once, when it is back, details.

Revision ID: 0005
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from suffice_migrations.types import add_column

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_NUMBERS = (
    "answers",
    "caught_low",
    "caught",
    "caught_high",
    "one_off_usd",
    "payback_days_low",
    "payback_days",
    "payback_days_high",
)


def upgrade() -> None:
    """Columns that are null in every older row."""
    for name in _NUMBERS:
        add_column(op, "savings", sa.Column(name, sa.Double()))
    add_column(op, "savings", sa.Column("details", sa.String()))


def downgrade() -> None:
    """Drop them."""
    for name in (*_NUMBERS, "details"):
        op.drop_column("savings", name)
