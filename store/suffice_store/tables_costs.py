"""What costs are set against: the user's contracts, who owns a service, the provider's own count. The latest row counts."""

from __future__ import annotations

import sqlalchemy as sa

from suffice_store.schema import Usd, metadata
from suffice_store.schema import project as _project

contracts = sa.Table(  # what the user agreed with a provider; of each name the latest row counts
    "contracts",
    metadata,
    _project(),
    sa.Column("name", sa.String, nullable=False),
    sa.Column("provider", sa.String, nullable=False),
    sa.Column("model", sa.String, nullable=False),  # a name, a prefix ending in *, or "" for every model
    sa.Column("discount", sa.Numeric(9, 6), nullable=False),  # share of the list price: 0.15
    sa.Column("commitment_usd", Usd),  # to be spent between the two days
    sa.Column("credits_usd", Usd),  # given: spent before money is
    sa.Column("valid_from_day", sa.Integer, nullable=False),
    sa.Column("valid_to_day", sa.Integer),  # the last day; null = no end
    sa.Column("active", sa.Boolean, nullable=False),  # false: no longer in the user's file
    sa.Column("source", sa.String, nullable=False),
    sa.Column("recorded_ns", sa.BigInteger, nullable=False),
)

# Who a service belongs to, for services that don't say it themselves; of each service the latest row counts.
service_owners = sa.Table(
    "service_owners",
    metadata,
    _project(),
    sa.Column("service", sa.String, nullable=False),
    sa.Column("environment", sa.String),
    sa.Column("team", sa.String),
    sa.Column("owner", sa.String),
    sa.Column("cost_centre", sa.String),
    sa.Column("source", sa.String, nullable=False),
    sa.Column("recorded_ns", sa.BigInteger, nullable=False),
)

invoices = sa.Table(  # a provider's own count; of each provider, kind, day and model the latest file counts
    "invoices",
    metadata,
    _project(),
    sa.Column("provider", sa.String, nullable=False),
    sa.Column("kind", sa.String, nullable=False),  # usage (tokens) or cost (money)
    sa.Column("day", sa.Integer, nullable=False),  # days since 1970-01-01 UTC
    sa.Column("model", sa.String, nullable=False),  # as the provider writes it; "" = not by model
    sa.Column("requests", sa.BigInteger),
    sa.Column("input_tokens", sa.BigInteger),  # includes cached
    sa.Column("output_tokens", sa.BigInteger),
    sa.Column("cache_read_tokens", sa.BigInteger),
    sa.Column("usd", Usd),
    sa.Column("source", sa.String, nullable=False),  # the file's name
    sa.Column("recorded_ns", sa.BigInteger, nullable=False),
)
