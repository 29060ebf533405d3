"""No two different numbers read the same beside each other, with as few digits as that takes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suffice_store.rounding import about, percent_digits, tell_apart, usd_digits


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
