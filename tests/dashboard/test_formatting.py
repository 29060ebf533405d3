from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suffice_dashboard import formatting as f


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (None, "unpriced"), (float("nan"), "unpriced"), (0, "$0.00"), (Decimal("412.8"), "$412.80"), (0.004, "$0.004"),
        (0.00001, "$0.00001"), (1e-7, "<$0.000001"), (0.0247, "$0.025"), (0.0994, "$0.099"), (0.0999, "$0.10"), (9999.994, "$9,999.99"), (12340.4, "$12,340"), (21_300_000, "$21.3\u202fM"), (-5.5, "−$5.50"),
    ],
)  # fmt: skip
def test_money(value: float | None, said: str) -> None:
    assert f.render_money(value) == said


@pytest.mark.parametrize(
    ("value", "said"),
    [(None, "unknown"), (0, "0\u202f%"), (1, "100\u202f%"), (0.62, "62\u202f%"), (0.001, "<1\u202f%"), (0.9999, "99.9\u202f%"), (0.996, "99.6\u202f%")],
)  # fmt: skip
def test_share(value: float | None, said: str) -> None:
    assert f.render_share(value) == said


def test_interval() -> None:
    assert f.render_interval(0.62, 0.55, 0.68) == "62\u202f% (55–68)"
    assert f.render_interval(0.62, None, 0.68) == "62\u202f%"
    assert f.render_interval(None, 0.5, 0.6) == "unknown"
    assert f.render_interval(0.69, 0.36, 0.92) == "36–92\u202f%"
    assert f.render_interval(0.995, 0.98, 1.0) == "99.5\u202f% (98–100)"
    assert f.render_interval(0.3912, 0.387, 0.3949) == "39.1\u202f% (38.7–39.5)"
    assert f.render_interval(0.39, 0.39, 0.39) == "39\u202f%"


def test_money_interval() -> None:
    assert f.render_money_interval(81.2, 60, 96.1) == "$81 ($60–$96)"
    assert f.render_money_interval(2, -5, 9) == "$2.00 (−$5.00 to $9.00)"
    assert f.render_money_interval(7_201.06, 6_100.22, 8_002.13) == "$7,200 ($6,100–$8,000)"
    assert f.render_money_interval(0.041, 0.04, 0.046) == "$0.041 ($0.040–$0.046)"
    assert f.render_money_interval(21_340_000, 18e6, 24.2e6) == "$21\u202fM ($18\u202fM–$24\u202fM)"
    assert f.render_money_interval(2, None, 9) == "$2.00"
    assert f.render_money_interval(0.041, 0.038, 0.0444) == "$0.041 ($0.038–$0.044)"
    assert f.render_money_interval(0.0412, 0.0411, 0.0413) == "$0.0412 ($0.0411–$0.0413)"
    assert f.render_money_interval(5.001, 4.999, 5.003) == "$5.00 (under a cent either way)"
    assert f.render_money_interval(0.151, 0.144, 0.154) == "$0.151 ($0.144–$0.154)"
    assert f.render_money_interval(0.0, 0.0, 0.0) == "$0.00"


def test_an_estimate_alone_is_not_told_to_the_cent() -> None:
    assert [f.render_estimate(usd) for usd in (7_201.06, -41.284, 0, None)] == [
        "$7,200",
        "−$41.30",
        "$0.00",
        "unpriced",
    ]
    assert f.render_estimate(21_340_000) == "$21.3\u202fM"
    assert f.render_estimate_within(0.0412, 0.0411, 0.0413) == "$0.0412"


def test_a_task_under_a_hundred_calls_gets_no_share() -> None:
    row = {"calls": 99, "replaceability": 0.9, "replaceability_low": 0.8, "replaceability_high": 0.95}
    assert f.render_task_share(row) == "under 100 calls"
    assert f.render_task_share(row | {"replaceability": None}) == "under 100 calls"
    assert f.render_task_share(row | {"calls": 100}) == "90\u202f% (80–95)"
    assert f.render_task_share(row | {"replaceability": None, "replaceability_low": None}) == "unknown"


@pytest.mark.parametrize(
    ("value", "said"),
    [(None, "unknown"), (0, "0"), (812, "812"), (9_999, "9,999"), (45_320, "45.3\u202fk"), (350_000, "350\u202fk"), (6_010_000, "6.0\u202fM"), (2.5e9, "2.5\u202fG")],
)  # fmt: skip
def test_tokens(value: float | None, said: str) -> None:
    assert f.render_tokens(value) == said


@pytest.mark.parametrize(
    ("value", "said"),
    [(None, "unknown"), (820, "820\u202fms"), (2400, "2.4\u202fs"), (72_000, "1\u202fmin 12\u202fs"), (11_100_000, "3\u202fh 5\u202fmin")],
)  # fmt: skip
def test_duration(value: float | None, said: str) -> None:
    assert f.render_duration(value) == said


def test_times_are_utc_and_unknown_is_said() -> None:
    ns = 1_795_468_625_000_000_000
    assert f.render_time(ns) == "23 Nov 2026, 21:17:05 UTC"
    assert f.render_moment(ns) == "23 Nov, 21:17:05"
    assert f.render_day(ns) == "23 Nov 2026"
    assert [f.render_time(None), f.render_moment(None), f.render_day(None)] == ["unknown"] * 3


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (8 * 86_400, "in 8 days"),
        (86_400, "in 24 hours"),
        (2_400, "in 40 minutes"),
        (70, "in about a minute"),
        (59, "in under a minute"),
        (10, "in under a minute"),
        (0, ""),
    ],
)
def test_window(seconds: int, said: str) -> None:
    assert f.render_window(10**18, 10**18 + seconds * 10**9) == said


def test_window_of_calls_without_times() -> None:
    assert f.render_window(None, None) == ""


def test_call_cost_tells_unknown_from_unpriced() -> None:
    call = {"paid_usd": None, "input_tokens": None, "output_tokens": None, "usage_source": "absent"}
    assert (f.render_call_cost(call), f.render_token_pair(call)) == ("unknown", "unknown")
    counted = call | {"input_tokens": 4096, "output_tokens": 88, "usage_source": "estimated"}
    assert (f.render_call_cost(counted), f.render_token_pair(counted)) == ("unpriced", "~4,096 / ~88")
    assert f.render_call_cost(counted | {"paid_usd": Decimal("0.02")}) == "$0.02"


def test_words() -> None:
    assert [f.plural(1, "call"), f.plural(5214, "call"), f.plural(2, "reply", "replies")] == [
        "1 call",
        "5,214 calls",
        "2 replies",
    ]
    assert [f.basis_words("month"), f.basis_words("per_1000_calls")] == ["a month", "per 1,000 calls"]


@given(st.text(max_size=200), st.integers(5, 80))
def test_shorten_never_exceeds_its_limit(text: str, limit: int) -> None:
    short = f.shorten(text, limit)
    assert len(short) <= limit
    assert "\n" not in short


@given(st.floats(allow_nan=True, allow_infinity=True) | st.none())
def test_missing_is_never_shown_as_zero(value: float | None) -> None:
    shown = f.render_money(value)
    assert (shown == "$0.00") == (value == 0)
