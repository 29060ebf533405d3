"""Who a call belongs to, by its resource's attributes, and what its sender says it cost. No convention names these."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from suffice_collector.dialects import fields
from suffice_collector.otlp import Resource

TEAM = ("team", "team.name", "service.team", "suffice.team")
OWNER = ("owner", "service.owner", "suffice.owner")
COST_CENTRE = ("cost_center", "cost_centre", "cost.center", "service.cost_center", "suffice.cost_centre")
# USD of one call, as instrumentations and proxies put it on spans.
STATED_USD = ("gen_ai.usage.cost", "gen_ai.cost.total_cost", "llm.usage.total_cost", "llm.cost.total", "operation.cost")
MAX_USD = 1_000_000


def owners(resource: Resource) -> dict[str, str | None]:
    """The fields team, owner and cost_centre of a CallRecord."""
    a = resource.attributes
    return {
        "team": fields.text(a, *TEAM),
        "owner": fields.text(a, *OWNER),
        "cost_centre": fields.text(a, *COST_CENTRE),
    }


def stated_usd(attributes: Mapping[str, Any]) -> Decimal | None:
    """The amount with 12 decimals; None where none is said, or none that one call can cost."""
    stated = fields.number(attributes, *STATED_USD)
    if stated is None or not 0 <= stated <= MAX_USD:
        return None
    return Decimal(repr(stated)).quantize(Decimal("1e-12"))
