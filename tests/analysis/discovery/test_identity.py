"""Which task keeps which id."""

from __future__ import annotations

import numpy as np
import pytest

from suffice_analysis.discovery.identity import keep_known_ids


@pytest.mark.parametrize(
    ("task_of", "known_of", "ids"),
    [
        ([0, 0, 1, 1], [0, 0, 1, 1], ["a", "b"]),  # the same again
        ([0, 0, 1, 1], [1, 1, 0, 0], ["b", "a"]),  # numbered otherwise
        ([0, 0, 1, 1], [-1, -1, 0, 0], ["x", "a"]),  # one is new
        ([0, 0, 0, 1], [0, 0, 0, 0], ["a", "y"]),  # split: the larger part keeps it
        ([0, 0, 0, 0], [0, 0, 0, 1], ["a", "y"]),  # merged: the larger gives it
    ],
)
def test_ids_follow_the_calls(task_of: list[int], known_of: list[int], ids: list[str]) -> None:
    kept = keep_known_ids(["x", "y"], np.array(task_of), ["a", "b"], np.array(known_of), np.ones(4))
    assert kept[: len(ids)] == ids


def test_a_stray_call_hands_on_no_id() -> None:
    task_of, known_of = np.array([0] * 10 + [1] * 10), np.array([0] * 9 + [1] + [1] * 2 + [-1] * 8)
    # known b is seen in 3 calls, 2 of them in task y: it is y; one of them in x changes nothing
    assert keep_known_ids(["x", "y"], task_of, ["a", "b"], known_of, np.ones(20)) == ["a", "b"]


def test_calls_weigh_not_heads() -> None:
    assert keep_known_ids(["x", "y"], np.array([0, 1]), ["a"], np.array([0, 0]), np.array([3, 500])) == ["x", "a"]


def test_two_new_tasks_made_of_the_same_have_two_ids() -> None:
    assert keep_known_ids(["x", "x", "x"], np.array([0, 1, 2]), [], np.array([-1, -1, -1]), np.ones(3)) == [
        "x",
        "x-2",
        "x-3",
    ]
