"""What people's marks say of a judge widens what it says of answers that nobody marked; over many tasks the truth stays inside."""

from __future__ import annotations

import random
from collections.abc import Iterable
from typing import Any

import pytest

from suffice_analysis.replay.counts import count_replays
from suffice_analysis.replay.judge_error import BETA, UNMEASURED, JudgeErrors, measure_errors
from suffice_analysis.replay.results import Result, find_results

CAMPAIGN = {"campaign_id": "c", "bar": 0.9, "design": "fixed", "wanted": 200, "template": "t", "recorded_ns": 1} | {
    "model": "small",
    "settings": "{}",
}


def mark(ok: bool, verdict: str = "pass", judge: str = "text") -> dict[str, Any]:
    return {"replay_call_id": "", "ok": ok, "verdict": verdict, "judge": judge}


def replay(number: int, passed: bool, judge: str = "text") -> dict[str, Any]:
    return {
        "campaign_id": "c", "call_id": str(number), "replay_call_id": f"r{number}", "candidate": "tiny", "variant": "as_is", "task_id": "t",
        "verdict": "pass" if passed else "fail", "judge": judge, "failure": None if passed else "wrong", "cluster": str(number),
        "recorded_ns": number, "position": number, "response_model": None, "cost_usd": None, "latency_ms": None, "score": 1.0, "masked": False,
    }  # fmt: skip


def result(rows: Iterable[dict[str, Any]], marks: Iterable[dict[str, Any]], wanted: int = 200) -> Result:
    rows = list(rows)
    tasks = {row["call_id"]: "t" for row in rows}
    (found,) = find_results(rows, [CAMPAIGN | {"wanted": wanted}], tasks, {"t": "t"}, marks).by_task["t"]
    return found


def test_a_rule_that_no_mark_contradicts_is_believed() -> None:
    rows = [replay(n, n >= 4) for n in range(200)]
    bare, marked = result(rows, []), result(rows, [mark(True), mark(False, "fail")])
    assert (bare.low, bare.high, bare.status) == (marked.low, marked.high, marked.status)
    assert (bare.status, bare.value) == ("proven", 0.98)
    assert measure_errors([mark(True), mark(False, "fail"), mark(True, "unjudged")]) == JudgeErrors({})


def test_one_that_marks_contradict_is_worth_what_it_is() -> None:
    rows = [replay(n, n >= 4) for n in range(200)]
    bare = result(rows, [])
    marks = [mark(n >= 5) for n in range(100)]
    doubted = result(rows, marks)
    assert doubted.low < bare.low - 0.05
    assert doubted.status == "open"
    assert doubted.value == pytest.approx(0.98 - 0.98 * 0.05)
    assert doubted.low < 0.98 * 0.95 < doubted.high
    assert "widened by its judge's errors" in doubted.sentence()
    surer = result(rows, [mark(n % 20 > 0) for n in range(2_000)])
    assert doubted.low < surer.low < bare.low


def test_wrong_failures_lift_the_upper_end_only() -> None:
    rows = [replay(n, n >= 60) for n in range(200)]
    bare = result(rows, [])
    doubted = result(rows, [mark(n < 10, "fail") for n in range(50)] + [mark(True) for _ in range(400)])
    assert doubted.high > bare.high + 0.05
    assert (bare.value, doubted.value) == (0.7, pytest.approx(0.7 + 0.3 * 0.2))


def test_another_judges_answers_are_not_touched() -> None:
    rows = [replay(n, n >= 4, "label") for n in range(200)]
    assert result(rows, [mark(False), mark(True)]).low == result(rows, []).low


def test_a_models_word_decides_nothing_until_it_is_measured() -> None:
    rows = [replay(n, True, "llm judge-1") for n in range(200)]
    unmeasured = result(rows, [])
    assert (unmeasured.low, unmeasured.high, unmeasured.status, unmeasured.value) == (0.0, 1.0, "open", 1.0)
    assert measure_errors([]).of("llm judge-1") is UNMEASURED
    measured = result(rows, [mark(True, judge="llm judge-1") for _ in range(100)])
    assert 0.9 < measured.low < 0.95
    assert measured.high == 1.0


def test_a_person_s_own_verdict_is_not_doubted() -> None:
    rows = [replay(n, True) for n in range(60)]
    marks = [mark(True) | {"replay_call_id": f"r{n}"} for n in range(59)] + [mark(False) | {"replay_call_id": "r59"}]
    found = result(rows, marks, wanted=60)
    assert found.counts.effective() == (59, 1, 0)


@pytest.mark.parametrize(
    ("true_share", "wrong_pass", "wrong_fail"), [(0.9, 0.08, 0.3), (0.6, 0.02, 0.05), (0.97, 0.1, 0.5)]
)
def test_the_truth_stays_inside(true_share: float, wrong_pass: float, wrong_fail: float) -> None:
    """100 tasks of 200 answers judged so, 60 marks: the 90 % interval of the share that is really as good, 5 % each side at most."""
    rng = random.Random(3)
    below = above = plain_outside = 0
    # the judge's rates given what it said; how often it says pass follows from the truth
    says_pass = (true_share - wrong_fail) / (1 - wrong_pass - wrong_fail)
    for _ in range(100):
        rows = [replay(n, rng.random() < says_pass) for n in range(200)]
        marks = [
            mark(rng.random() >= wrong_pass) if rng.random() < says_pass else mark(rng.random() < wrong_fail, "fail")
            for _ in range(60)
        ]
        found, plain = result(rows, marks), result(rows, [])
        below += true_share < found.low
        above += true_share > found.high
        plain_outside += not plain.low <= true_share <= plain.high
    assert below <= 10  # 5 expected at most; P(11 or more of 100) = 1.1 %
    assert above <= 10
    assert plain_outside > 10 or abs(says_pass - true_share) < 0.02


def test_the_error_of_the_ends_is_taken_from_the_intervals_own() -> None:
    counts = count_replays([replay(0, True)], measure_errors([mark(False), mark(True)]))
    assert counts.beta == BETA
    assert count_replays([replay(0, True)], measure_errors([mark(True)])).beta == 0.0
