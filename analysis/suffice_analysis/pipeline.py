"""The analysis: calls -> tasks -> actions -> evidence -> replaceability -> savings -> rows, published last.

Every stage is pure and seeded; the same calls, prices and seed give the same rows. All reading goes through the
store's named reads and all writing through ``append`` and ``publish_analysis``, so it works on the file and over
HTTP alike. Rows stand under a new ``analysis_id`` that no read shows until the last command publishes it: one that is
interrupted has published nothing.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from decimal import Decimal
from hashlib import blake2b
from importlib import metadata
from typing import Any

import numpy as np
import pyarrow as pa

from suffice.errors import SufficeError
from suffice_analysis import data, replaceability
from suffice_analysis.decisions import Decisions, read_decisions, split_tasks
from suffice_analysis.discovery.discover import discover
from suffice_analysis.discovery.map import draw_map
from suffice_analysis.discovery.types import Discovery, KnownTask, MapPoint
from suffice_analysis.inputs import Inputs, data_hash, read_inputs
from suffice_analysis.parallel import MANY_CALLS
from suffice_analysis.per_call import action_rows, assignments, change_rows, hci_counts, read_per_call, with_hci_counts
from suffice_analysis.profile import TaskProfile, count_unpriced, group_rows
from suffice_analysis.projects import missing_words
from suffice_analysis.proven import proven_rows
from suffice_analysis.replaceability import CLAIM_CALLS, SharedError
from suffice_analysis.replay.ceiling import Ceiling, ceiling_rows
from suffice_analysis.replay.outcomes import PairedResult, paired_rows, read_paired
from suffice_analysis.replay.repeats import repeat_rows
from suffice_analysis.replay.result_rows import estimate_row
from suffice_analysis.replay.results import Result, best_result, read_results
from suffice_analysis.replays_needed import need_details, waiting_by_task
from suffice_analysis.run_outcomes import RunOutcomes, find_path, held_to_good, read_run_outcomes
from suffice_analysis.savings.basis import find_basis
from suffice_analysis.savings.cases import with_peak
from suffice_analysis.savings.runs import count_runs, estimate_dependence
from suffice_analysis.savings.stack import Around, part_savings, savings_rows
from suffice_analysis.savings.terms import NS_PER_DAY, Terms, read_terms
from suffice_analysis.slice_results import SliceResult, counted_units, judge_slices, slice_rows, tests_of
from suffice_analysis.task_results import Judging, TaskResult, judge_calls
from suffice_analysis.visible import read_visible
from suffice_store.arrow_schema import arrow_schema
from suffice_store.store import Store

Progress = Callable[[str, float], None]
Row = dict[str, Any]
MAP_EXAMPLE_CHARS = 200


@dataclass(frozen=True)
class Analysis:
    """What one analysis found: rows by table, and the row that publishes them."""

    tables: Mapping[str, pa.Table]
    run: Mapping[str, Any]
    task_names: list[str] = field(default_factory=list)


def analyze(
    store: Store,
    *,
    project: str = "default",
    since_ns: int | None = None,
    service: str | None = None,
    seed: int = 0,
    progress: Progress | None = None,
    clock: Callable[[], int] = time.time_ns,
    find: Callable[..., Discovery] = discover,
    executor: Executor | None = None,
    successful_runs: bool = False,
) -> Mapping[str, Any]:
    """Analyse what the store holds and publish it; returns the ``analysis_runs`` row. Raises SufficeError without calls.

    ``successful_runs``: evidence is taken from calls of runs that are known to have gone well, and no others.
    ``executor``: where requests of many calls are read and recognised (see ``parallel``); nothing else depends on it.
    """
    tell = progress or (lambda stage, share: None)
    started_ns = clock()
    filters = {k: v for k, v in {"project": project, "since_ns": since_ns, "service": service}.items() if v is not None}
    tell("reading calls", 0.0)
    inputs = read_inputs(store, **filters)
    if not inputs.calls.num_rows:
        nothing = "there are no calls to analyse; record some (suffice.init()) or 'suffice import FILE'"
        raise SufficeError(missing_words(store, project) or nothing)
    decisions = read_decisions(store, project)
    known = read_known(store, project, decisions)
    terms = read_terms(store, project, started_ns // NS_PER_DAY)
    outcomes = store.read("outcomes", project=project).to_pylist()
    run_outcomes = read_run_outcomes(outcomes, inputs.calls, only_good=successful_runs)
    if successful_runs and True not in run_outcomes.ok_of.values():
        raise SufficeError(
            "no run is known to have gone well: report it with suffice.outcome(ok=True), or analyse all runs"
        )
    found = find(
        inputs.calls,
        inputs.texts,
        inputs.toolsets,
        seed=seed,
        known=known,
        merged=decisions.merged,
        executor=executor if inputs.calls.num_rows >= MANY_CALLS else None,
        progress=lambda stage, share: tell(stage, 0.1 + 0.4 * share),
    )
    task_of = dict(zip(inputs.column("call_id"), found.task_ids, strict=True))
    replayed = read_results(store, project, task_of, {key: each.template for key, each in found.tasks.items()})
    analysis = build(
        inputs,
        found,
        decisions,
        project=project,
        seed=seed,
        started_ns=started_ns,
        tell=tell,
        terms=terms,
        replayed=replayed.by_task,
        ceilings=replayed.ceilings,
        paired=read_paired(store, project, task_of),
        run_outcomes=run_outcomes,
    )
    tell("storing", 0.95)
    store.append(analysis.tables)
    run = {
        **analysis.run,
        "published_ns": clock(),
        "parameters": json.dumps(
            {"filters": filters, "seed": seed, "figures": data.own_figures(), "successful_runs": successful_runs},
            sort_keys=True,
        ),
    }
    store.command("publish_analysis", **run)
    tell("done", 1.0)
    return run


def read_known(store: Store, project: str, decisions: Decisions | None = None) -> list[KnownTask]:
    """The tasks of earlier analyses, those of the last one first, so that the same task keeps its id.

    Of two that recognise a call equally well the first counts: one whose merge was taken back comes before the one that
    has held its calls since.
    """
    parted = decisions.parted if decisions else frozenset()
    pinned = decisions.pinned if decisions else frozenset()
    names = decisions.names if decisions else {}
    known: list[KnownTask] = []
    for row in store.read("known_tasks", project=project).to_pylist():
        recogniser = json.loads(row["recogniser"])
        pin = row["task_id"] in pinned and recogniser["kind"] == "template"
        name = names.get(row["task_id"], row["name"])
        known.append(KnownTask(row["task_id"], recogniser, name, pin, not row["latest"]))
    return sorted(known, key=lambda task: task.task_id not in parted)


def build(
    inputs: Inputs,
    found: Discovery,
    decisions: Decisions,
    *,
    project: str,
    seed: int,
    started_ns: int,
    tell: Progress = lambda stage, share: None,
    terms: Terms | None = None,
    replayed: Mapping[str, list[Result]] | None = None,
    ceilings: Mapping[str, Ceiling] | None = None,
    paired: Sequence[PairedResult] = (),
    run_outcomes: RunOutcomes | None = None,
) -> Analysis:
    """From found tasks to all rows. Pure: reads and writes nothing."""
    basis, terms, replayed = find_basis(inputs.numbers("started_ns")), terms or Terms(), replayed or {}
    shared = SharedError(seed)
    visible = read_visible(inputs.calls, inputs.texts, inputs.toolsets)
    found = split_tasks(found, decisions.splits, visible)
    groups = group_rows(found.task_ids)
    per_call = read_per_call(inputs, found, groups, visible, replayed)
    slice_groups = group_rows(per_call.slice_ids)
    judging = Judging(inputs, basis, terms, shared, run_outcomes or RunOutcomes())
    results: list[TaskResult] = []
    slices: dict[str, list[SliceResult]] = {}
    for number, (task_id, rows) in enumerate(groups.items()):
        tell("estimating", 0.5 + 0.35 * number / max(1, len(groups)))
        task = decisions.renamed(found.tasks[task_id])
        path = find_path(judging.outcomes, rows, inputs.calls)
        own = held_to_good(judging.outcomes, path, task_id, rows, inputs.calls, replayed.get(task_id, []))
        ignored = task_id in decisions.ignored
        results.append(judge_calls(judging, task, rows, own, ignored=ignored))
        parts = per_call.slices.get(task_id, [])
        slices[task_id] = judge_slices(judging, task, parts, slice_groups, results[-1])
    tell("drawing the map", 0.85)
    points = [_point_row(p) for p in draw_map(found, seed)]
    tell("pricing alternatives", 0.9)
    total_paid = terms.effective_usd(inputs.calls) if inputs.calls["paid_usd"].drop_null() else None
    counted = [r for r in results if not r.ignored]
    units = counted_units(results, slices)
    unit_groups = {r.profile.task_id: (groups | slice_groups)[r.profile.task_id] for r in units}
    around = Around(
        terms,
        count_runs(inputs.column("run_id"), _ids_of(unit_groups, inputs.calls.num_rows), seed=seed),
        estimate_dependence([r.proxy for r in counted], seed=seed),
        (inputs.calls.num_rows, count_unpriced(inputs)),
    )
    moving = [row for r in units if r.case.movable for row in unit_groups[r.profile.task_id]]
    cases, peaked = [r.case for r in counted], with_peak(basis, inputs, moving)
    unit_cases = cases if units == counted else [r.case for r in units]
    savings = savings_rows(cases, peaked, total_paid=total_paid, seed=seed, around=around, counted=unit_cases)
    parts_of = [each.result.case for own in slices.values() for each in own]
    part_money = part_savings(parts_of, peaked, counted=unit_cases, seed=seed)
    right = [paired_rows(each, seed) for each in paired if each.task_id in groups]
    noise = [ceiling_rows(each, seed) for task_id, each in sorted((ceilings or {}).items()) if task_id in groups]
    tables: dict[str, Sequence[Row]] = {
        "tasks": [_task_row(r) | hci_counts(per_call, groups[r.profile.task_id]) for r in results],
        "actions": action_rows(groups, per_call.actions, inputs),
        "slices": slice_rows(per_call.slices, slices, part_money),
        "task_changes": change_rows(found),
        "map_points": points,
        "evidence": [
            with_hci_counts(row, hci_counts(per_call, groups[r.profile.task_id]), r.profile.calls)
            for r in results
            for row in r.evidence
        ]
        + [evidence for _, evidence in (*noise, *right)]
        + repeat_rows(inputs, groups),
        "estimates": _estimate_rows(results, units, inputs, seed, waiting_by_task(savings), tests_of(slices))
        + [estimate for estimate, _ in (*noise, *right)],
        "savings": savings,
    }
    hashed = data_hash(inputs)
    analysis_id = blake2b(f"{project}:{hashed}:{seed}:{started_ns}".encode(), digest_size=8).hexdigest()
    stamp = {"project": project, "analysis_id": analysis_id}
    times = inputs.numbers("started_ns")
    timed = inputs.calls["started_ns"].drop_null()
    return Analysis(
        tables={
            **{name: as_table(name, [stamp | row for row in rows]) for name, rows in tables.items()},
            "assignments": assignments(stamp, inputs, found, per_call),
        },
        run={
            **stamp,
            "started_ns": started_ns,
            "calls": inputs.calls.num_rows,
            "task_count": len(results),
            "basis": basis.name,
            "first_call_ns": min(timed.to_pylist()) if len(timed) else None,
            "last_call_ns": max(timed.to_pylist()) if np.isfinite(times).any() else None,
            "data_hash": hashed,
            "seed": seed,
            "suffice_version": metadata.version("suffice"),
        },
        task_names=[r.profile.name for r in results],
    )


def _ids_of(groups: Mapping[str, Sequence[int]], calls: int) -> list[str | None]:
    """Of each call what it counts in; None: in no total."""
    ids: list[str | None] = [None] * calls
    for unit, rows in groups.items():
        for row in rows:
            ids[row] = unit
    return ids


def as_table(name: str, rows: Sequence[Row]) -> pa.Table:
    """Rows as an Arrow table in the schema of table ``name``."""
    return pa.Table.from_pylist(list(rows), schema=arrow_schema(name))


def _estimate_rows(
    results: Sequence[TaskResult],
    counted: Sequence[TaskResult],
    inputs: Inputs,
    seed: int,
    waiting: Mapping[str, Row],
    tests: Mapping[str, int],
) -> list[Row]:
    """One row per task, and the headline shares of all calls together."""
    rows = [
        replaceability.task_row(
            r.expected,
            {"kind": r.profile.kind, "calls": r.profile.calls, **_what_is_needed(r)}
            | waiting.get(r.profile.task_id, {}),
        )
        for r in results
        if r.expected is not None
    ]
    rows += [estimate_row(each, seed, r.profile.calls) for r in results for each in r.replayed]
    rows += _headline_rows(results, counted, inputs, seed)
    known = [
        (r.profile, r.verdict.word, r.replayed, tests.get(r.profile.task_id, 1))
        for r in counted
        if r.replaceability is not None
    ]
    return rows + proven_rows(known, seed)


def _what_is_needed(result: TaskResult) -> Row:
    """What would settle it: as its replays stand, else by what is expected of them."""
    best = best_result(result.replayed)
    if best is None:
        return need_details(result.expected.draws) if result.expected is not None else {}
    return {"status": best.status, "needed": best.needed, "asked": len(best.rows)}


def _headline_rows(
    results: Sequence[TaskResult], counted: Sequence[TaskResult], inputs: Inputs, seed: int
) -> list[Row]:
    """The expected shares of everything but what a user ignores. Movable are tasks with calls enough that do not stay."""
    if all(r.replaceability is None for r in counted):
        return []
    weights: dict[str, Callable[[TaskProfile], float]] = {
        "expected_share_calls": lambda p: p.calls,
        "expected_share_tokens": lambda p: p.input_tokens + p.output_tokens,
        "expected_share_cost": lambda p: float(p.paid_usd or 0),
    }
    tokens = sum(float(np.nansum(inputs.numbers(c))) for c in ("input_tokens", "output_tokens"))
    paid = float(sum((Decimal(p) for p in inputs.column("paid_usd") if p is not None), Decimal(0)))
    everything = dict(zip(weights, (float(inputs.calls.num_rows), tokens, paid), strict=True))
    ignored = [r.profile for r in results if r.ignored]
    small = [r.profile for r in counted if r.profile.calls < CLAIM_CALLS and r.replaceability is not None]
    judged = sum(r.profile.calls for r in counted if r.replaceability is not None)
    details = {
        "tasks": sum(r.replaceability is not None and not r.ignored for r in results),
        "calls": judged,
        "left_out_calls": inputs.calls.num_rows - judged,
        "left_out_small_calls": sum(p.calls for p in small),
        "left_out_small_cost": float(sum((p.paid_usd or Decimal(0) for p in small), Decimal(0))),
        "stays_calls": sum(r.profile.calls for r in counted if r.verdict.word == "stays"),
    }
    rows = [
        row
        for measure, weight in weights.items()
        if (row := _share_row(measure, counted, weight, everything[measure] - sum(map(weight, ignored)), seed, details))
    ]
    people = [r for r in counted if r.profile.hci == "no" and r.replaceability is not None]
    count = sum(r.profile.calls for r in people)
    counts = {"tasks": len(people), "calls": count}
    row = _share_row("expected_share_calls_without_people", people, lambda p: p.calls, float(count), seed, counts)
    return [*rows, row] if row else rows


def _share_row(
    measure: str,
    results: Sequence[TaskResult],
    weight: Callable[[TaskProfile], float],
    of: float,
    seed: int,
    details: Mapping[str, Any],
) -> Row | None:
    claims = [r for r in results if r.replaceability is not None and r.replaceability.claimed]
    parts = [(r.replaceability, weight(r.profile)) for r in claims if r.case.movable and r.replaceability is not None]
    total = replaceability.total_share(parts, of=of, seed=seed)
    if total is None:
        return None
    estimate = total[0] if claims else replaceability.unknown_share(seed)
    return replaceability.total_row(measure, estimate, bool(claims), details)


def _task_row(result: TaskResult) -> Row:
    p = result.profile
    columns = arrow_schema("tasks").names
    row = {name: getattr(p, name) for name in columns if hasattr(p, name)}
    return row | {
        "services": json.dumps(p.services),
        "models": json.dumps(p.models),
        "paid_usd": p.paid_usd,
        "verdict": result.verdict.word,
        "verdict_reason": "A user chose to ignore it." if result.ignored else result.verdict.reason,
        "levers": json.dumps(result.verdict.levers),
        "example_call_ids": json.dumps(p.example_call_ids),
    }


def _point_row(point: MapPoint) -> Row:
    return {
        "point_id": point.point_id,
        "task_id": point.task_id,
        "x": point.x,
        "y": point.y,
        "calls": point.calls,
        "example": point.example[:MAP_EXAMPLE_CHARS],
    }
