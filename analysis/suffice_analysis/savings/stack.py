"""The rows of ``savings``: per task and in total, four alternatives in a stack.

Each is compared with what was really paid; ``marginal_usd`` is what it saves beyond the best one before it, task by task. They are
never added up: of a task one can be chosen. In total, a task is moved only where it has calls enough for a claim, its verdict is not "stays" and
moving it pays; the rest goes on costing what it costs.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from suffice_analysis.estimate import weakest_grade
from suffice_analysis.replaceability import CLAIM_CALLS, DRAWS
from suffice_analysis.savings import alternatives as alt
from suffice_analysis.savings.alternatives import ALTERNATIVES, Case, Moved, Number
from suffice_analysis.savings.assumptions import Scenario, read_assumptions
from suffice_analysis.savings.basis import Basis
from suffice_analysis.savings.details import cash_usd, fill_details, fill_payback, spend_by_floor
from suffice_analysis.savings.fleet import World, carried_draws, expected_share
from suffice_analysis.savings.marginal import stacked
from suffice_analysis.savings.notes import left_out, note, why_not
from suffice_analysis.savings.rests_on import assumptions_of
from suffice_analysis.savings.runs import Dependence, all_acceptable
from suffice_analysis.savings.terms import Terms

_OF_A_SLICE = (
    "task_id", "model", "paid_usd", "projected_usd", "saving_usd", "saving_low_usd", "saving_high_usd", "caught", "extra_wrong", "pays",
    "quality_grade", "one_off_usd", "payback_days", "answers",
)  # fmt: skip
SAME_MODEL = "same model"  # the grade of a quality that needs no evidence
Row = dict[str, Any]


@dataclass(frozen=True)
class Around:
    """What the rows need beside the tasks: the contracts, the runs, how alike the calls of one run are, all calls and the
    unpriced ones among them."""

    terms: Terms = field(default_factory=Terms)
    runs: Sequence[Mapping[str, int]] = ()
    dependence: Dependence | None = None
    priced_of: tuple[int, int] = (0, 0)


@dataclass(frozen=True)
class Part:
    """One task under one alternative: at the assumptions' values, and over all draws."""

    case: Case
    at_value: Moved
    spread: Moved
    saving_usd: float = 0.0  # per basis


def savings_rows(
    cases: Sequence[Case],
    basis: Basis,
    *,
    total_paid: float | None,
    seed: int,
    around: Around | None = None,
    counted: Sequence[Case] | None = None,
) -> list[Row]:
    """Rows for every task and, with task_id "", for all. ``total_paid``: of all priced calls, also those in no task.

    ``counted``: what the total adds up, where some tasks count by their slices; else the tasks. What was worked out of such
    slices stands in ``details`` of the totals.
    """
    around = around or Around()
    counted = cases if counted is None else counted
    expected, drawn = _worlds(counted, basis, seed)
    floors = spend_by_floor(cases, around.terms)
    rows: list[Row] = []
    kept: dict[str, list[Part]] = {name: [] for name in ALTERNATIVES}
    apart: dict[str, list[Row]] = {name: [] for name in ALTERNATIVES}
    unknown: dict[str, list[str]] = {name: [] for name in ALTERNATIVES}  # why a task that is counted has no saving
    tasks = {case.profile.task_id for case in cases}
    totalled = {case.profile.task_id for case in counted}
    for case in [*cases, *(case for case in counted if case.profile.task_id not in tasks)]:
        own = []
        for name in ALTERNATIVES:
            part = _part(name, case, expected, drawn)
            row = _row(name, case, part, basis, expected, drawn)
            if part is not None and case.paid is not None:
                _add_rest(row, name, [part], cases, basis, (expected, drawn), around, floors)
                if case.profile.task_id in totalled and _counts_in_total(name, case, row):
                    kept[name].append(replace(part, saving_usd=row["saving_usd"]))
            elif case.paid is not None and case.profile.task_id in totalled:
                unknown[name].append(row["note"])
            own.append(row)
        if case.profile.task_id in tasks:
            rows += stacked(own)
            continue
        for row in own:
            apart[row["alternative"]].append({n: row[n] for n in _OF_A_SLICE} | {"details": row["details"]})
    totals = []
    for name in ALTERNATIVES:
        row = _total_row(name, kept[name], len(counted), basis, expected, drawn, total_paid)
        if not kept[name] and unknown[name] and len(unknown[name]) == sum(case.paid is not None for case in counted):
            row["note"] = Counter(unknown[name]).most_common(1)[0][0]
        if counted is not cases:
            row["note"] = row["note"].replace(" tasks ", " tasks and slices ", 1)
        if kept[name] and total_paid is not None:
            _add_rest(row, name, kept[name], cases, basis, (expected, drawn), around, floors)
        if apart[name]:
            row["details"]["slices"] = apart[name]
        every, unpriced = around.priced_of
        row["details"] |= {"all_calls": every, "unpriced_calls": unpriced}
        if unpriced and total_paid is not None:
            row["note"] = f"{row['note']} {left_out(unpriced)}"
        totals.append(row)
    return rows + stacked(totals, [{p.case.profile.task_id: p.saving_usd for p in kept[name]} for name in ALTERNATIVES])


