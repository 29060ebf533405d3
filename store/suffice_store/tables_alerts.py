"""The tables of alerts: each that was raised, once; and what became of sending it, the latest row of each channel."""

from __future__ import annotations

import sqlalchemy as sa

from suffice_store.schema import metadata
from suffice_store.schema import project as _project

alerts = sa.Table(
    "alerts",
    metadata,
    _project(),  # "" = about the collector itself
    sa.Column("alert_id", sa.String, nullable=False),  # a hash of project, kind and what happened: raised once
    sa.Column("kind", sa.String, nullable=False),  # see suffice_store.alerts.KINDS
    sa.Column("subject", sa.String, nullable=False),  # a task's id, a day; "" = none
    sa.Column("title", sa.String, nullable=False),
    sa.Column("sentence", sa.String, nullable=False),
    sa.Column("details", sa.String, nullable=False),  # JSON: the figures of the sentence
    sa.Column("recorded_ns", sa.BigInteger, nullable=False),
)

alert_deliveries = sa.Table(
    "alert_deliveries",
    metadata,
    _project(),
    sa.Column("alert_id", sa.String, nullable=False),
    sa.Column("channel", sa.String, nullable=False),  # its name in the file of alerts
    sa.Column("state", sa.String, nullable=False),  # sent, failed (it is tried again), given_up
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("reason", sa.String, nullable=False),  # why it failed; "" = it was sent
    sa.Column("recorded_ns", sa.BigInteger, nullable=False),
)
