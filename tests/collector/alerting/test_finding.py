"""What is worth an alert of money and of the collector, and what is not."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from suffice_collector.alerting.finding import spend_jump, trouble
from suffice_store.alerts_file import Thresholds

TODAY = "2026-11-16T00:00:00Z"


def days(*usd: float | None) -> list[dict[str, Any]]:
    """The last is today."""
    first = 17 - len(usd)
    return [
        {"key": f"2026-11-{first + n:02d}T00:00:00Z", "paid_usd": None if each is None else Decimal(str(each))}
        for n, each in enumerate(usd)
    ]


@pytest.mark.parametrize(
    ("usd", "jumps"),
    [
        ((10, 11, 9, 10, 12, 10, 10, 25), True),
        ((10, 11, 9, 10, 12, 10, 10, 19), False),  # under twice the usual
        ((1, 1, 1, 1, 1, 1, 1, 9), False),  # nine times as much, and under ten dollars more
        ((10, 10, 10, 25), False),  # three days say nothing about what is usual
        ((10, 10, 10, 10, 25), True),
        ((100, 0, 0, 100, 100, 100, 100, 101), False),  # after a weekend
        ((10, 10, 10, 10, None), False),  # nothing of today is priced
    ],
)  # fmt: skip
def test_a_jump_is_far_over_the_usual_day(usd: tuple[float | None, ...], jumps: bool) -> None:
    assert (spend_jump(days(*usd), TODAY, Thresholds()) is not None) is jumps


def test_a_jump_is_said_once_a_day_with_both_figures() -> None:
    found = spend_jump(days(10, 11, 9, 10, 12, 10, 10, 25), TODAY, Thresholds())
    assert found is not None
    assert (found.name, found.subject, found.title) == (
        f"day {TODAY}",
        "2026-11-16",
        "$25.00 spent today, $10.00 is usual",
    )
    assert "2.5 times as much" in found.sentence
    later = spend_jump(days(10, 11, 9, 10, 12, 10, 10, 90), TODAY, Thresholds())
    assert later is not None
    assert later.name == found.name
    assert spend_jump(days(10, 11, 9, 10, 12, 10, 10, 25), "", Thresholds()) is None


def test_the_file_says_how_far_is_far() -> None:
    usual = days(10, 11, 9, 10, 12, 10, 10, 16)
    assert spend_jump(usual, TODAY, Thresholds()) is None
    assert spend_jump(usual, TODAY, Thresholds(spend_jump_factor=1.5, spend_jump_usd=5)) is not None


FINE = {"dead_letters": 2, "rejected": 5, "refused": {"key": 9, "rate": 1, "size": 0}}


def test_what_was_so_before_is_no_news() -> None:
    assert trouble(FINE, FINE, 7200.0, "") == []
    assert trouble({**FINE, "refused": {"key": 99, "rate": 1}}, FINE, 7200.0, "") == [], (
        "a wrong key loses nothing of ours"
    )


@pytest.mark.parametrize(
    ("now", "not_ready", "kind", "name", "title"),
    [
        ({"dead_letters": 3}, "", "collector_losing", "letters 2", "1 request could not be stored"),
        ({}, "not storing: disk full", "collector_losing", "status 2", "The collector is not storing"),
        ({"rejected": 12}, "", "collector_dropping", "rejected 2", "7 spans were not kept"),
        ({"refused": {"rate": 4, "size": 2}}, "", "collector_dropping", "refused 2", "5 requests turned away"),
    ],
)  # fmt: skip
def test_trouble_is_told_once_an_hour(now: dict[str, Any], not_ready: str, kind: str, name: str, title: str) -> None:
    (found,) = trouble({**FINE, **now}, FINE, 7300.0, not_ready)
    assert (found.kind, found.name, found.title) == (kind, name, title)
    (later,) = trouble({**FINE, **now}, FINE, 10_801.0, not_ready)
    assert later.name == name.replace("2", "3")


def test_catching_up_after_a_start_is_no_trouble() -> None:
    assert trouble(FINE, FINE, 7300.0, "replaying") == []