def part_savings(parts: Sequence[Case], basis: Basis, *, counted: Sequence[Case], seed: int) -> dict[str, list[Row]]:
    """By id the alternatives of slices, on the fleet of what is counted in the total. No set-up and no payback: those are
    spent once for a task."""
    expected, drawn = _worlds(counted, basis, seed)
    return {
        case.profile.task_id: stacked(
            [_row(name, case, _part(name, case, expected, drawn), basis, expected, drawn) for name in ALTERNATIVES]
        )
        for case in parts
    }


def _worlds(cases: Sequence[Case], basis: Basis, seed: int) -> tuple[World, World]:
    """At the assumptions' values, and over all draws."""
    drawn = World.of(cases, basis, Scenario.drawn(seed=seed, draws=DRAWS))
    return World.of(cases, basis, Scenario.expected()), drawn


def _part(name: str, case: Case, expected: World, drawn: World) -> Part | None:
    at_value = expected.move(name, case, expected_share(case))
    draws = expected_share(case, "draws")
    if draws is not None and case.stands_in(name):
        draws = carried_draws(draws)
    spread = drawn.move(name, case, draws)
    return None if at_value is None or spread is None else Part(case, at_value, spread)


def _counts_in_total(name: str, case: Case, row: Row) -> bool:
    """A shared fleet is taken whole or not at all; of the others each task only where it pays."""
    if case.profile.calls < CLAIM_CALLS:
        return False
    if name == "caching_batch":
        return bool(row["pays"])
    return case.movable and (name == "self_hosted_slm" or bool(row["pays"]))


def _row(name: str, case: Case, part: Part | None, basis: Basis, expected: World, drawn: World) -> Row:
    row = _empty(case.profile.task_id, name, basis, case.model_of(name))
    row["paid_usd"] = None if case.paid is None else case.paid * basis.factor
    row["assumptions"] = json.dumps(assumptions_of(name, [case], basis, expected.fleet), sort_keys=True)
    row["answers"] = _answers(case) * basis.factor
    if part is None or case.paid is None:
        row["note"] = why_not(name, case)
        _add_quality_alone(row, name, case, basis)
        return row
    saving = float(expected.saved(case, part.at_value)) * basis.factor
    savings = np.broadcast_to(drawn.saved(case, part.spread) * basis.factor, (DRAWS,))
    if name == "caching_batch" and alt.batchable(case):
        most = saving + (case.paid * basis.factor - saving) * read_assumptions()["batch_discount"].value
        savings = np.append(savings, np.full(DRAWS, most))  # half the draws: whether its answers may wait is not known
    _fill(row, saving, savings, part.at_value, part.spread, basis)
    if name != "caching_batch" and case.replaceability is not None and case.measured(str(row["model"])):
        tested = (
            case.replaceability.estimate
        )  # its own interval, as it stands beside the task; draws of it differ by a point
        row |= {"quality": tested.value, "quality_low": tested.low, "quality_high": tested.high}
    if name != "caching_batch" and case.profile.calls < CLAIM_CALLS:
        row["quality"] = None  # no percentage is claimed; the interval is kept
    row["quality_grade"] = _grade(name, case)
    _say_carried(row, name, [case])
    row["note"] = note(name, row, [case])
    return row


