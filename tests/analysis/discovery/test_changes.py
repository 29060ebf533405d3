"""What is said of tasks that split, merged, appeared or vanished; and that ids and decisions survive growing data."""

from __future__ import annotations

import random
from collections.abc import Sequence

import numpy as np
from analysis.discovery.fleets import TEMPLATES, Said, agent_fleet, make_fleet, one_off, templated
from sklearn.metrics import adjusted_rand_score

from suffice_analysis.discovery import Discovery, KnownTask, discover
from suffice_analysis.discovery.changes import find_changes


def known_after(discovery: Discovery, pinned: Sequence[str] = ()) -> list[KnownTask]:
    return [KnownTask(t.task_id, t.recogniser, t.name, t.task_id in pinned) for t in discovery.tasks.values()]


def changes(ids: list[str], task_of: list[int], known: list[str], known_of: list[int]) -> list[tuple[object, ...]]:
    tasks = [KnownTask(each, {}, each.upper()) for each in known]
    names = [each.upper() for each in ids]
    found = find_changes(ids, names, np.array(task_of), tasks, np.array(known_of), np.ones(len(task_of), dtype=int))
    return [(c.change, c.task_id, c.other_ids, c.calls, c.sentence) for c in found]


def test_nothing_changed() -> None:
    assert changes(["a", "b"], [0] * 5 + [1] * 5, ["a", "b"], [0] * 5 + [1] * 5) == []


def test_without_an_earlier_analysis_nothing_is_said() -> None:
    assert changes(["a"], [0] * 5, [], [-1] * 5) == []


def test_a_split() -> None:
    assert changes(["a", "x"], [0] * 6 + [1] * 4, ["a"], [0] * 10) == [
        ("split", "a", ("x",), 10, "“A” was split; parts of it are now “X”.")
    ]


def test_a_merge() -> None:
    assert changes(["a"], [0] * 10, ["a", "b"], [0] * 6 + [1] * 4) == [
        ("merged", "a", ("b",), 10, "“A” now holds what was “B”.")
    ]


def test_one_appears_and_one_vanishes() -> None:
    assert changes(["a", "x"], [0] * 6 + [1] * 4, ["a", "b"], [0] * 6 + [-1] * 4) == [
        ("appeared", "x", (), 4, "“X” is new: 4 calls."),
        ("vanished", "b", (), 0, "“B” no call of it was seen."),
    ]


def test_five_runs_on_growing_data_keep_ids_and_decisions() -> None:
    rng = random.Random(5)
    said = agent_fleet(each=30) + [one_off(rng) for _ in range(120)]
    rng.shuffle(said)
    known: list[KnownTask] = []
    merged: dict[str, str] = {}
    pinned: list[str] = []
    as_pinned: object = None
    before: list[str | None] = []
    for nth in range(1, 6):
        fleet = make_fleet(said[: 96 * nth])
        found = discover(fleet.calls, fleet.texts, fleet.toolsets, known=known, merged=merged, seed=nth)
        if nth == 1:
            first, second, third = [t for t in found.tasks if found.tasks[t].recogniser["kind"] == "template"][:3]
            merged, pinned = {first: second}, [third]
        else:
            want = [merged.get(task or "", task) for task in before]
            moved = sum(a != b for a, b in zip(want, found.task_ids, strict=False))
            assert moved <= 0.01 * len(want)
            assert first not in found.tasks
            assert found.tasks[third].recogniser == as_pinned
            assert [c.change for c in found.changes if c.change in ("split", "vanished")] == []
        as_pinned = found.tasks[third].recogniser
        before, known = found.task_ids, known_after(found, pinned)


def test_a_fifth_more_calls_moves_under_a_hundredth_of_the_old_ones_and_seeds_agree() -> None:
    rng = random.Random(6)
    said = agent_fleet(each=40, seed=6) + [one_off(rng) for _ in range(300)]
    rng.shuffle(said)
    part, whole = make_fleet(said[:650]), make_fleet(said)
    first = discover(part.calls, part.texts, part.toolsets)
    second = discover(whole.calls, whole.texts, whole.toolsets, known=known_after(first), seed=1)
    third = discover(whole.calls, whole.texts, whole.toolsets, known=known_after(first), seed=2)
    moved = sum(a != b for a, b in zip(first.task_ids, second.task_ids, strict=False))
    assert moved < 0.01 * len(first.task_ids)
    assert adjusted_rand_score(second.task_ids, third.task_ids) >= 0.98


def test_a_new_task_is_said_by_its_name() -> None:
    rng = random.Random(7)
    said = [templated(label, rng) for label in list(TEMPLATES)[:4] for _ in range(10)]
    first = discover(*_parts(said))
    second = discover(*_parts(said + [templated("title", rng) for _ in range(10)]), known=known_after(first))
    (change,) = second.changes
    assert (change.change, change.calls) == ("appeared", 10)
    assert change.sentence == f"“{second.tasks[change.task_id].name}” is new: 10 calls."


def _parts(said: list[Said]):  # type: ignore[no-untyped-def]
    fleet = make_fleet(said)
    return fleet.calls, fleet.texts, fleet.toolsets
