"""Terms from TOML, and what a contract makes of the list price: every amount worked by hand."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from suffice.errors import SufficeError
from suffice_store.contracts import Effective, contract_row, effective_costs, parse_terms

D = Decimal
START, END = 20_454, 20_818  # 2026-01-01 to 2026-12-31

TERMS = """
[[contract]]
name = "openai-2026"
provider = "openai"
discount = 0.15
commitment_usd = 1000
credits_usd = 20
valid_from = 2026-01-01
valid_to = "2026-12-31"

[[service]]
name = "checkout"
team = "payments"
cost_centre = "CC-104"
"""


def day(**changes: Any) -> dict[str, Any]:
    return {"provider": "openai", "day": START, "model": "gpt-4o", "paid_usd": D(100)} | changes


def test_terms_are_read_exactly() -> None:
    stated = parse_terms(TERMS, "t.toml")
    assert stated == {
        "contracts": [
            {"name": "openai-2026", "provider": "openai", "discount": "0.15", "commitment_usd": "1000",
             "credits_usd": "20", "valid_from": "2026-01-01", "valid_to": "2026-12-31"}
        ],
        "services": [{"name": "checkout", "team": "payments", "cost_centre": "CC-104"}],
    }  # fmt: skip
    assert contract_row(stated["contracts"][0]) == {
        "name": "openai-2026", "provider": "openai", "model": "", "discount": D("0.150000"),
        "commitment_usd": D(1000), "credits_usd": D(20), "valid_from_day": START, "valid_to_day": END,
    }  # fmt: skip


def test_the_effective_price_stands_beside_the_list_price() -> None:
    """$200 listed on two days, 15 % off = $170; $20 of credits = $150 to pay; $830 of $1,000 left.

    After 73 of the contract's 365 days (a fifth): $850 expected by its end, $150 short.
    """
    contract = contract_row(parse_terms(TERMS, "t")["contracts"][0])
    spent = [
        day(),
        day(day=START + 72),
        day(day=START - 1),
        day(day=END + 1),
        day(provider="anthropic"),
        day(paid_usd=None),
    ]
    (found,) = effective_costs([contract], spent, today=START + 72)
    assert found == Effective(
        "openai-2026", "openai", D("0.15"), D(200), D(170), D(20), D(150), D(1000), D(830), D(850), END
    )
    assert found.shortfall_usd == D(150)


def test_a_contract_for_a_model_comes_before_one_for_all() -> None:
    rows = [
        contract_row({"name": "all", "provider": "openai", "discount": "0.1"}),
        contract_row({"name": "small", "provider": "openai", "discount": "0.5", "model": "gpt-4o-mini*"}),
    ]
    found = effective_costs(rows, [day(), day(model="gpt-4o-mini-2024-07-18", paid_usd=D(10))], today=START)
    assert [(each.name, each.list_usd, each.effective_usd, each.shortfall_usd) for each in found] == [
        ("all", D(100), D(90), None),
        ("small", D(10), D(5), None),
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[contract", "^t is not TOML"),
        ("[[deal]]", "^t: there is no 'deal'"),
        ("[contract]\nname = 'a'", r"^t: write \[\[contract\]\], with two brackets$"),
        ("[[contract]]\nprice = 3", "^t, contract 1: there is no 'price'; there are commitment_usd, "),
        ("[[contract]]\nname = true", "^t, contract 1: 'name' must be a text"),
    ],
)
def test_a_file_that_is_wrong_is_refused_in_one_line(text: str, message: str) -> None:
    with pytest.raises(SufficeError, match=message):
        parse_terms(text, "t")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"provider": ""}, "needs a 'name' and a 'provider'"),
        ({"discount": "1.5"}, "from 0 to under 1"),
        ({"discount": "much"}, "must be a number"),
        ({"commitment_usd": "5"}, "so it needs 'valid_from' and 'valid_to'"),
        ({"valid_from": "2026-02-01", "valid_to": "2026-01-01"}, "ends before it begins"),
        ({"valid_from": "May"}, "'May' is no date"),
        ({"credits_usd": "-1"}, "must be USD from 0"),
    ],
)
def test_a_contract_that_cannot_be_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(SufficeError, match=message):
        contract_row({"name": "c", "provider": "openai"} | changes)
