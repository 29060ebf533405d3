"""The pictures of what a saving hangs on, and the table of the sliders."""

from __future__ import annotations

import json
from typing import Any

import pytest

from suffice_analysis.savings.what_if import Change, what_if
from suffice_dashboard.charts.money import break_even_chart, stacked_chart, tornado_chart
from suffice_dashboard.views.savings import break_even_words
from suffice_dashboard.what_if import stack, what_if_table

BARS = [
    {"name": "hosted_price_factor", "unit": "times the median", "low": 0.5, "high": 1.8, "at_low_usd": 120.0, "at_high_usd": 60.0},
    {"name": "replaceability", "unit": "ends of each task's interval", "low": None, "high": None, "at_low_usd": -20.0, "at_high_usd": 110.0},
    {"name": "judged_share", "unit": "share", "low": 0, "high": 0.05, "at_low_usd": 100.0, "at_high_usd": 100.5},
]  # fmt: skip


def row(name: str, position: int, tokens: float, wrong: float) -> dict[str, Any]:
    details = {
        "parts": {"tokens": tokens, "escalation": 10.0},
        "moved_paid_usd": 200.0,
        "wrong": wrong,
        "calls": 1000.0,
    }
    caught = wrong / 2
    return {"alternative": name, "position": position, "basis": "month", "paid_usd": 200.0, "caught": caught, "details": json.dumps(details)}  # fmt: skip


ROWS = [row("small_tier", 2, 30.0, 40.0), row("hosted_slm", 3, 20.0, 60.0), row("self_hosted_slm", 4, 900.0, 60.0)]


def test_the_tornado_shows_both_ends_and_leaves_out_what_moves_nothing() -> None:
    figure = tornado_chart(BARS, 100.0)
    low, high = figure.data
    assert list(low.y) == ["The host's price", "Replaceability of the tasks"]
    assert (list(low.x), list(high.x), low.base) == ([20.0, -120.0], [-40.0, 10.0], 100.0)
    assert "saves nothing" in [note.text for note in figure.layout.annotations]
    assert low.customdata[0][0] == "0.5 times the median"
    assert tornado_chart([], 0.0).data[0].y in (None, ())


def test_the_stack_never_adds_alternatives_up() -> None:
    outcomes = [(each, what_if(each, Change())) for each in ROWS]
    lines = stack([(each, outcome) for each, outcome in outcomes if outcome is not None])
    assert lines == [
        ("Vendor's small tier", 40.0, 0.0, 160.0),
        ("Hosted SLM", 30.0, 160.0, 10.0),
        ("Self-hosted SLM", 910.0, 0.0, 0.0),
    ]
    assert all(cost + before + beyond <= max(200.0, cost) for _, cost, before, beyond in lines)
    figure = stacked_chart(lines, 200.0)
    assert figure.layout.xaxis.range[1] == pytest.approx(250.0)
    assert [note.text for note in figure.layout.annotations] == ["costs $910.00 →"]


def test_wrong_answers_stand_beside_the_money() -> None:
    table = what_if_table(
        [(each, outcome) for each in ROWS if (outcome := what_if(each, Change(volume=2.0))) is not None]
    )
    assert "$320.00" in table
    assert table.count("does not pay") == 1
    for count in (">40<", ">60<"):  # caught and unnoticed, twice those of today
        assert count in table


def test_the_break_even_is_where_the_curves_cross() -> None:
    points = [(10.0, 50.0, 4.0), (100.0, 5.0, 4.0), (1000.0, 0.5, 4.0)]
    assert (
        break_even_words(points, 3.0)
        == "From about 1,000 requests an hour; now there are 3.0. Upkeep is not in this curve."
    )
    assert break_even_words(points, None).endswith("how many there are is not known. Upkeep is not in this curve.")
    assert break_even_words(points[:2], 3.0) == "At no rate is it cheaper than what is paid today."
    assert [trace.name for trace in break_even_chart(points, 3.0).data] == ["own GPUs", "as paid today"]
