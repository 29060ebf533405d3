"""The pictures of Quality are read back."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest

from suffice_dashboard.charts.quality import GROUPS, days_chart, trust_bars
from suffice_dashboard.charts.style import ACCENT, BAD, GREY


def test_each_thing_found_has_a_bar_and_what_was_not_found_has_none() -> None:
    html = trust_bars([("Unpriced", 50, "why"), ("Late", 0, ""), ("Duplicates", 10, "<b>")], 200)
    assert re.findall(r'<span class="l"[^>]*>([^<]*)</span><span class="n">([^<]*)', html) == [
        ("Unpriced", "25\u202f% · 50"),
        ("Duplicates", "10"),
    ]
    assert re.findall(r'<span class="s">([^<]*)', html) == ["why", "&lt;b&gt;"]


def test_a_small_share_looks_small() -> None:
    """4 % was drawn as wide as the page: the axis is all calls."""
    assert "width:4.0%" in trust_bars([("Estimated", 4, "")], 100)


@pytest.mark.parametrize(("name", "group"), [("No usage", 0), ("Late", 1), ("Not production", 2)])
def test_what_is_on_weak_ground_is_told_in_words_too(name: str, group: int) -> None:
    html = trust_bars([(name, 4, "")], 100)
    assert [title in html for title, _ in GROUPS] == [place == group for place in range(3)]
    assert f"background:{(BAD, GREY, GREY)[group]}" in html


def test_nothing_found_is_nothing() -> None:
    assert "<p" not in trust_bars([], 0) + trust_bars([("Late", 0, "")], 100)


def test_billed_and_counted_stand_side_by_side_and_unknown_is_hollow() -> None:
    html = days_chart([(0, Decimal("2.5"), Decimal("2.0")), (1, None, Decimal("1.0"))])
    assert re.findall(r'class="(bar|none)" title="([^"]*)"', html) == [
        ("bar", "1970-01-01, billed: $2.50"),
        ("bar", "1970-01-01, counted: $2.00"),
        ("none", "1970-01-02, billed: unpriced"),
        ("bar", "1970-01-02, counted: $1.00"),
    ]
    heights = [float(each) for each in re.findall(r"height:([\d.]+)%", html)]
    assert heights == pytest.approx([100 / 1.04, 80 / 1.04, 0, 40 / 1.04], abs=0.01)
    assert re.findall(r"background:(#\w+)", html.split('class="p"')[1]) == [GREY, ACCENT, ACCENT]
    assert 'aria-label="Billed and counted by day; 1970-01-01, billed: $2.50;' in html


def test_of_a_month_every_fourth_day_is_named() -> None:
    html = days_chart([(day, Decimal(1), Decimal(1)) for day in range(30)])
    assert len(re.findall(r">1970-01-\d\d</span>", html)) == 8
    assert days_chart([]).count("<span style") == 0
