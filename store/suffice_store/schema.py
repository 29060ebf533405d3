"""What the modules of tables share."""

from __future__ import annotations

import sqlalchemy as sa

metadata = sa.MetaData()

Usd = sa.Numeric(38, 12)  # an amount of money: exact, the sum of tokens x price


def project() -> sa.Column[str]:
    """The first column of every table."""
    return sa.Column("project", sa.String, nullable=False)
