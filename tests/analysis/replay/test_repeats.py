"""Requests that the app sent twice: counted by hand; too few say nothing; another setting is another request."""

from __future__ import annotations

import pytest
from analysis.traffic import Traffic

from suffice_analysis.estimate import clopper_pearson_interval
from suffice_analysis.inputs import read_inputs
from suffice_analysis.replay.repeats import repeat_rows


def traffic(pairs: int, wrong: int, **second: str) -> Traffic:
    made = Traffic()
    for n in range(pairs):
        asked = [("user", f"Which queue does ticket {n} belong to?")]
        made.call(asked, "billing" if n % 2 else "shipping")
        made.call(asked, "returns" if n < wrong else "billing" if n % 2 else "shipping", **second)
    return made


def test_they_are_counted_with_their_interval() -> None:
    made = traffic(40, 4)
    (row,) = repeat_rows(read_inputs(made.store()), {"t": range(80)})  # type: ignore[arg-type]
    assert (row["n"], row["value"], row["kind"]) == (40, 0.9, "repeats")
    assert (row["low"], row["high"]) == clopper_pearson_interval(36, 40)
    assert "agreed with itself in 90 % (79–97 %), n = 40" in row["sentence"]


@pytest.mark.parametrize(
    "made", [traffic(9, 0), traffic(40, 0, parameters='{"temperature":1}'), traffic(40, 0, model="other")]
)
def test_few_or_other_requests_say_nothing(made: Traffic) -> None:
    assert repeat_rows(read_inputs(made.store()), {"t": range(len(made.calls))}) == []  # type: ignore[arg-type]
