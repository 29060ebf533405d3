"""What a plan rests on: one task of one analysis, its recorded calls, its replays, and the candidate that was asked."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from suffice.errors import SufficeError
from suffice_analysis.judges.said import Said, parse_said
from suffice_analysis.named import named_task
from suffice_analysis.replay.rebuilding import Texts
from suffice_analysis.replay.results import Result, best_result, read_results
from suffice_analysis.savings.assumptions import DAYS_PER_MONTH
from suffice_analysis.savings.basis import find_basis
from suffice_store.environments import REPLAY
from suffice_store.store import Store

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Subject:
    """``candidate``: as the last campaign stored it, without its key; None where nothing was replayed."""

    task: Row
    analysis: Row
    rows: Sequence[Row] = field(repr=False)
    texts: Texts = field(repr=False)
    result: Result | None
    candidate: Row | None
    answers: Mapping[str, Said] = field(repr=False)  # of the candidate, by the recorded call

    @property
    def is_proven(self) -> bool:
        return self.result is not None and self.result.status == "proven"

    @property
    def seed(self) -> int:
        return int(self.analysis["seed"])

    @property
    def model(self) -> str:
        """The baseline: what answered most of its calls."""
        models = json.loads(self.task["models"])
        return max(sorted(models), key=lambda name: int(models[name])) if models else "unknown"

    @property
    def calls_per_day(self) -> float | None:
        """None where less than a week of calls is timed: a day's traffic is then not known."""
        times = np.array([np.nan if row["started_ns"] is None else float(row["started_ns"]) for row in self.rows])
        basis = find_basis(times)
        return None if basis.name != "month" else basis.factor * len(self.rows) / DAYS_PER_MONTH

    @property
    def usd_per_call(self) -> float | None:
        """What a call costs today; None where its calls are not priced."""
        known = [float(row["paid_usd"]) for row in self.rows if row["paid_usd"] is not None]
        return sum(known) / len(known) if known else None

    def recorded(self) -> list[tuple[Row, Said]]:
        """Calls with the answer they got, in order of time."""
        answered = [(row, self.texts.answer(row)) for row in self.rows if row["completeness"] == "complete"]
        return [(row, parse_said(answer)) for row, answer in answered if answer]


def read_subject(store: Store, project: str, said: str) -> Subject:
    """The task that ``said`` names. Raises UsageError, SufficeError."""
    task = named_task(store.read("tasks", project=project).to_pylist(), said)
    analysis = store.read("analyses", project=project).to_pylist()[0]
    rows = store.read("replay_calls", project=project, task_id=task["task_id"]).to_pylist()
    if not rows:
        raise SufficeError(f"no call of “{task['name']}” is stored any more: nothing can be planned for it")
    task_of = {row["call_id"]: task["task_id"] for row in rows}
    results = read_results(store, project, task_of, {task["task_id"]: task["template"]}).by_task.get(
        task["task_id"], []
    )
    result = best_result(results) or max(results, key=lambda each: each.counts.n, default=None)
    answered = _answer_rows(store, project, result)
    texts = Texts(store, project, [*rows, *answered.values()])
    answers = {call_id: parse_said(texts.answer(row)) for call_id, row in answered.items()}
    return Subject(task, analysis, rows, texts, result, _candidate(store, project, result), answers)


def _answer_rows(store: Store, project: str, result: Result | None) -> dict[str, Row]:
    """The stored calls that replays became, by the recorded call."""
    wanted = {row["replay_call_id"]: row["call_id"] for row in result.rows} if result is not None else {}
    if not wanted:
        return {}
    replayed = store.read("analysis_calls", project=project, environment=REPLAY)
    found = replayed.select(["call_id", "input_hashes", "output_hashes", "toolset_hash"]).to_pylist()
    return {wanted[row["call_id"]]: row for row in found if row["call_id"] in wanted}


def _candidate(store: Store, project: str, result: Result | None) -> Row | None:
    if result is None:
        return None
    campaigns = store.read(
        "replay_campaigns", project=project, task_id=result.rows[0]["task_id"] if result.rows else None
    ).to_pylist()
    own = [row for row in campaigns if row["candidate"] == result.candidate and row["variant"] == result.variant]
    if not own:
        return None
    found: Row = json.loads(max(own, key=lambda row: row["recorded_ns"])["settings"])["candidate"]
    return found
