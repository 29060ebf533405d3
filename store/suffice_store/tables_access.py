"""The tables of who may do what, and of how long calls are kept. Small; the latest row wins."""

from __future__ import annotations

import sqlalchemy as sa

from suffice_store.schema import metadata
from suffice_store.schema import project as _project

api_keys = sa.Table(  # the latest row of a key wins; the secret itself is stored nowhere
    "api_keys",
    metadata,
    _project(),  # "*" = every project
    sa.Column("key_id", sa.String, nullable=False),
    sa.Column("name", sa.String, nullable=False),
    sa.Column("secret_hash", sa.String, nullable=False),  # SHA-256, hex
    sa.Column("scopes", sa.String, nullable=False),  # of ingest, read, admin, with commas
    sa.Column("role", sa.String),  # reader, analyst, auditor, admin: what its reads show; null = it reads nothing
    sa.Column("requests_per_minute", sa.BigInteger),  # null = no limit
    sa.Column("bytes_per_minute", sa.BigInteger),
    sa.Column("max_body_bytes", sa.BigInteger),
    sa.Column("active", sa.Boolean, nullable=False),  # false = revoked
    sa.Column("recorded_by", sa.String, nullable=False),
    sa.Column("recorded_ns", sa.BigInteger, nullable=False),
)

members = sa.Table(  # people who log in at the dashboard; the latest row wins
    "members",
    metadata,
    _project(),
    sa.Column("email", sa.String, nullable=False),  # in lower case
    sa.Column("role", sa.String),  # null = none any more
    sa.Column("recorded_by", sa.String, nullable=False),
    sa.Column("recorded_ns", sa.BigInteger, nullable=False),
)

retention = sa.Table(  # how long, and how much of it, a project's calls are kept; the latest row wins
    "retention",
    metadata,
    _project(),
    sa.Column("max_age_days", sa.BigInteger),  # null = for ever
    sa.Column("max_bytes", sa.BigInteger),  # on disk; null = however many
    sa.Column("recorded_by", sa.String, nullable=False),
    sa.Column("recorded_ns", sa.BigInteger, nullable=False),
)
