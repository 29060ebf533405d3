"""The pictures of Quality are read back."""

from __future__ import annotations

from decimal import Decimal

from suffice_dashboard.charts.quality import days_chart, trust_chart


def test_each_thing_found_has_a_bar_and_what_was_not_found_has_none() -> None:
    figure = trust_chart([("Unpriced", 50, "why"), ("Late", 0, ""), ("Duplicates", 10, "<b>")], 200)
    (bars,) = figure.data
    assert (list(bars.y), list(bars.x)) == (["Unpriced", "Duplicates"], [0.25, 0.05])
    assert bars.text[0].endswith("50")
    assert "&lt;b&gt;" in bars.hovertext[1]


def test_a_small_share_looks_small() -> None:
    """4 % was drawn as wide as the page: the axis is all calls, with room for the words at its end."""
    assert trust_chart([("Estimated", 4, "")], 100).layout.xaxis.range == (0, 1.2)


def test_nothing_found_is_an_empty_picture() -> None:
    assert list(trust_chart([], 0).data[0].x) == []


def test_billed_and_counted_stand_side_by_side_and_unknown_has_no_bar() -> None:
    billed, counted = days_chart([(0, Decimal("2.5"), Decimal("2.0")), (1, None, Decimal("1.0"))]).data
    assert (list(billed.x), list(billed.y), list(counted.y)) == (["1970-01-01", "1970-01-02"], [2.5, None], [2.0, 1.0])
