"""The comparison with the time before: which windows, and no change is said where the time before is not recorded."""

from __future__ import annotations

import re
from typing import Any

import pytest
from dashboard.conftest import Open, shown

from suffice_dashboard.change import DAY_NS, HOUR_NS, Window, change_sentence, chosen_window, last_window
from suffice_store.file_store import FileStore

SINCE = 20_000 * DAY_NS
WEEK = chosen_window(SINCE, 7.0)


def pair(this: float | None, before: float | None, calls: int = 9, unpriced: int = 0) -> list[dict[str, Any]]:
    return [
        {"window": "this", "calls": 9, "paid_usd": this, "unpriced_calls": unpriced},
        {"window": "before", "calls": calls, "paid_usd": before, "unpriced_calls": 0},
    ]


def test_a_chosen_window_is_compared_with_one_as_long() -> None:
    assert Window(SINCE, SINCE + 7 * DAY_NS, "7 days") == WEEK
    assert WEEK.before_ns == SINCE - 7 * DAY_NS
    assert chosen_window(SINCE, 1 / 24) == Window(SINCE, SINCE + HOUR_NS, "hour")


@pytest.mark.parametrize(
    ("recorded", "words"),
    [(60 * DAY_NS + HOUR_NS, "30 days"), (59 * DAY_NS, "7 days"), (3 * DAY_NS, "24 hours"), (3 * HOUR_NS, "hour"), (HOUR_NS, None)],
)  # fmt: skip
def test_all_time_is_told_by_the_longest_window_that_is_recorded_twice(recorded: int, words: str | None) -> None:
    window = last_window(SINCE, SINCE + recorded)
    assert (window.words if window else None) == words
    if window:
        assert window.last
        assert window.before_ns >= SINCE
        assert window.until_ns % HOUR_NS == window.since_ns % HOUR_NS == 0
    assert last_window(None, None) is None


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (pair(11.2, 10.0), "That is **12\u202f% more** than in the 7 days before ($10.00)."),
        (pair(6.0, 10.0), "That is **40\u202f% less** than in the 7 days before ($10.00)."),
        (pair(10.01, 10.0), "That is **as much** as in the 7 days before ($10.00)."),
        (pair(120.0, 10.0), "That is **12 times** what it was in the 7 days before ($10.00)."),
        (
            pair(11.2, 10.0, unpriced=3),
            "That is **12\u202f% more** than in the 7 days before ($10.00, of priced calls).",
        ),
        (pair(11.2, None, calls=0), "In the 7 days before there was no such call."),
        (pair(11.2, None), "No comparison: nothing in the 7 days before has a price."),
    ],
)
def test_the_change_is_said_with_what_it_is_compared_with(rows: list[dict[str, Any]], said: str) -> None:
    assert change_sentence(WEEK, rows, SINCE - 8 * DAY_NS) == said


def test_a_time_that_is_not_recorded_is_not_compared_with() -> None:
    said = change_sentence(WEEK, pair(11.2, 10.0), SINCE - 6 * DAY_NS)
    assert said == "No comparison: the 7 days before are not recorded in full."
    assert change_sentence(None, [], SINCE) == "That is too short a time to compare with one before it."
    assert change_sentence(WEEK, [], None) == ""


def test_all_time_says_which_part_is_compared() -> None:
    window = Window(SINCE, SINCE + 7 * DAY_NS, "7 days", last=True)
    said = change_sentence(window, pair(5.0, 10.0), 0)
    assert said == "In the last 7 days of it you spent $5.00, **50\u202f% less** than in the 7 days before ($10.00)."


def test_a_window_that_ends_before_the_last_calls_is_not_told_of() -> None:
    window = Window(SINCE, SINCE + 7 * DAY_NS, "7 days", last=True)
    assert change_sentence(window, [{**row, "calls": 0, "paid_usd": None} for row in pair(5.0, 10.0)], 0) == ""


def test_overview_says_it_beside_the_spend_from_the_store(open_page: Open, fleet_store: FileStore) -> None:
    (overview,) = fleet_store.read("overview").to_pylist()
    window = last_window(overview["first_call_ns"], overview["last_call_ns"])
    assert window is not None
    found = fleet_store.read("spend_change", since_ns=window.since_ns, until_ns=window.until_ns).to_pylist()
    said = change_sentence(window, found, overview["first_call_ns"])
    hero = shown(open_page(fleet_store)).partition("</p>")[0]
    assert said.replace("**", "") in re.sub("<[^>]+>", "", hero)
