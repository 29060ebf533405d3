"""Who a call belongs to, by its resource's attributes, and what its sender says it cost. No convention names these."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from suffice_collector.dialects import fields

TEAM = ("team", "team.name", "service.team", "suffice.team")
OWNER = ("owner", "service.owner", "suffice.owner")
COST_CENTRE = ("cost_center", "cost_centre", "cost.center", "service.cost_center", "suffice.cost_centre")
# USD of one call, as instrumentations and proxies put it on spans.
STATED_USD = ("gen_ai.usage.cost", "gen_ai.cost.total_cost", "llm.usage.total_cost", "llm.cost.total", "operation.cost")
MAX_USD = 1_000_000


def stated_usd(attributes: Mapping[str, Any]) -> Decimal | None:
    """The amount with 12 decimals; None where none is said, or none that one call can cost."""
    if attributes.keys().isdisjoint(STATED_USD):  # as nearly always
        return None
    stated = fields.number(attributes, *STATED_USD)
    if stated is None or not 0 <= stated <= MAX_USD:
        return None
    return Decimal(repr(stated)).quantize(Decimal("1e-12"))