def _total_row(
    name: str, kept: Sequence[Part], tasks: int, basis: Basis, expected: World, drawn: World, total_paid: float | None
) -> Row:
    cases = [part.case for part in kept]
    models = Counter(c.model_of(name) for c in cases)
    top = max(models, key=lambda m: (models[m], m), default="")
    row = _empty("", name, basis, top if len(models) < 2 else f"{top} and {len(models) - 1} more")
    row["paid_usd"] = None if total_paid is None else total_paid * basis.factor
    row["assumptions"] = json.dumps(assumptions_of(name, cases, basis, expected.fleet), sort_keys=True)
    row["answers"] = sum(map(_answers, cases)) * basis.factor
    if total_paid is None:
        row["note"] = "None of the calls is priced, so no saving is stated."
        return row
    if not kept:
        row |= {"projected_usd": row["paid_usd"], "saving_usd": 0.0, "saving_low_usd": 0.0, "saving_high_usd": 0.0}
        row["note"] = f"Of no task with {CLAIM_CALLS} calls does this pay."
        return row
    saving = sum(float(expected.saved(p.case, p.at_value)) for p in kept) * basis.factor
    savings = sum((drawn.saved(p.case, p.spread) for p in kept), np.zeros(DRAWS)) * basis.factor
    weight = sum(c.calls for c in cases)
    _fill(row, saving, savings, _together(kept, "at_value", weight), _together(kept, "spread", weight), basis)
    row["quality_grade"] = SAME_MODEL if name == "caching_batch" else weakest_grade([_grade(name, c) for c in cases])
    _say_carried(row, name, cases)
    row["details"]["tested_usd"] = sum(
        float(expected.saved(p.case, p.at_value)) * basis.factor for p in kept if p.case.measured(p.case.model_of(name))
    )
    moved = f"{len(kept)} of {tasks} tasks {'use it' if name == 'caching_batch' else 'moved'}."
    row["note"] = f"{moved} {note(name, row, cases)}".strip()
    return row


def _say_carried(row: Row, name: str, cases: Sequence[Case]) -> None:
    """Whose tested answers stand in for those of a model that was not tested; ``carried_all``: in every task."""
    given = [case.stands_in(name) for case in cases]
    if any(given):
        row["details"] |= {"carried_from": sorted(set(filter(None, given))), "carried_all": all(given)}


def _add_rest(
    row: Row,
    name: str,
    kept: Sequence[Part],
    cases: Sequence[Case],
    basis: Basis,
    worlds: tuple[World, World],
    around: Around,
    floors: Mapping[str, float],
) -> None:
    """Set-up, payback, commitments, what moves the answer, whole runs: beside the money of a row."""
    expected, drawn = worlds
    at_value, spread = [(p.case, p.at_value) for p in kept], [(p.case, p.spread) for p in kept]
    cash = cash_usd(at_value, around.terms, floors, expected.scenario) * basis.factor
    cash_drawn = cash_usd(spread, around.terms, floors, drawn.scenario) * basis.factor
    fill_payback(row, name, (at_value, spread), (cash, cash_drawn), basis, worlds, around.terms)
    fill_details(row, name, at_value, cases, basis, expected, total=row["task_id"] == "")
    if row["task_id"] == "" and name != "caching_batch" and around.dependence is not None:
        shares = {p.case.profile.task_id: np.broadcast_to(p.spread.quality, (DRAWS,)) for p in kept}
        row["details"]["runs"] = all_acceptable(around.runs, shares, around.dependence)


def _answers(case: Case) -> float:
    """Its answers that wrong ones are counted among: of its priced calls, those that did not fail."""
    return max(1.0, float(case.profile.calls - case.profile.unpriced_calls - case.profile.error_calls))


