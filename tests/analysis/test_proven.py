"""The proven shares: what they weigh, and that their n counts the answers that prove them and no others."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from analysis.cases import make_profile, make_result

from suffice_analysis.proven import proven_rows
from suffice_analysis.replay.results import Result


def part(task_id: str, word: str, p_value: float, *, n: int = 400, calls: int = 10_000) -> Any:
    made = make_result("house-8b", None)
    counts = replace(made.counts, passed=n - 40, failed=40)
    status: Any = {"proven": "proven", "stays": "refuted"}.get(word, "open")
    result: Result = replace(made, task_id=task_id, counts=counts, p_value=p_value, status=status)
    return make_profile(task_id=task_id, calls=calls), word, [result], 1


def share(*parts: Any) -> tuple[float, int, dict[str, Any]]:
    row = next(each for each in proven_rows(parts, 0) if each["measure"] == "proven_share_calls")
    assert row["low"] == row["high"] == row["value"]
    return row["value"], row["n"], json.loads(row["details"])


def test_n_counts_the_answers_of_what_is_proven() -> None:
    value, n, details = share(
        part("a", "proven", 0.001), part("b", "stays", 1.0, n=900), part("c", "likely", 0.4, n=80)
    )
    assert (value, n) == (pytest.approx(1 / 3), 400)
    assert (details["answers"], details["proven"]) == (1_380, ["a"])


def test_of_what_is_proven_only_one_by_one_too() -> None:
    """At 4 % each is proven by itself, and the two together are not."""
    value, n, details = share(part("a", "proven", 0.04), part("b", "proven", 0.04, n=300), part("c", "stays", 1.0))
    assert (value, n, details["proven"]) == (0.0, 700, ["a", "b"])


def test_where_one_of_two_counts_together_the_other_is_in_neither_number() -> None:
    value, n, details = share(part("a", "proven", 0.001), part("b", "proven", 0.06, n=300))
    assert (value, n, details["proven"]) == (0.5, 400, ["a"])


def test_another_candidate_that_proves_nothing_is_not_counted() -> None:
    profile, word, results, tests = part("a", "proven", 0.001)
    other = replace(results[0], candidate="tiny", p_value=0.9, status="open")
    assert share((profile, word, [*results, other], tests))[1] == 400


def test_where_nothing_is_proven_all_that_was_asked_for_it_counts() -> None:
    value, n, details = share(part("a", "stays", 1.0), part("b", "likely", 0.4, n=80))
    assert (value, n, details["proven"]) == (0.0, 480, [])


def test_without_a_replay_there_is_none() -> None:
    profile, word, _, tests = part("a", "likely", 1.0)
    rows = proven_rows([(profile, word, [], tests)], 0)
    assert {(row["value"], row["n"], row["grade"]) for row in rows} == {(0.0, 0, "prior")}
