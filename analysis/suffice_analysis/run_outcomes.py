"""Outcomes of runs as evidence: agreeing with an answer that let its run fail is no merit.

A call is *good* where its own outcome, or else its run's, is ok; *bad* where either is not; else unknown. A task is on the
path of failing runs where at least ``FEWEST_FAILED`` of the runs that it is in failed, and more than the bar lets pass
(5 %) of those whose outcome is known. Of such a task only good calls' replays count: it is proven, or refuted, by agreement
with answers that are known to have served, never by agreement alone. ``suffice analyze --successful-runs`` holds all
evidence of all tasks to good calls.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from suffice_analysis.estimate import BAR, LEVEL, wilson_interval
from suffice_analysis.replay.results import Result, part_results
from suffice_store.console import format_interval, format_share

FEWEST_FAILED = 3  # fewer may be chance whatever their share
Row = Mapping[str, Any]


@dataclass(frozen=True)
class RunOutcomes:
    """What is known of the calls' runs. ``only_good``: nothing but good calls is evidence, of any task."""

    ok_of: Mapping[int, bool] = field(default_factory=dict)  # by row of the calls; unknown ones are not in it
    run_ok: Mapping[str, bool] = field(default_factory=dict)  # by run id
    only_good: bool = False

    def good(self, rows: Iterable[int]) -> list[int]:
        """Those of the rows that are known to have served."""
        return [row for row in rows if self.ok_of.get(row, False)]

    def holds(self, path: Path) -> bool:
        """Whether the replays of a task on this path are held to good calls."""
        return self.only_good or path.is_failing


@dataclass(frozen=True, slots=True)
class Path:
    """The runs of one task: how many have a known outcome, how many of these failed."""

    known: int
    failed: int

    @property
    def is_failing(self) -> bool:
        return self.failed >= FEWEST_FAILED and self.failed > (1 - BAR) * self.known


def read_run_outcomes(outcomes: Iterable[Row], calls: pa.Table, *, only_good: bool = False) -> RunOutcomes:
    """From the reads ``outcomes`` and ``analysis_calls``."""
    said: dict[str, dict[str, bool]] = {"call": {}, "run": {}}
    for row in outcomes:
        if row["ok"] is not None and row["target"] in said:
            said[row["target"]][row["target_id"]] = bool(row["ok"])
    if not said["call"] and not said["run"]:
        return RunOutcomes(only_good=only_good)
    ok_of: dict[int, bool] = {}
    columns = (calls["call_id"].to_pylist(), calls["run_id"].to_pylist())
    for place, (call, run) in enumerate(zip(*columns, strict=True)):
        known = [each for each in (said["call"].get(call), said["run"].get(run)) if each is not None]
        if known:
            ok_of[place] = all(known)
    return RunOutcomes(ok_of, said["run"], only_good)


def find_path(outcomes: RunOutcomes, rows: Sequence[int], calls: pa.Table) -> Path:
    """Of the runs that the task's calls ``rows`` are in; a call without a run's outcome is a run of its own."""
    if not outcomes.ok_of:
        return Path(0, 0)
    runs, ok = calls["run_id"], dict[str, bool]()
    for row in rows:
        if row in outcomes.ok_of:
            run = runs[row].as_py()
            key = run if run in outcomes.run_ok else f"call {row}"
            ok[key] = ok.get(key, True) and outcomes.ok_of[row]
    return Path(len(ok), sum(not each for each in ok.values()))


def held_to_good(
    outcomes: RunOutcomes, path: Path, task_id: str, rows: Sequence[int], calls: pa.Table, replayed: Sequence[Result]
) -> list[Result]:
    """The replays of one task that count."""
    if not replayed or not outcomes.holds(path):
        return list(replayed)
    call_ids = calls["call_id"]
    good = {call_ids[row].as_py() for row in outcomes.good(rows)}
    return part_results(replayed, {task_id: good}).get(task_id, [])


def path_evidence(task_id: str, path: Path, *, held: bool, counted: Sequence[Result]) -> list[dict[str, Any]]:
    """The row of ``evidence`` that says how the runs went and what follows; none where no outcome is known."""
    if not path.known:
        return []
    share = path.failed / path.known
    low, high = wilson_interval(path.failed, path.known, LEVEL)
    said = (
        f"{path.failed:,} of {path.known:,} runs with it whose outcome is known failed"
        f" ({format_share(share)}, {format_interval(low, high)})."
    )
    if held:
        answers = sum(each.counts.n for each in counted)
        said += (
            f" Agreeing with what let a run fail is no merit, so replays count where the recorded answer served: {answers:,} answers."
            " They say nothing of the runs that failed."
        )
    return [
        {
            "task_id": task_id,
            "grade": "prior",  # of the recorded model: it says nothing of a candidate
            "kind": "run_outcomes",
            "value": share,
            "low": low,
            "high": high,
            "n": path.known,
            "sentence": said,
            "source": "outcomes that the app or a person reported (suffice.outcome)",
            "details": json.dumps({"failed": path.failed, "held_to_good": held}, sort_keys=True),
        }
    ]
