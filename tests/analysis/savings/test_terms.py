"""Contracts: the price really paid by provider, model and day, and what of a saving is owed anyway."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from analysis.cases import make_case
from analysis.traffic import CALLS_SCHEMA, DAY_NS, MemoryStore

from suffice_analysis.savings.alternatives import Case, Moved
from suffice_analysis.savings.assumptions import Scenario
from suffice_analysis.savings.details import cash_usd, spend_by_floor
from suffice_analysis.savings.terms import Floor, Terms, read_terms

CONTRACT: dict[str, Any] = {
    "name": "openai-2026", "provider": "openai", "model": "", "discount": Decimal("0.2"), "commitment_usd": Decimal(1000),
    "credits_usd": None, "valid_from_day": 100, "valid_to_day": 199,
}  # fmt: skip


def calls(*paid: tuple[str, int | None, str | None]) -> pa.Table:
    rows = [
        dict.fromkeys(CALLS_SCHEMA.names)
        | {"provider": provider, "model": "gpt-6.1-sol", "started_ns": None if day is None else day * DAY_NS + 5}
        | {"paid_usd": None if usd is None else Decimal(usd)}
        for provider, day, usd in paid
    ]
    return pa.Table.from_pylist(rows, schema=CALLS_SCHEMA)


def test_each_call_is_paid_by_the_contract_of_its_day() -> None:
    terms = Terms([CONTRACT], {}, today=150)
    found = terms.effective_usd(
        calls(("openai", 120, "10"), ("openai", 99, "10"), ("anthropic", 120, "10"), ("openai", None, "10"), ("openai", 120, None))
    )  # fmt: skip
    assert found == pytest.approx(8 + 10 + 10 + 8)
    assert Terms().effective_usd(calls(("openai", 1, "0.000000000001"))) == pytest.approx(1e-12)


def daily(usd: str) -> pa.Table:
    return pa.Table.from_pylist([{"day": 120, "provider": "openai", "model": "gpt-6.1-sol", "paid_usd": Decimal(usd)}])


@pytest.mark.parametrize(
    ("listed", "headroom"),
    [
        ("500", 0.0),  # 400 of 1,000 in 50 of 100 days: 800 expected, all of it owed
        ("750", 0.3333),  # 600 of 1,000: 600 more expected, 400 owed
        ("1500", None),  # 1,200: the commitment is met, nothing is owed
    ],
)
def test_a_commitment_owes_what_is_not_spent_yet(listed: str, headroom: float | None) -> None:
    store: Any = MemoryStore([], [], contracts=pa.Table.from_pylist([CONTRACT]), daily=daily(listed))
    terms = read_terms(store, "default", 149)
    floor = terms.floor("openai", "gpt-6.1-sol")
    if headroom is None:
        assert floor is None
        return
    assert floor is not None
    assert (floor.until, floor.days_left) == (date(1970, 7, 19), 51)
    assert floor.headroom == pytest.approx(headroom, abs=1e-4)
    assert terms.floor("anthropic", "claude") is None


def test_without_contracts_nothing_is_read_of_the_days() -> None:
    assert read_terms(MemoryStore([], []), "default", 5) == Terms(today=5)  # type: ignore[arg-type]


def moved(usd: float, vendor: float) -> Moved:
    return Moved({"tokens": usd}, 0.0, 0.0, 1.0, vendor)


def cash(headroom: float, each: Moved, case: Case | None = None) -> float:
    case = case or make_case()
    terms = Terms([CONTRACT], {"openai-2026": Floor("openai-2026", date(2026, 12, 31), 30, headroom)}, today=150)
    found = cash_usd([(case, each)], terms, spend_by_floor([case], terms), Scenario.expected())
    return float(found)


def test_worked_by_hand_what_can_be_cashed() -> None:
    # 40 paid; moved away for 6, of which the vendor still gets 4 for escalations: 36 less for the vendor, 2 more elsewhere.
    assert cash(1.0, moved(6, 4)) == pytest.approx(36 - 2)  # all above the floor: the whole saving of 34
    assert cash(0.25, moved(6, 4)) == pytest.approx(10 - 2)  # 10 of 40 above it
    assert cash(0.0, moved(6, 4)) == pytest.approx(-2)  # all owed: the new model is paid beside it
    assert cash(0.0, moved(6, 6)) == pytest.approx(0)  # the vendor's own small tier costs nothing beside the commitment


def test_another_vendors_saving_is_cash() -> None:
    assert cash(0.0, moved(6, 4), make_case(providers={"anthropic": 10})) == pytest.approx(34)
