"""The sliders: at rest they show the row itself; each moves what it should, and only that."""

from __future__ import annotations

import json
from typing import Any

import pytest
from analysis.cases import make_case

from suffice_analysis.savings.alternatives import ALTERNATIVES
from suffice_analysis.savings.basis import Basis
from suffice_analysis.savings.stack import savings_rows
from suffice_analysis.savings.what_if import Change, Outcome, break_even_curve, what_if

MONTH = Basis("month", 100.0, 30.0, 3.0)
PER_1000 = Basis("per_1000_calls", 0.1, None, 1.0)


def rows(basis: Basis) -> dict[str, dict[str, Any]]:
    found = savings_rows([make_case(repeated=0.5)], basis, total_paid=60.0, seed=0)
    return {r["alternative"]: r for r in found if r["task_id"] == ""}


def changed(row: dict[str, Any], **change: float) -> Outcome:
    found = what_if(row, Change(**change))
    assert found is not None
    return found


@pytest.mark.parametrize("basis", [MONTH, PER_1000], ids=["month", "per 1,000"])
@pytest.mark.parametrize("name", ALTERNATIVES)
def test_at_rest_it_is_the_row_itself(name: str, basis: Basis) -> None:
    row = rows(basis)[name]
    found = changed(row)
    assert found.paid_usd == pytest.approx(row["paid_usd"])
    assert found.projected_usd == pytest.approx(row["projected_usd"])
    assert found.saving_usd == pytest.approx(row["saving_usd"])
    assert (found.caught, found.silent) == (pytest.approx(row["caught"]), pytest.approx(row["extra_wrong"]))
    assert found.break_even_wrong_usd == pytest.approx(row["break_even_wrong_usd"])


def test_each_slider_moves_what_it_should() -> None:
    row = rows(MONTH)["hosted_slm"]
    rest = changed(row)
    parts = json.loads(row["details"])["parts"]
    twice = changed(row, volume=2.0)
    assert twice.saving_usd == pytest.approx(2 * rest.saving_usd)
    assert twice.silent == pytest.approx(2 * rest.silent)
    assert changed(row, other_prices=1.5).projected_usd == pytest.approx(rest.projected_usd + parts["tokens"] / 2)
    cheap = changed(row, today_price=0.5)
    assert cheap.paid_usd == pytest.approx(rest.paid_usd / 2)
    assert cheap.saving_usd < rest.saving_usd / 2  # the SLM's tokens cost what they did
    all_caught = changed(row, caught=1.0)
    assert all_caught.silent == pytest.approx(0.0)
    assert all_caught.projected_usd == pytest.approx(
        rest.projected_usd + parts["escalation"]
    )  # half were caught before


def test_self_hosting_takes_whole_gpus_and_gets_cheaper_when_they_are_busy() -> None:
    row = rows(MONTH)["self_hosted_slm"]
    idle, busy = changed(row, utilisation=0.001), changed(row, utilisation=1.0)
    assert idle.projected_usd > busy.projected_usd
    assert busy.gpus == 1.0
    assert (changed(row).gpus or 0) >= 1.0
    many = changed(row, volume=1000.0)
    assert (many.gpus or 0) > 1
    assert many.projected_usd / 1000 < changed(row).projected_usd
    unknown = rows(PER_1000)["self_hosted_slm"]
    assert changed(unknown, utilisation=0.1).projected_usd > changed(unknown, utilisation=0.5).projected_usd
    assert changed(unknown).gpus is None


def test_a_row_without_details_has_no_sliders() -> None:
    row = rows(MONTH)["hosted_slm"]
    assert what_if(row | {"details": None}, Change()) is None
    assert what_if(row | {"details": "{}"}, Change()) is None
    assert break_even_curve(row, [1.0]) == []


def test_the_break_even_curve_falls_with_the_rate_and_crosses_what_is_paid() -> None:
    points = break_even_curve(rows(MONTH)["self_hosted_slm"], [10.0, 100.0, 1_000.0, 10_000.0])
    own = [usd for _, usd, _ in points]
    assert own == sorted(own, reverse=True)
    assert own[0] > points[0][2] > own[-1]
