"""Who a call belongs to, from the words that resources use, and the cost its sender states."""

from __future__ import annotations

from decimal import Decimal

import pytest

from suffice.wire.call import Call
from suffice_collector.dialects.ownership import COST_CENTRE, TEAM, stated_usd
from suffice_collector.dialects.place import call_record
from suffice_collector.otlp import Resource, Span
from suffice_store.records import CallRecord


@pytest.mark.parametrize("team", TEAM)
@pytest.mark.parametrize("cost_centre", COST_CENTRE)
def test_each_spelling_is_read_from_the_resource(team: str, cost_centre: str) -> None:
    said = _record({team: "search", "service.owner": "ada", cost_centre: "CC-7"})
    assert (said.team, said.owner, said.cost_centre) == ("search", "ada", "CC-7")


def test_nothing_said_is_nothing_known() -> None:
    silent = _record({})
    assert (silent.team, silent.owner, silent.cost_centre, silent.stated_usd) == (None, None, None, None)


def _record(resource: dict[str, object]) -> CallRecord:
    span = Span("1" * 32, "2" * 16, None, "chat", 3, "", "", 1, 2, "unset")
    return call_record(Call("", "chat", "openai"), span, Resource(resource), "any", ())


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