def _together(kept: Sequence[Part], which: str, weight: int) -> Moved:
    moved: list[tuple[Case, Moved]] = [(p.case, getattr(p, which)) for p in kept]
    return Moved(
        parts={"all": sum(m.usd for _, m in moved)},
        caught=sum(m.caught for _, m in moved),
        silent=sum(m.silent for _, m in moved),
        quality=sum(m.quality * c.calls for c, m in moved) / weight,
        vendor_usd=sum(m.vendor_usd for _, m in moved),
    )


def _fill(row: Row, saving: float, savings: Any, at_value: Moved, spread: Moved, basis: Basis) -> None:
    low, high = np.quantile(savings, [0.05, 0.95])
    silent = float(at_value.silent) * basis.factor
    row |= {
        "projected_usd": row["paid_usd"] - saving,
        "saving_usd": saving,
        "saving_low_usd": min(float(low), saving),
        "saving_high_usd": max(float(high), saving),
        "quality": float(at_value.quality),
        "extra_wrong": silent,
        "caught": float(at_value.caught) * basis.factor,
        "pays": saving > 0,
    }
    ends: tuple[tuple[str, Number, float], ...] = (
        ("quality", spread.quality, 1.0),
        ("extra_wrong", spread.silent, basis.factor),
        ("caught", spread.caught, basis.factor),
    )
    for key, source, factor in ends:
        low, high = np.quantile(source, [0.05, 0.95]) * factor
        row[f"{key}_low"], row[f"{key}_high"] = min(float(low), row[key]), max(float(high), row[key])


def _add_quality_alone(row: Row, name: str, case: Case, basis: Basis) -> None:
    """An unpriced task still has its quality and its extra wrong answers."""
    if case.replaceability is None or case.paid is not None or name == "caching_batch":
        return
    e = case.replaceability.estimate
    if name != "small_tier":
        wrong = [(1 - s) * case.calls * basis.factor for s in (e.high, e.value, e.low)]
        row |= {"quality": e.value, "quality_low": e.low, "quality_high": e.high, "quality_grade": _grade(name, case)}
        row |= {"extra_wrong_low": wrong[0], "extra_wrong": wrong[1], "extra_wrong_high": wrong[2]}
        if case.profile.calls < CLAIM_CALLS:
            row["quality"] = None


def _empty(task_id: str, name: str, basis: Basis, model: str) -> Row:
    empty: Row = dict.fromkeys(
        (
            "paid_usd", "projected_usd", "saving_usd", "saving_low_usd", "saving_high_usd", "marginal_usd", "quality",
            "quality_low", "quality_high", "extra_wrong_low", "extra_wrong", "extra_wrong_high", "break_even_wrong_usd",
            "caught_low", "caught", "caught_high", "answers", "one_off_usd", "payback_days_low", "payback_days",
            "payback_days_high",
        )
    )  # fmt: skip
    if name == "caching_batch":  # the same model gives the same answers, priced or not
        empty |= dict.fromkeys(("quality", "quality_low", "quality_high"), 1.0)
        empty |= dict.fromkeys(("extra_wrong_low", "extra_wrong", "extra_wrong_high"), 0.0)
        empty |= dict.fromkeys(("caught_low", "caught", "caught_high"), 0.0)
    return empty | {
        "task_id": task_id,
        "alternative": name,
        "position": 0,
        "model": model,
        "basis": basis.name,
        "quality_grade": SAME_MODEL if name == "caching_batch" else "prior",
        "pays": False,
        "note": "",
        "assumptions": "[]",
        "details": {"annual": basis.annual},
    }


def _grade(name: str, case: Case) -> Any:
    if name == "caching_batch":
        return SAME_MODEL
    if case.replaceability is None or case.stands_in(name):
        return "prior"  # another model was replayed
    if name == "small_tier" and not case.tested:
        return "prior"  # nothing was counted about the vendor's small model
    return case.replaceability.estimate.grade
