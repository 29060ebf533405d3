"""Two counts of the same days, compared by hand-worked sums."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from suffice_store.reconciling import Difference, model_key, reconcile

D = Decimal


def theirs(**changes: Any) -> dict[str, Any]:
    row = {"provider": "openai", "kind": "cost", "day": 5, "model": "gpt-4o-2024-08-06", "requests": None,
           "input_tokens": None, "output_tokens": None, "cache_read_tokens": None, "usd": D("1.25")}  # fmt: skip
    return row | changes


def ours(**changes: Any) -> dict[str, Any]:
    row = {"provider": "openai", "day": 5, "model": "gpt-4o-2024-08-06", "calls": 4, "input_tokens": 100,
           "output_tokens": 10, "cache_read_tokens": 0, "paid_usd": D("1.00"), "unpriced_calls": 0}  # fmt: skip
    return row | changes


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Claude Sonnet 4.5", "claude-sonnet-4-5-20250929"),
        ("Claude Sonnet 3.7", "claude-3-7-sonnet-20250219"),
        ("gpt-4o-2024-08-06", "gpt-4o"),
        ("gpt-4o", "openai/gpt-4o-latest"),
    ],
)
def test_names_of_one_model_meet(one: str, other: str) -> None:
    assert model_key(one) == model_key(other)


@pytest.mark.parametrize(
    ("one", "other"), [("gpt-4o", "gpt-4o-mini"), ("claude-sonnet-4", "claude-sonnet-4-5"), ("o1", "o3")]
)
def test_names_of_two_models_dont(one: str, other: str) -> None:
    assert model_key(one) != model_key(other)


def test_the_difference_by_day_and_model() -> None:
    found = reconcile(
        [theirs(), theirs(kind="usage", usd=None, requests=5, input_tokens=125, output_tokens=12)],
        [ours(), ours(day=6), ours(provider="anthropic")],
    )
    assert found.rows == [
        Difference("openai", 5, "gpt-4o-2024-08-06", D("1.25"), D("1.00"), 125, 100, 12, 10, 5, 4),
    ]
    assert (found.rows[0].difference_usd, found.their_usd, found.our_usd) == (D("0.25"), D("1.25"), D("1.00"))
    assert (found.tokens("their"), found.tokens("our")) == (137, 110)
    assert found.by_day() == [(5, D("1.25"), D("1.00"))]


def test_a_model_that_one_side_does_not_know_stands_alone() -> None:
    found = reconcile([theirs()], [ours(model="gpt-4o-mini", paid_usd=D("0.10"), unpriced_calls=1)])
    assert [(row.model, row.their_usd, row.our_usd, row.difference_usd) for row in found.rows] == [
        ("gpt-4o-2024-08-06", D("1.25"), None, D("1.25")),
        ("gpt-4o-mini", None, D("0.10"), None),
    ]
    assert found.our_usd == D("0.10")


def test_a_file_without_models_is_compared_by_whole_days() -> None:
    found = reconcile([theirs(model="")], [ours(), ours(model="o3", paid_usd=D("0.20"))])
    assert [(row.model, row.their_usd, row.our_usd) for row in found.rows] == [("every model", D("1.25"), D("1.20"))]


def test_nothing_to_compare() -> None:
    found = reconcile([], [ours()])
    assert (found.rows, found.their_usd, found.our_usd, found.tokens("our"), found.by_day()) == (
        [],
        None,
        None,
        None,
        [],
    )
