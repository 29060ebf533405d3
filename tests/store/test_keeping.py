"""Retention: the policy, and the day before which calls go."""

from __future__ import annotations

from typing import Any

import pytest

from suffice.errors import SufficeError
from suffice_store.file_store import FileStore
from suffice_store.keeping import NS_PER_DAY, Policy, cut_ns, read_policies

NOW = 1000 * NS_PER_DAY + 5
DAYS = [(900, 10), (990, 10), (999, 10), (1000, 100)]


@pytest.mark.parametrize(
    ("age", "size", "first_kept"),
    [
        (None, None, None),
        (200, None, None),  # nothing is that old
        (100, None, None),  # the oldest day is just kept
        (99, None, 901),
        (5, None, 995),
        (None, 1000, None),
        (None, 120, 901),  # today's 100, and 999 and 990
        (None, 115, 991),
        (None, 1, 1000),  # never today's
        (5, 120, 995),  # both: what is stricter
        (500, 115, 991),
    ],
)
def test_the_cut(age: int | None, size: int | None, first_kept: int | None) -> None:
    expected = None if first_kept is None else first_kept * NS_PER_DAY
    assert cut_ns(Policy("p", age, size), DAYS, NOW) == expected


def test_days_without_a_time_and_no_days_at_all() -> None:
    assert cut_ns(Policy("p", 1, 1), [], NOW) is None
    assert cut_ns(Policy("p", 1, None), [(0, 50)], NOW) is None


def test_the_latest_policy_of_a_project_counts(file_store: FileStore) -> None:
    for project, days in (("a", 30), ("b", 7), ("a", 90), ("b", None)):
        file_store.command("set_retention", project=project, max_age_days=days)
    with file_store.connected() as connection:
        assert read_policies(connection) == [Policy("a", 90, None)]
    rows = file_store.read("retention", project="*").to_pylist()
    assert [(row["project"], row["max_age_days"]) for row in rows] == [("a", 90), ("b", None)]


@pytest.mark.parametrize("given", [{"max_age_days": 0}, {"max_age_days": "7"}, {"max_bytes": -1}, {"max_bytes": True}])
def test_refusals(file_store: FileStore, given: dict[str, Any]) -> None:
    with pytest.raises(SufficeError, match="a whole number from 1"):
        file_store.command("set_retention", **given)
