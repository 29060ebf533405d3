"""The pictures of what a saving hangs on, and the table of the sliders."""

from __future__ import annotations

import json
import re
from base64 import b64decode
from typing import Any

import pytest

from suffice_analysis.savings.what_if import Change, what_if
from suffice_dashboard.charts.drawn import Scale
from suffice_dashboard.charts.money import break_even_chart, stacked_chart, tornado_chart
from suffice_dashboard.views.savings import break_even_rate, break_even_words
from suffice_dashboard.what_if import stack, stack_words, what_if_table

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
    html = tornado_chart(BARS, 100.0)
    assert re.findall(r'class="l"><span>([^<]+)', html) == ["The host&#x27;s price", "Replaceability of the tasks"]
    room = 0.04 * 140
    scale = Scale(-20 - room, 120 + room)
    bars = re.findall(r'class="bar " style="(left:[\d.]+%;width:[\d.]+%)', html)
    assert bars == [scale.span(100, end) for end in (120, 60, -20, 110)]
    assert "saves nothing" in html
    assert 'title="at 0.5 times the median: saves $120"' in html
    assert tornado_chart([], 0.0) == ""


def test_the_stack_never_adds_alternatives_up() -> None:
    outcomes = [(each, what_if(each, Change())) for each in ROWS]
    lines = stack([(each, outcome) for each, outcome in outcomes if outcome is not None], Change())
    assert lines == [
        ("Vendor's small tier", 40.0, 0.0, 160.0),
        ("Hosted SLM", 30.0, 160.0, 10.0),
        ("Self-hosted SLM", 910.0, 0.0, 0.0),
    ]
    assert all(cost + before + beyond <= max(200.0, cost) for _, cost, before, beyond in lines)
    html = stacked_chart(lines, 200.0)
    widths = [
        float(width) * 250 / 100 for width in re.findall(r'class="bar " style="left:[\d.]+%;width:([\d.]+)%', html)
    ]
    assert widths == pytest.approx([40, 160, 30, 160, 10, 250]), "what is dearer by far runs out of the picture"
    assert html.count("costs $910 →") == 1
    assert 'title="Hosted SLM: $10.00 saved; no line above does"' in html


def test_the_stack_is_counted_task_by_task() -> None:
    """What one saves on task a takes nothing from what another saves on task b."""

    def of(name: str, position: int, task: str) -> dict[str, Any]:
        found = row(name, position, 40.0, 40.0)  # saves 150 of 200
        return found | {"details": json.dumps(json.loads(found["details"]) | {"moved_tasks": [task]})}

    totals = [of("small_tier", 2, "a"), of("hosted_slm", 3, "b"), of("self_hosted_slm", 4, "b")]
    each = [total | {"task_id": task} for total, task in zip(totals, "abb", strict=True)]
    for change, saved in ((Change(), 150.0), (Change(volume=2.0), 300.0)):
        outcomes = [(total, outcome) for total in totals if (outcome := what_if(total, change)) is not None]
        assert [line[2:] for line in stack(outcomes, change, each)] == [(0.0, saved), (0.0, saved), (saved, 0.0)]


def test_at_another_volume_the_bars_do_not_say_per_1000_calls() -> None:
    assert stack_words("per_1000_calls", 1.0) == "Stacked: cost and saving per 1,000 calls"
    assert stack_words("per_1000_calls", 3.0) == "Stacked: cost and saving of 3,000 calls, where today there are 1,000"
    assert stack_words("month", 0.5) == "Stacked: cost and saving a month, at 0.5 times today's calls"


def test_wrong_answers_stand_beside_the_money() -> None:
    table = what_if_table(
        [(each, outcome) for each in ROWS if (outcome := what_if(each, Change(volume=2.0))) is not None]
    )
    assert "$320" in table
    assert table.count("does not pay") == 1
    for count in (">40<", ">60<"):  # caught and unnoticed, twice those of today
        assert count in table


def test_the_break_even_is_where_the_curves_cross() -> None:
    points = [(10.0, 50.0, 4.0), (100.0, 5.0, 4.0), (1000.0, 0.5, 4.0)]
    assert (
        break_even_words(points, 3.0)
        == "From about 120 requests an hour; now there are 3.0. Upkeep is not in this curve."
    )
    assert break_even_words(points, None).endswith("how many there are is not known. Upkeep is not in this curve.")
    rate = break_even_rate(points)
    assert rate == pytest.approx(125.0), "not the next point that happens to be drawn: own GPUs cost 500 / rate here"
    assert break_even_rate(points[2:]) == 1000.0
    assert break_even_words(points[:2], 3.0) == "At no rate is it cheaper than what is paid today."
    html = break_even_chart(points, 30.0)
    picture = b64decode(re.search(r"base64,([\w+/=]+)", html)[1]).decode()  # type: ignore[index]
    own, today = re.findall(r'points="([^"]+)"', picture)
    assert own == "0.00,0.00 50.00,50.00 100.00,100.00"
    assert len({point.split(",")[1] for point in today.split()}) == 1, "what is paid today is the same at every rate"
    assert "now: 30.0 an hour" in html
    assert "now" not in break_even_chart(points, None)
