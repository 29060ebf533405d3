"""What is said of a task's slices: each has an interval, a grade, a verdict and a saving, as a task has.

A split is chosen on one half of the task's runs (``slices.chooses``); what is estimated of a slice (its prior, its proxy, its
replays) comes from the calls of the other half. Counted over all its calls are only calls, tokens and money. Replays of the
task are replays of its slices: a replayed call belongs to the slice that its request falls into.

A task whose slices part into some that could move and some that stay is counted by its slices in every total, so that a
big agent is not all or nothing; every other task is counted whole (``counted_units``).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from suffice_analysis.discovery.types import FoundTask
from suffice_analysis.replaceability import CLAIM_CALLS
from suffice_analysis.replay.results import Result, best_result, part_results
from suffice_analysis.run_outcomes import find_path
from suffice_analysis.savings.recommend import first_choice
from suffice_analysis.slices import Slice, chooses
from suffice_analysis.task_results import Judging, TaskResult, judge_calls

Row = dict[str, Any]
EVIDENCE = ("grade", "kind", "value", "low", "high", "n", "sentence", "source")
SAVING = ("saving_usd", "saving_low_usd", "saving_high_usd", "extra_wrong", "extra_wrong_low", "extra_wrong_high")


@dataclass(frozen=True)
class SliceResult:
    """One slice of a task, and what holds of its calls."""

    task_id: str
    found: Slice
    result: TaskResult

    @property
    def word(self) -> str:
        return self.result.verdict.word


def judge_slices(
    judging: Judging, task: FoundTask, found: Sequence[Slice], rows_of: Mapping[str, Sequence[int]], whole: TaskResult
) -> list[SliceResult]:
    """The slices ``found`` of one task, judged. ``rows_of``: the calls of each; ``whole``: the task's own result."""
    if not found or whole.replaceability is None:
        return []
    call_ids, runs = judging.inputs.calls["call_id"], judging.inputs.calls["run_id"]
    estimating: dict[str, dict[str, int]] = {}
    counting: dict[str, frozenset[str]] = {}
    for each in found:
        named = ((i, call_ids[i].as_py(), runs[i].as_py()) for i in rows_of[each.slice_id])
        own_half = {call: i for i, call, run in named if not chooses(run or call)}
        held = judging.outcomes.holds(find_path(judging.outcomes, rows_of[each.slice_id], judging.inputs.calls))
        good = set(judging.outcomes.good(own_half.values()))
        estimating[each.slice_id] = own_half
        counting[each.slice_id] = frozenset(call for call, i in own_half.items() if not held or i in good)
    replayed = part_results(whole.replayed, counting)
    judged = []
    for each in found:
        part = FoundTask(each.slice_id, each.name, "slice", task.template, {}, each.calls)
        looked_at = sorted(estimating[each.slice_id].values())
        rows = rows_of[each.slice_id]
        own = replayed.get(each.slice_id, [])
        result = judge_calls(judging, part, rows, own, ignored=whole.ignored, looked_at=looked_at)
        judged.append(SliceResult(task.task_id, each, result))
    return judged


def is_parted(slices: Sequence[SliceResult]) -> bool:
    """Whether some of them could move and some stay. Of those with too few calls for a claim neither is said."""
    told = [each for each in slices if each.result.profile.calls >= CLAIM_CALLS]
    return any(s.result.case.movable for s in told) and any(s.word == "stays" for s in told)


def counted_units(results: Sequence[TaskResult], slices: Mapping[str, Sequence[SliceResult]]) -> list[TaskResult]:
    """What the totals add up: tasks, or the slices of those that are parted. Ignored ones are in no total."""
    units: list[TaskResult] = []
    for result in results:
        own = slices.get(result.profile.task_id, ())
        if not result.ignored:
            units += [each.result for each in own] if is_parted(own) else [result]
    return units


def tests_of(slices: Mapping[str, Sequence[SliceResult]]) -> dict[str, int]:
    """By how much a proof is paid for in the total, where a task's replays were read by slices too: half of its error is for
    itself, half for its slices. Everything else is one test."""
    tests: dict[str, int] = {}
    for task_id, own in slices.items():
        replayed = sum(bool(each.result.replayed) for each in own)
        if replayed:
            tests |= {task_id: 2} | {each.found.slice_id: 2 * replayed for each in own}
    return tests


def slice_rows(
    found: Mapping[str, Sequence[Slice]],
    judged: Mapping[str, Sequence[SliceResult]],
    savings: Mapping[str, Sequence[Row]],
) -> list[Row]:
    """Rows of ``slices``; those of tasks that nothing can be said of carry no estimate. ``savings``: by slice."""
    rows = []
    for task_id, slices in found.items():
        results = {each.found.slice_id: each for each in judged.get(task_id, ())}
        parted = is_parted(judged.get(task_id, ()))
        for each in slices:
            row = _counted_row(task_id, each)
            if each.slice_id in results:
                row |= _judged_row(results[each.slice_id].result, savings.get(each.slice_id, ()), parted)
            rows.append(row)
    return rows


def _counted_row(task_id: str, each: Slice) -> Row:
    names = (
        "slice_id",
        "name",
        "calls",
        "share",
        "action",
        "action_share",
        "action_low",
        "action_high",
        "n",
        "chosen_by",
    )
    return {"task_id": task_id, "conditions": json.dumps(each.conditions)} | {n: getattr(each, n) for n in names}


def _judged_row(result: TaskResult, savings: Sequence[Row], parted: bool) -> Row:
    row: Row = {
        "verdict": result.verdict.word,
        "verdict_reason": result.verdict.reason,
        "kind": result.profile.kind,
        "paid_usd": result.profile.paid_usd,
        "evidence": json.dumps([{name: each[name] for name in EVIDENCE} for each in result.evidence]),
        "counted_apart": parted,
    }
    if result.replaceability is not None:
        spoken = best_result(result.replayed)
        row |= _estimate_columns(result, spoken)
    best = first_choice(savings)
    if savings:
        row |= {"basis": savings[0]["basis"], "basis_usd": savings[0]["paid_usd"]}
    if best is not None and result.profile.calls >= CLAIM_CALLS:
        row |= {"alternative": best["alternative"], "model": best["model"]} | {name: best[name] for name in SAVING}
    return row


def _estimate_columns(result: TaskResult, spoken: Result | None) -> Row:
    assert result.replaceability is not None
    estimate = result.replaceability.estimate
    return {
        "candidate": "any SLM" if spoken is None else spoken.candidate,
        "mode": "as_is" if spoken is None else spoken.variant,
        "replaceability": estimate.value if result.replaceability.claimed else None,
        "replaceability_low": estimate.low,
        "replaceability_high": estimate.high,
        "grade": estimate.grade,
        "evidence_n": estimate.n,
        "proven": result.verdict.word == "proven",
    }
