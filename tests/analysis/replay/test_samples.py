"""The order in which calls are replayed: all of them once, any beginning like the whole, the same for the same seed."""

from __future__ import annotations

from collections import Counter
from typing import Any

from suffice_analysis.replay.counts import count_replays, design_effect
from suffice_analysis.replay.samples import ROUND, draw_sample


def row(i: int, **more: Any) -> dict[str, Any]:
    return {
        "call_id": f"c{i}", "run_id": f"r{i}", "started_ns": i * 10**9, "action": "tool:a" if i % 4 else "answer:json",
        "input_tokens": 100 + i % 7, "output_hashes": ["h"], "completeness": "complete",
    } | more  # fmt: skip


ROWS = [row(i) for i in range(400)]


def test_each_call_once_and_the_same_for_the_same_seed() -> None:
    sample = draw_sample(ROWS, seed=3)
    assert sorted(each.call_id for each in sample) == sorted(r["call_id"] for r in ROWS)
    assert [each.call_id for each in sample] == [each.call_id for each in draw_sample(ROWS, seed=3)]
    assert [each.call_id for each in sample] != [each.call_id for each in draw_sample(ROWS, seed=4)]


def test_any_beginning_of_whole_rounds_looks_like_the_whole() -> None:
    sample = draw_sample(ROWS, seed=1)
    for end in (ROUND, 3 * ROUND, 10 * ROUND):
        counts = Counter(str(each.row["action"]) for each in sample[:end])
        assert abs(counts["answer:json"] / end - 0.25) <= 3 / end + 0.02


def test_calls_without_a_whole_answer_are_left_out() -> None:
    rows = [row(1), row(2, output_hashes=[]), row(3, completeness="partial")]
    assert [each.call_id for each in draw_sample(rows, seed=0)] == ["c1"]
    assert draw_sample([], seed=0) == []


def test_unknown_times_and_lengths_are_a_stratum_of_their_own() -> None:
    rows = [row(i, started_ns=None, input_tokens=None) for i in range(10)]
    assert {each.stratum for each in draw_sample(rows, seed=0)} == {"-/answer:json/-", "-/tool:a/-"}


def test_calls_of_one_run_that_fail_together_are_worth_less() -> None:
    assert design_effect([[1.0]] * 90 + [[0.0]] * 10) == 1.0
    together = design_effect([[1.0] * 5] * 40 + [[0.0] * 5] * 10)
    apart = design_effect([[1.0, 1.0, 1.0, 1.0, 0.0]] * 50)
    assert 4.5 < together < 5.6
    assert apart == 1.0
    assert design_effect([[1.0] * 5] * 40) == 1 + 4 * 0.3  # nothing failed: their likeness is guessed


def test_what_is_counted_and_what_is_not() -> None:
    verdicts = ["pass"] * 6 + ["fail"] * 2 + ["unjudged", "unavailable", "sent"]
    counts = count_replays({"verdict": v, "cluster": str(i)} for i, v in enumerate(verdicts))
    assert (counts.passed, counts.failed, counts.unjudged, counts.unavailable, counts.lost) == (6, 2, 1, 1, 1)
    assert (counts.judged, counts.n, counts.effective()) == (8, 9, (6.0, 2.0, 1.0))
