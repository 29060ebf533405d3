"""Every assumption has words, and its value reads as a person says it."""

from __future__ import annotations

import pytest

from suffice_analysis.savings.assumption_words import NAMES, name_words, number_words, range_words, value_words
from suffice_analysis.savings.assumptions import read_assumptions
from suffice_analysis.savings.tornado import REPLACEABILITY


def test_every_assumption_has_words_of_its_own() -> None:
    names = [*read_assumptions(), REPLACEABILITY]
    assert [name for name in names if name not in NAMES] == []
    assert len(set(NAMES.values())) == len(NAMES)
    assert [words for words in NAMES.values() if "_" in words or not words[0].isupper()] == []


def test_raw_names_are_no_words() -> None:
    assert name_words("cache_lifetime_s") == "Lifetime of a cached prefix"
    assert name_words("usd_per_1000_calls_at_20_percent_utilisation") == "1,000 calls on GPUs 20 % used"
    assert name_words("of_a_later_version") == "of a later version"


@pytest.mark.parametrize(
    ("value", "words"),
    [(14560.4, "14,560"), (10000.0, "10,000"), (0.0828213, "0.08282"), (1.0, "1"), (0.00001, "0.00001")],
)
def test_an_assumption_is_never_a_power_of_ten(value: float, words: str) -> None:
    assert number_words(value) == words


@pytest.mark.parametrize(
    ("value", "unit", "words"),
    [
        (300.0, "seconds a cached prefix lives", "300 seconds a cached prefix lives"),
        (0.8, "share of the repeated prefixes", "80 % of the repeated prefixes"),
        (0.3, "share a year by which all prices fall", "30 % a year by which all prices fall"),
        (0.4, "of the GPU's price", "40 % of the GPU's price"),
        (100, "USD an hour", "100 USD an hour"),
        (None, "USD", "unknown"),
    ],
)
def test_a_value_is_told_with_its_unit_and_a_share_in_percent(value: float | None, unit: str, words: str) -> None:
    assert value_words({"value": value, "unit": unit}) == words


def test_a_range_is_told_in_the_unit_of_its_value() -> None:
    assert range_words({"low": 0.5, "high": 1.0, "unit": "share of the repeated prefixes"}) == "50 to 100 %"
    assert range_words({"low": 50, "high": 200, "unit": "USD an hour"}) == "50 to 200"
    assert range_words({"unit": "USD"}) == ""
