"""The waterfall: each step's money, what fell out and why, where it is shown; unknown is unknown and nothing hostile runs."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import pytest
from dashboard import fleet
from dashboard.conftest import Open, shown

from suffice_dashboard import waterfall
from suffice_store.file_store import FileStore

FUNNEL: dict[str, Any] = {
    "invoiced_usd": Decimal(120), "calls": 1000, "paid_usd": Decimal(100), "unpriced_calls": 7, "other_calls": 50,
    "other_usd": Decimal(10), "production_calls": 900, "production_usd": Decimal(90), "no_task_calls": 40,
    "no_task_usd": Decimal(5), "task_calls": 860, "task_usd": Decimal(85),
}  # fmt: skip


def task(task_id: str, verdict: str, share: float | None = 0.5, calls: int = 500) -> dict[str, Any]:
    return {
        "task_id": task_id, "verdict": verdict, "calls": calls, "replaceability": share,
        "replaceability_low": share and share - 0.1, "replaceability_high": share and share + 0.1,
    }  # fmt: skip


def saving(task_id: str, paid: float, usd: float) -> dict[str, Any]:
    return {
        "task_id": task_id, "alternative": "hosted_slm", "position": 3, "pays": usd > 0, "paid_usd": paid, "saving_usd": usd,
        "saving_low_usd": usd / 2, "saving_high_usd": usd * 1.5, "extra_wrong": 3.0, "one_off_usd": 1000.0,
    }  # fmt: skip


def test_the_steps_go_down_from_the_bill_to_the_saving() -> None:
    found = waterfall.steps(FUNNEL, (30.0, 40.0, 50.0), (20.0, 20.0, 20.0), (6.0, 12.0, 15.0, 1000.0))
    assert [(s.name, s.usd, s.lost_usd) for s in found] == [
        ("Invoiced", 120.0, None), ("Captured", 100.0, 20.0), ("Priced", 100.0, None), ("Production", 90.0, 10.0),
        ("In a task", 85.0, 5.0), ("Expected movable", 40.0, 45.0), ("Proven", 20.0, 20.0), ("Net proven saving", 12.0, 8.0),
    ]  # fmt: skip
    assert [s.address for s in found] == [
        "quality", "quality", "calls?only=unpriced", "calls?only=other_environment", "calls?only=no_task",
        "tasks?verdict=Stays", "tasks?verdict=Likely", "savings",
    ]  # fmt: skip
    html = waterfall.render_waterfall(found)
    assert "7 calls without a price: their money is not known" in html
    assert "− $10.00: 50 calls of other environments" in html
    assert "$40 ($30–$50)" in html
    assert "about $1,000 is spent once besides" in html
    assert html.count('class="ends"') == 2


def test_what_is_not_known_is_no_nought() -> None:
    nothing = FUNNEL | {"invoiced_usd": None, "unpriced_calls": 0}
    html = waterfall.render_waterfall(waterfall.steps(nothing, None, (0.0, 0.0, 0.0), None))
    assert "Invoiced: not known" in html
    assert "Expected movable: not known" in html
    assert "no bill was read in" in html
    assert "expected, and not proven yet" not in html  # nothing is known to be expected
    assert "$0.00" in html  # proven, which is known


def test_filtered_traffic_adds_up_its_tasks() -> None:
    rows = [
        task("a", "likely"),
        task("b", "stays"),
        task("c", "likely", calls=99),
        task("d", "proven", 0.9),
        task("e", "untested", None),
    ]
    paid = {"a": 10.0, "b": 20.0, "c": 30.0, "d": 40.0, "e": 50.0}
    assert waterfall.expected_of_part(rows, paid) == pytest.approx((4.0 + 32.0, 5.0 + 36.0, 6.0 + 40.0))
    assert waterfall.proven_money(rows, paid) == (40.0, 40.0, 40.0)
    assert waterfall.net_money(rows, [saving("d", 80.0, 60.0), saving("a", 10.0, 9.0)], paid) == pytest.approx(
        (15.0, 30.0, 45.0, 1000.0)
    )
    elsewhere = waterfall.net_money(rows, [saving("d", 80.0, 60.0) | {"one_off_usd": 2400.0}], {**paid, "d": 0.0})
    assert elsewhere is not None
    assert elsewhere[3] == 0.0  # what is spent once for a task of which nothing is in the filter
    assert waterfall.net_money(rows[:3], [], paid) is None


def test_all_traffic_keeps_the_interval_of_the_estimate() -> None:
    estimate = {"value": 0.4, "low": 0.3, "high": 0.5}
    assert waterfall.expected_of_all(estimate, Decimal(90)) == pytest.approx((27.0, 36.0, 45.0))
    assert waterfall.expected_of_all(None, Decimal(90)) is None
    assert waterfall.expected_of_all(estimate, None) is None


def test_hostile_words_stay_words() -> None:
    step = waterfall.Step("fact", fleet.HOSTILE, 1.0, fleet.HOSTILE, 1.0, fleet.HOSTILE, 'x" onclick="alert(1)')
    html = waterfall.render_waterfall([step])
    assert "<script" not in html
    assert ' onclick="' not in html


def stated(text: str) -> float:
    """What the page says is expected to be movable: an estimate, so to as many digits as its interval leaves it."""
    found = re.search(r"Expected movable: \$([\d.]+) \(\$[\d.]+–\$[\d.]+\)", text)
    assert found
    return float(found[1])


def test_overview_draws_it_from_the_store_and_each_bar_opens_what_falls_out(
    open_page: Open, fleet_store: FileStore
) -> None:
    text = shown(open_page(fleet_store))
    (funnel,) = fleet_store.read("funnel").to_pylist()
    assert f"Captured: ${funnel['paid_usd']:,.2f}" in text
    assert f"In a task: ${funnel['task_usd']:,.2f}" in text
    assert stated(text) == pytest.approx(float(funnel["production_usd"]) * 0.4, rel=0.02)
    assert f"{funnel['unpriced_calls']} calls without a price" in text
    listed = shown(open_page(fleet_store, "views/calls.py", only="unpriced"))
    assert "only calls without a known price" in listed
    assert "in-house-70b" in listed
    assert "gpt-5.2" not in listed


def test_the_waterfall_follows_the_filters(open_page: Open, fleet_store: FileStore) -> None:
    text = shown(open_page(fleet_store, service="travel-agent"))
    (funnel,) = fleet_store.read("funnel", service="travel-agent").to_pylist()
    assert f"Captured: ${funnel['paid_usd']:,.2f}" in text
    assert stated(text) == pytest.approx(float(funnel["paid_usd"]) * 0.61, rel=0.02)


def test_tasks_can_be_filtered_by_verdict_from_the_address(open_page: Open, fleet_store: FileStore) -> None:
    text = shown(open_page(fleet_store, "views/tasks.py", verdict="Stays")).split("</thead>")[1]
    assert ">Review code changes<" in text
    assert ">Extract invoice fields<" not in text
