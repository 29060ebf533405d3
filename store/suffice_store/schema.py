"""What the modules of tables share."""

from __future__ import annotations

import sqlalchemy as sa

metadata = sa.MetaData()


def project() -> sa.Column[str]:
    """The first column of every table."""
    return sa.Column("project", sa.String, nullable=False)
