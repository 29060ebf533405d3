"""What is said of slices: an interval with its grade, a verdict, a saving.

Revision ID: 0008
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from suffice_migrations.types import add_column

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

ADDED: tuple[tuple[str, sa.types.TypeEngine[Any]], ...] = (
    *((name, sa.String()) for name in ("chosen_by", "kind", "verdict", "verdict_reason", "candidate", "mode")),
    *((name, sa.Double()) for name in ("replaceability", "replaceability_low", "replaceability_high")),
    ("grade", sa.String()),
    ("evidence_n", sa.BigInteger()),
    ("proven", sa.Boolean()),
    ("evidence", sa.String()),
    ("counted_apart", sa.Boolean()),
    ("paid_usd", sa.Numeric(38, 12)),
    ("basis", sa.String()),
    ("basis_usd", sa.Double()),
    *((name, sa.String()) for name in ("alternative", "model")),
    *((name, sa.Double()) for name in ("saving_usd", "saving_low_usd", "saving_high_usd")),
    *((name, sa.Double()) for name in ("extra_wrong", "extra_wrong_low", "extra_wrong_high")),
)


def upgrade() -> None:
    """Columns that are null in every older row."""
    for name, kind in ADDED:
        add_column(op, "slices", sa.Column(name, kind))


def downgrade() -> None:
    """Drop them."""
    for name, _ in ADDED:
        op.drop_column("slices", name)
