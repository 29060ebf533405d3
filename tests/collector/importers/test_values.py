"""Times and outcomes in every spelling seen in logs."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suffice_collector.importers.values import parse_outcome, parse_time_ns
from suffice_store.records import OutcomeRecord

MOMENT_NS = 1_700_000_000_123_456_000


@pytest.mark.parametrize(
    ("value", "ns"),
    [
        (1_700_000_000, 1_700_000_000_000_000_000),
        (1_700_000_000_123, 1_700_000_000_123_000_000),
        (1_700_000_000_123_456, MOMENT_NS),
        (1_700_000_000_123_456_789, 1_700_000_000_123_456_789),
        ("1700000000123", 1_700_000_000_123_000_000),
        ("2023-11-14T22:13:20.123456Z", MOMENT_NS),
        ("2023-11-14T22:13:20.123456", MOMENT_NS),
        ("2023-11-14T23:13:20.123456+01:00", MOMENT_NS),
        ("2023-11-14 22:13:20.123456", MOMENT_NS),
        (1_700_000_000.5, 1_700_000_000_500_000_000),
        ("1700000000.5", 1_700_000_000_500_000_000),
        (None, None),
        (True, None),
        (0, None),
        (-5, None),
        (10**30, None),
        (float("nan"), None),
        ("", None),
        ("yesterday", None),
        ("0001-01-01", None),
        ({}, None),
    ],
)
def test_times(value: Any, ns: int | None) -> None:
    assert parse_time_ns(value) == ns


@given(st.none() | st.booleans() | st.integers() | st.floats() | st.text())
def test_any_value_is_a_time_the_store_can_hold_or_none(value: Any) -> None:
    ns = parse_time_ns(value)
    assert ns is None or 0 < ns < 2**63


@pytest.mark.parametrize(
    ("value", "ok", "score", "label"),
    [
        (True, True, None, None),
        (0.5, None, 0.5, None),
        (1, None, 1.0, None),
        ("resolved", None, None, "resolved"),
        ({"ok": False, "score": 2, "label": "wrong"}, False, 2.0, "wrong"),
        ({"ok": "yes", "score": True, "label": "x"}, None, None, "x"),
    ],
)
def test_outcomes(value: Any, ok: bool | None, score: float | None, label: str | None) -> None:
    expected = OutcomeRecord("p", "call", "c", ok, score, label, "openai-log", 5)
    assert parse_outcome(value, "p", "c", "openai-log", 5) == expected


@pytest.mark.parametrize("value", [None, "", {}, [], {"ok": None}, float("nan"), float("inf")])
def test_no_outcome(value: Any) -> None:
    assert parse_outcome(value, "p", "c", "openai-log", 5) is None
