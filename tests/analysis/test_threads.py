"""Calls linked by their content: who continues whom, and which hang together."""

from __future__ import annotations

from pathlib import Path

import pytest
from analysis.discovery.fleets import read_recording
from hypothesis import given
from hypothesis import strategies as st

from suffice_analysis.threads import previous_calls, run_groups


def test_a_run_is_followed_from_call_to_call() -> None:
    before = [None, "a", None, "b", "c"]
    after = ["a", "b", "x", "c", "d"]
    assert previous_calls(before, after).tolist() == [-1, 0, -1, 1, 3]
    groups = run_groups(before, after).tolist()
    assert groups[0] == groups[1] == groups[3] == groups[4] != groups[2]


def test_a_log_out_of_order_is_linked_all_the_same() -> None:
    assert previous_calls(["b", "a", None], ["c", "b", "a"]).tolist() == [1, 2, -1]


def test_of_equal_predecessors_the_last_before_it() -> None:
    assert previous_calls([None, None, "a", None], ["a", "a", "b", "a"]).tolist() == [-1, -1, 1, -1]


def test_a_call_never_continues_itself() -> None:
    assert previous_calls(["a"], ["a"]).tolist() == [-1]


def test_lone_calls_are_groups_of_their_own() -> None:
    assert sorted(run_groups([None] * 3, [None] * 3).tolist()) == [0, 1, 2]


def test_nothing() -> None:
    assert previous_calls([], []).tolist() == []
    assert run_groups([], []).tolist() == []


@given(st.lists(st.tuples(st.none() | st.sampled_from("abcd"), st.none() | st.sampled_from("abcd")), max_size=12))
def test_a_call_and_the_one_before_it_share_a_group(chains: list[tuple[str | None, str | None]]) -> None:
    before, after = [c[0] for c in chains], [c[1] for c in chains]
    groups = run_groups(before, after)
    for call, previous in enumerate(previous_calls(before, after).tolist()):
        if previous >= 0:
            assert after[previous] == before[call]
            assert groups[previous] == groups[call]


@pytest.mark.shared
def test_recorded_agents_are_linked_without_trace_ids(shared_data: Path) -> None:
    logged, fleet = read_recording(shared_data / "calls" / "tau_bench.jsonl.gz")
    before, after = fleet.calls["chain_before"].to_pylist(), fleet.calls["chain_after"].to_pylist()
    previous = previous_calls(before, after).tolist()
    history = [i for i, chain in enumerate(before) if chain is not None]
    right = [i for i in history if previous[i] >= 0 and logged[previous[i]]["trace_id"] == logged[i]["trace_id"]]
    assert len(history) == 2150
    assert len(right) / len(history) >= 0.99
