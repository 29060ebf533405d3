"""No two different numbers read the same beside each other, with as few digits as that takes."""

from __future__ import annotations

import math

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from suffice_store.rounding import about, estimated_usd, estimated_usd_range, percent_digits, tell_apart, usd_digits


@pytest.mark.parametrize(
    ("count", "said"),
    [
        (284_553_767, "280 million"),
        (15_723_674, "16 million"),
        (1_234_567, "1.2 million"),
        (999_600, "1 million"),
        (2.34e9, "2.3 billion"),
        (45_678, "46,000"),
        (851.2, "850"),
        (7, "7"),
    ],
)
def test_a_projected_count_has_two_significant_digits(count: float, said: str) -> None:
    assert about(count) == said


@given(st.lists(st.floats(0, 1), min_size=3, max_size=3))
def test_only_as_many_digits_as_it_takes(shares: list[float]) -> None:
    texts = tell_apart(shares, percent_digits)
    usual = [percent_digits(share) for share in shares]
    if len(set(usual)) == 3:
        assert texts == usual
    assert len(set(texts)) >= len(set(usual))


@given(st.floats(0, 1, exclude_max=True), st.integers(1, 2))
def test_what_is_not_all_is_never_told_as_all_with_more_digits(share: float, digits: int) -> None:
    assert float(percent_digits(share, digits)) < 100


@pytest.mark.parametrize(("size", "told"), [(0.0247, "0.025"), (0.15, "0.15"), (12.3, "12.30"), (12_340.4, "12,340")])
def test_usual_digits_of_money(size: float, told: str) -> None:
    assert usd_digits(size) == told


@pytest.mark.parametrize(
    ("usd", "texts"),
    [
        ((412.8, 405.2, 419.9), ("$413", "$405", "$420")),
        ((104, 96, 110), ("$104", "$96", "$110")),  # not $100 ($100 to $110)
        ((9_950, 9_890, 10_100), ("$9,950", "$9,890", "$10,100")),
        ((7, 0.5, 40), ("$7.00", "$0.50", "$40.00")),  # no end is rounded to nothing
        ((7, 0.00001, 40), ("$7.00", "<$0.01", "$40.00")),
        ((0.0042, 0.001, 0.009), ("$0.0042", "$0.0010", "$0.0090")),
        ((21.34e6, 18e6, 24.2e6), ("$21 M", "$18 M", "$24 M")),
        ((3.2, 3.2, 3.2), ("$3.20", "$3.20", "$3.20")),
    ],
)
def test_an_estimate_has_the_digits_that_its_interval_leaves_it(
    usd: tuple[float, float, float], texts: tuple[str, str, str]
) -> None:
    assert estimated_usd_range(*usd, million=" M") == texts


@example(101.0, 0.5, 0.03125)  # $101 ($100–$101)
@given(st.floats(-1e9, 1e9), st.floats(1e-4, 1e9), st.floats(1e-4, 1e9))
def test_an_estimate_and_its_ends_are_near_what_they_stand_for_and_have_as_many_decimals(
    value: float, below: float, above: float
) -> None:
    numbers = value, value - below, value + above
    width = numbers[2] - numbers[1]
    assume(width > 1e-3)
    texts = estimated_usd_range(*numbers)
    assert len({len(text.partition(".")[2]) for text in texts}) == 1
    for number, text in zip(numbers, texts, strict=True):
        if "<" not in text:
            told = float(text.replace("$", "").replace(",", ""))
            third = (
                10.0 ** (math.floor(math.log10(abs(value))) - 2) if value else 0.0
            )  # no place is finer, however narrow
            assert abs(told - number) <= max(0.5 * width, 0.0051, 0.51 * third)


@given(st.floats(1e-5, 1e9))
def test_an_estimate_alone_has_three_digits_at_most(usd: float) -> None:
    digits = estimated_usd(usd).replace("$", "").replace(",", "").replace(".", "").strip("0")
    assert len(digits) <= 3
