"""Who a call belongs to, from the words that resources use, and the cost its sender states."""

from __future__ import annotations

from decimal import Decimal

import pytest

from suffice_collector.dialects.ownership import owners, stated_usd
from suffice_collector.otlp import Resource


def test_nothing_said_is_nothing_known() -> None:
    assert owners(Resource({})) == {"team": None, "owner": None, "cost_centre": None}


@pytest.mark.parametrize("team", ["team", "team.name", "service.team", "suffice.team"])
@pytest.mark.parametrize("cost_centre", ["cost_center", "cost_centre", "cost.center", "suffice.cost_centre"])
def test_each_spelling_is_read(team: str, cost_centre: str) -> None:
    resource = Resource({team: "search", "service.owner": "ada", cost_centre: "CC-7"})
    assert owners(resource) == {"team": "search", "owner": "ada", "cost_centre": "CC-7"}


@pytest.mark.parametrize(
    ("attributes", "usd"),
    [
        ({}, None),
        ({"gen_ai.usage.cost": 0.00125}, Decimal("0.001250000000")),
        ({"llm.usage.total_cost": 0}, Decimal("0E-12")),
        ({"gen_ai.usage.cost": -1}, None),
        ({"gen_ai.usage.cost": 2_000_000}, None),
        ({"gen_ai.usage.cost": float("nan")}, None),
        ({"gen_ai.usage.cost": "free"}, None),
    ],
)
def test_the_stated_cost_is_an_amount_or_unknown(attributes: dict[str, object], usd: Decimal | None) -> None:
    assert stated_usd(attributes) == usd
