"""Two emitters of one call in two traces without response ids, and everything that is only like it."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest
from collector.duplicates.tellings import call, find, mark

WRAPPER = {"scope": "wrapper", "trace": "w", "start": 0, "end": 1.1}
CLIENT = {"scope": "client", "trace": "c", "start": 0.1, "end": 1}


def test_one_runs_within_the_other() -> None:
    assert find(call("w", **WRAPPER), call("c", **CLIENT)) == [mark("c", "w", "time_overlap")]


def test_nearly_the_same_time_is_enough() -> None:
    pair = call("w", scope="wrapper", trace="w", start=0, end=1), call("c", trace="c", start=0.02, end=1.01)
    assert find(*pair) == [mark("c", "w", "time_overlap")]


def test_a_snapshot_of_the_model_is_the_model() -> None:
    wrapper = call("w", **WRAPPER, model="openai/gpt-5-mini-2026-08-07")
    assert len(find(wrapper, call("c", **CLIENT))) == 1


@pytest.mark.parametrize(
    "differs",
    [
        {"tokens": (43, 17)}, {"tokens": (42, 18)}, {"tokens": (None, None)}, {"model": "gpt-5"}, {"service": "other"},
        {"scope": "wrapper"}, {"start": 2, "end": 3}, {"start": 0.8, "end": 1.8}, {"asked": "something else"},
        {"answered": "something else"}, {"response": "r2"},
    ],
    ids=lambda differs: "-".join(differs),
)  # fmt: skip
def test_near_misses_stay_two(differs: dict[str, Any]) -> None:
    said = {"asked": "hi", "answered": "ho", "response": "r1"}
    assert find(call("w", **WRAPPER, **said), call("c", **{**CLIENT, **said, "response": None, **differs})) == []


def test_two_equal_calls_in_parallel_stay_two() -> None:
    """One client, no response ids, the same words, tokens and time."""
    assert find(*(call(name, trace=name, asked="hi", answered="ho") for name in "ab")) == []


@pytest.mark.parametrize("order", list(permutations(range(4))), ids=lambda order: "".join(map(str, order)))
def test_two_equal_calls_told_by_two_emitters_each_stay_two(order: tuple[int, ...]) -> None:
    told = [
        call("w1", scope="wrapper", trace="w1", start=0, end=1.1), call("c1", trace="c1", start=0.05, end=1.05),
        call("w2", scope="wrapper", trace="w2", start=0.01, end=1.11), call("c2", trace="c2", start=0.06, end=1.06),
    ]  # fmt: skip
    marks = find(*(told[place] for place in order))
    assert len(marks) == 2
    assert {each.rule for each in marks} == {"time_overlap"}
    assert len({each.call_id for each in marks}) == 2


def test_a_long_wrapper_is_told_by_words_only() -> None:
    """It waits and tries again; meanwhile another call with the same tokens runs."""
    long = {**WRAPPER, "end": 9}
    assert find(call("w", **long), call("c", **CLIENT)) == []
    said = {"asked": "hi", "answered": "ho"}
    assert len(find(call("w", **long, **said), call("c", **CLIENT, **said))) == 1


def test_our_sdk_and_a_wrapper_in_either_order() -> None:
    """What our SDK told is remembered apart from the others."""
    ours = {"dialect": "suffice", "scope": "suffice", "trace": "c", "start": 0.1, "end": 1}
    assert find(call("c", **ours), call("w", **WRAPPER)) == [mark("w", "c", "time_overlap")]
    assert find(call("w", **WRAPPER), call("c", **ours)) == [mark("w", "c", "time_overlap")]
    assert find(call("c", **ours), call("d", **{**ours, "trace": "d"})) == []


def test_three_emitters_of_one_call_leave_one() -> None:
    marks = find(*(call(name, scope=name, trace=name) for name in "abc"))
    assert [each.call_id for each in marks] == ["id-b", "id-c"]


def test_a_log_record_within_a_span() -> None:
    log = call("l", trace="x", dialect="codex_logs", scope="log", asked="hi", start=0.99, end=0.99)
    told = call("s", dialect="codex", scope="codex_exec", model=None, start=0, end=1)
    assert find(told, log) == find(log, told) == [mark("s", "l", "time_overlap")]


def test_with_response_ids_the_ids_decide() -> None:
    assert find(call("w", **WRAPPER, response="r1"), call("c", **CLIENT, response="r2")) == []


@pytest.mark.parametrize("order", list(permutations("abw")), ids="".join)
def test_of_two_that_start_equally_near_it_is_the_same_one_in_any_order(order: tuple[str, ...]) -> None:
    """Two equal calls at once; the wrapper tells of either of them, and of one only."""
    ours = {"dialect": "suffice", "scope": "suffice", "start": 0.1}
    told = {
        "a": call("a", **ours, trace="a", end=1.05), "b": call("b", **ours, trace="b", end=1),
        "w": call("w", **{**WRAPPER, "end": 1.04}),
    }  # fmt: skip
    marks = find(*(told[each] for each in order))
    assert [each.rule for each in marks] == ["time_overlap"]
    if order[2] == "w":
        assert marks == [mark("w", "a", "time_overlap")]
