"""Days until what was spent once is back, against a day-by-day sum; with falling prices and under a commitment."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from suffice_analysis.savings.assumptions import DAYS_PER_MONTH
from suffice_analysis.savings.payback import (
    LONGEST_DAYS,
    falling_words,
    months_figure,
    months_words,
    needed_usd_per_month,
    payback_days,
    span_words,
)


def by_the_day(once: float, a_day: float, fall: float, floor: float = 0.0, floor_days: int = 0) -> int:
    """The same, simulated; up to 20 years."""
    back = 0.0
    for day in range(20 * 365):
        back += floor if day < floor_days else a_day * (1 - fall) ** ((day + 0.5) / 365.25)
        if back >= once:
            return day + 1
    return -1


@pytest.mark.parametrize(
    ("once", "a_day", "fall"), [(3000, 10, 0.0), (3000, 10, 0.3), (500, 100, 0.6), (20_000, 20, 0.1)]
)
def test_it_meets_the_day_by_day_sum(once: float, a_day: float, fall: float) -> None:
    assert float(payback_days(once, a_day, fall)) == pytest.approx(by_the_day(once, a_day, fall), abs=1.5)


def test_worked_by_hand() -> None:
    # 3,000 at 10 a day: 300 days. At 30 % less each year k = 0.3567 / 365.25; -ln(1 - 300 k) / k = 355 days.
    assert float(payback_days(3000, 10, 0.0)) == pytest.approx(300)
    assert float(payback_days(3000, 10, 0.3)) == pytest.approx(355.0, abs=0.5)


def test_never_is_infinite() -> None:
    assert float(payback_days(1000, 0, 0.0)) == math.inf
    assert float(payback_days(1000, -5, 0.3)) == math.inf
    # At 30 % less a year 10 a day bring back at most 10 x 365.25 / 0.3567 = 10,240.
    assert float(payback_days(10_200, 10, 0.3)) < math.inf
    assert float(payback_days(10_300, 10, 0.3)) == math.inf


def test_nothing_spent_is_back_at_once() -> None:
    assert float(payback_days(0, 10, 0.3)) == 0.0


@pytest.mark.parametrize("floor", [2.0, 0.0, -4.0, 15.0])
def test_under_a_commitment_only_what_is_above_it_counts(floor: float) -> None:
    found = float(payback_days(1200, 20, 0.2, floor_usd_per_day=floor, floor_days=100))
    assert found == pytest.approx(by_the_day(1200, 20, 0.2, floor, 100), abs=1.5)


@example(1.625, 1.0, 2.2250738585e-313, 1.5)  # so small a fall lost its digits
@given(st.floats(1, 1e5), st.floats(0.1, 1e3), st.floats(0, 0.6), st.floats(1.01, 3))
def test_it_comes_later_the_more_was_spent_and_the_more_prices_fall(
    once: float, a_day: float, fall: float, more: float
) -> None:
    base = float(payback_days(once, a_day, fall))
    assert float(payback_days(once * more, a_day, fall)) >= base
    assert float(payback_days(once, a_day, min(0.9, fall * more))) >= base * (1 - 1e-9)
    assert float(payback_days(once, a_day * more, fall)) <= base


def test_arrays_are_taken_element_by_element() -> None:
    found = payback_days(np.array([100.0, 100.0]), np.array([10.0, -1.0]), np.array([0.0, 0.0]))
    assert found.tolist() == [10.0, math.inf]


@pytest.mark.parametrize("fall", [0.0, 0.3, 0.9])
def test_what_has_to_be_saved_brings_it_back_on_the_last_day_that_counts(fall: float) -> None:
    needed = needed_usd_per_month(2_400.0, fall)
    assert float(payback_days(2_400.0, needed / DAYS_PER_MONTH, fall)) == pytest.approx(LONGEST_DAYS, rel=1e-9)


def test_level_prices_need_a_sixtieth_a_month() -> None:
    assert needed_usd_per_month(6_000.0, 0.0) == pytest.approx(100.0)
    assert needed_usd_per_month(6_000.0, 0.3) > needed_usd_per_month(6_000.0, 0.1) > 100.0


def test_days_until_two_months_then_months() -> None:
    assert [months_words(days) for days in (41.3, 59.9, 60.0, 425.0)] == ["41 days", "60 days", "2 months", "14 months"]
    assert span_words(41.3, 20.2, 71.0) == "41 days (20 to 71)"
    assert span_words(425.0, 280.0, None) == "14 months (9 to never)"


def test_months_in_a_column_of_them() -> None:
    days = (41.3, 302.0, 304.0, 425.0, LONGEST_DAYS, LONGEST_DAYS + 1, None)
    assert [months_figure(each) for each in days] == ["1.4", "9.9", "10", "14", "60", ">60", ">60"]


@pytest.mark.parametrize(("fall", "months"), [(0.3, 28), (0.1, 47), (0.6, 13)])
def test_five_years_of_a_saving_that_shrinks_are_told_in_months_of_today(fall: float, months: int) -> None:
    """A reader's own division, by so many months, finds the volume that is stated."""
    assert falling_words(fall).endswith(f"so 5 years bring back what {months} months at today's prices would")
    assert 2400.0 / needed_usd_per_month(2400.0, fall) == pytest.approx(months, abs=0.5)


def test_prices_that_stay_need_no_words() -> None:
    assert falling_words(0.0) == ""
