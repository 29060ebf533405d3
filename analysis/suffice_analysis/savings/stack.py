"""The rows of ``savings``: per task and in total, four alternatives in a stack.

Each is compared with what was really paid; ``marginal_usd`` is what it saves beyond the best one before it. They are
never added up. In total, a task is moved only where it has calls enough for a claim, its verdict is not "stays" and
moving it pays; the rest goes on costing what it costs.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from suffice_analysis.replaceability import CLAIM_CALLS, DRAWS
from suffice_analysis.savings import alternatives as alt
from suffice_analysis.savings.alternatives import Case, Moved, Number
from suffice_analysis.savings.assumptions import ASSUMPTIONS, HOURS_PER_MONTH, Scenario, listed
from suffice_analysis.savings.basis import Basis
from suffice_analysis.savings.self_host import UTILISATIONS, break_even_requests_per_hour, usd_per_1000_requests

ALTERNATIVES = ("caching_batch", "small_tier", "hosted_slm", "self_hosted_slm")
_MOVES = ("judged_share", "caught_checkable", "caught_free_text")
_RESTS_ON: dict[str, tuple[str, ...]] = {
    "caching_batch": ("cache_hit_share", "cache_minimum_tokens", "cache_lifetime_s", "batch_discount"),
    "small_tier": ("small_tier_answer_length", "small_tier_shift", *_MOVES),
    "hosted_slm": ("hosted_price_factor", "slm_answer_length", *_MOVES),
    "self_hosted_slm": ("gpu_usd_per_hour", "gpu_overhead", "throughput_at_latency", "slm_answer_length", *_MOVES),
}
SAME_MODEL = "same model"  # the grade of a quality that needs no evidence
_QUALITY_GRADE = {"caching_batch": SAME_MODEL}


class Fleet:
    """The GPUs that all movable tasks would share: how many, what one busy second costs."""

    def __init__(self, cases: Sequence[Case], basis: Basis, scenario: Scenario) -> None:
        hourly = scenario["gpu_usd_per_hour"] * (1 + scenario["gpu_overhead"])
        seconds = sum((alt.busy_seconds(c, scenario) for c in cases if _on_gpu(c)), 0.0)
        if basis.name == "month" and np.all(seconds > 0):
            busy = seconds * basis.factor / (HOURS_PER_MONTH * 3600)
            self.replicas: Number = np.maximum(1, np.ceil(busy * max(basis.peak_factor, 1.0) - 1e-9))
            self.utilisation: Number = busy / self.replicas
        else:
            self.replicas, self.utilisation = 1.0, scenario["assumed_utilisation"]
        self.seconds, self._usd_per_busy_second = seconds, hourly / 3600 / self.utilisation

    def usd_per_busy_second(self, case: Case, scenario: Scenario) -> Number:
        """What a busy second costs this task. One that is not among those to move would share the GPUs with them."""
        if _on_gpu(case) or not np.all(self.seconds > 0):
            return self._usd_per_busy_second
        return self._usd_per_busy_second * self.seconds / (self.seconds + alt.busy_seconds(case, scenario))


def savings_rows(cases: Sequence[Case], basis: Basis, *, total_paid: float | None, seed: int) -> list[dict[str, Any]]:
    """Rows for every task and, with task_id "", for all. ``total_paid``: of all priced calls, also those in no task."""
    expected = Scenario.expected()
    drawn = Scenario.drawn(seed=seed, draws=DRAWS)
    fleet = Fleet(cases, basis, expected)
    fleet_drawn = Fleet(cases, basis, drawn)
    rows: list[dict[str, Any]] = []
    kept: dict[str, list[tuple[Case, Moved, Moved]]] = {name: [] for name in ALTERNATIVES}
    for case in cases:
        task_rows = []
        for name in ALTERNATIVES:
            at_value = _apply(name, case, expected, _share(case, "value"), fleet)
            spread = _apply(name, case, drawn, _share(case, "draws"), fleet_drawn)
            row = _row(name, case, at_value, spread, basis, fleet)
            task_rows.append(row)
            if at_value is not None and spread is not None and _counts_in_total(name, case, row):
                kept[name].append((case, at_value, spread))
        rows += _stacked(task_rows)
    totals = [_total_row(name, kept[name], len(cases), basis, fleet, total_paid) for name in ALTERNATIVES]
    return rows + _stacked(totals)


def _apply(name: str, case: Case, scenario: Scenario, share: Number, fleet: Fleet) -> Moved | None:
    if name == "caching_batch":
        return alt.caching(case, scenario)
    if share is None:
        return None
    if name == "self_hosted_slm":
        return alt.self_hosted(case, scenario, share, fleet.usd_per_busy_second(case, scenario))
    apply: Callable[[Case, Scenario, Number], Moved | None] = alt.small_tier if name == "small_tier" else alt.hosted
    return apply(case, scenario, share)


def _share(case: Case, which: str) -> Number:
    if case.replaceability is None:
        return None
    return case.replaceability.estimate.value if which == "value" else case.replaceability.draws


def _on_gpu(case: Case) -> bool:
    return case.movable and case.candidate is not None and case.paid is not None


def _counts_in_total(name: str, case: Case, row: dict[str, Any]) -> bool:
    """A shared fleet is taken whole or not at all; of the others each task only where it pays."""
    if case.profile.calls < CLAIM_CALLS:
        return False
    if name == "caching_batch":
        return bool(row["pays"])
    return case.movable and (name == "self_hosted_slm" or bool(row["pays"]))


def _row(
    name: str, case: Case, at_value: Moved | None, spread: Moved | None, basis: Basis, fleet: Fleet
) -> dict[str, Any]:
    row = _empty(case.profile.task_id, name, basis, _model(name, case))
    row["paid_usd"] = None if case.paid is None else case.paid * basis.factor
    row["assumptions"] = json.dumps(_assumptions(name, [case], basis, fleet), sort_keys=True)
    if at_value is None or spread is None or case.paid is None:
        row["note"] = _why_not(name, case)
        _add_quality_alone(row, name, case, basis)
        return row
    saving = (case.paid - float(at_value.usd)) * basis.factor
    savings = np.broadcast_to((case.paid - spread.usd) * basis.factor, (DRAWS,))
    if name == "caching_batch" and alt.batchable(case):
        most = saving + (case.paid * basis.factor - saving) * ASSUMPTIONS["batch_discount"].value
        savings = np.append(savings, np.full(DRAWS, most))  # half the draws: whether its answers may wait is not known
    _fill(row, saving, savings, at_value, spread, basis)
    if name != "caching_batch" and case.profile.calls < CLAIM_CALLS:
        row["quality"] = None  # no percentage is claimed; the interval is kept
    row["quality_grade"] = _grade(name, case)
    row["note"] = _note(name, row, float(np.mean(at_value.caught)) * basis.factor, [case])
    return row


def _total_row(
    name: str,
    kept: Sequence[tuple[Case, Moved, Moved]],
    tasks: int,
    basis: Basis,
    fleet: Fleet,
    total_paid: float | None,
) -> dict[str, Any]:
    cases = [case for case, _, _ in kept]
    models = Counter(_model(name, c) for c in cases)
    top = max(models, key=lambda m: (models[m], m), default="")
    row = _empty("", name, basis, top if len(models) < 2 else f"{top} and {len(models) - 1} more")
    row["paid_usd"] = None if total_paid is None else total_paid * basis.factor
    row["assumptions"] = json.dumps(_assumptions(name, cases, basis, fleet), sort_keys=True)
    if total_paid is None:
        row["note"] = "None of the calls is priced, so no saving is stated."
        return row
    if not kept:
        row |= {"projected_usd": row["paid_usd"], "saving_usd": 0.0, "saving_low_usd": 0.0, "saving_high_usd": 0.0}
        row["note"] = f"Of no task with {CLAIM_CALLS} calls does this pay."
        return row
    saving = sum((c.paid or 0.0) - float(v.usd) for c, v, _ in kept) * basis.factor
    savings = sum(((c.paid or 0.0) - s.usd for c, _, s in kept), np.zeros(DRAWS)) * basis.factor
    weight = sum(c.calls for c in cases)
    at_value = _together([(c, v) for c, v, _ in kept], weight)
    spread = _together([(c, s) for c, _, s in kept], weight)
    _fill(row, saving, savings, at_value, spread, basis)
    row["quality_grade"] = SAME_MODEL if name == "caching_batch" else _weakest([_grade(name, c) for c in cases])
    moved = f"{len(kept)} of {tasks} tasks {'use it' if name == 'caching_batch' else 'moved'}."
    row["note"] = f"{moved} {_note(name, row, float(np.mean(at_value.caught)) * basis.factor, cases)}".strip()
    return row


def _together(moved: Sequence[tuple[Case, Moved]], weight: int) -> Moved:
    return Moved(
        usd=sum(m.usd for _, m in moved),
        caught=sum(m.caught for _, m in moved),
        silent=sum(m.silent for _, m in moved),
        quality=sum(m.quality * c.calls for c, m in moved) / weight,
    )


def _fill(row: dict[str, Any], saving: float, savings: Any, at_value: Moved, spread: Moved, basis: Basis) -> None:
    low, high = np.quantile(savings, [0.05, 0.95])
    silent = float(at_value.silent) * basis.factor
    row |= {
        "projected_usd": row["paid_usd"] - saving,
        "saving_usd": saving,
        "saving_low_usd": min(float(low), saving),
        "saving_high_usd": max(float(high), saving),
        "quality": float(at_value.quality),
        "extra_wrong": silent,
        "pays": saving > 0,
    }
    for key, source in (("quality", spread.quality), ("extra_wrong", spread.silent)):
        factor = basis.factor if key == "extra_wrong" else 1.0
        low, high = np.quantile(source, [0.05, 0.95]) * factor
        row[f"{key}_low"], row[f"{key}_high"] = min(float(low), row[key]), max(float(high), row[key])
    row["break_even_wrong_usd"] = saving / silent if silent > 0 and saving > 0 else None


def _add_quality_alone(row: dict[str, Any], name: str, case: Case, basis: Basis) -> None:
    """An unpriced task still has its quality and its extra wrong answers."""
    if case.replaceability is None or case.paid is not None or name == "caching_batch":
        return
    e = case.replaceability.estimate
    if name != "small_tier":
        wrong = [(1 - s) * case.calls * basis.factor for s in (e.high, e.value, e.low)]
        row |= {"quality": e.value, "quality_low": e.low, "quality_high": e.high, "quality_grade": e.grade}
        row |= {"extra_wrong_low": wrong[0], "extra_wrong": wrong[1], "extra_wrong_high": wrong[2]}
        if case.profile.calls < CLAIM_CALLS:
            row["quality"] = None


def _stacked(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Fill ``marginal_usd``: the saving beyond the best alternative before it; 0 where it is not better."""
    best = 0.0
    for position, row in enumerate(rows, start=1):
        row["position"] = position
        if row["saving_usd"] is not None:
            row["marginal_usd"] = max(0.0, row["saving_usd"] - best)
            if 0 < row["saving_usd"] <= best:
                row["note"] += " It saves no more than an alternative before it."
            best = max(best, row["saving_usd"])
    return rows


def _empty(task_id: str, name: str, basis: Basis, model: str) -> dict[str, Any]:
    empty: dict[str, Any] = dict.fromkeys(
        (
            "paid_usd", "projected_usd", "saving_usd", "saving_low_usd", "saving_high_usd", "marginal_usd", "quality",
            "quality_low", "quality_high", "extra_wrong_low", "extra_wrong", "extra_wrong_high", "break_even_wrong_usd",
        )
    )  # fmt: skip
    if name == "caching_batch":  # the same model gives the same answers, priced or not
        empty |= {"quality": 1.0, "quality_low": 1.0, "quality_high": 1.0}
        empty |= {"extra_wrong_low": 0.0, "extra_wrong": 0.0, "extra_wrong_high": 0.0}
    return empty | {
        "task_id": task_id,
        "alternative": name,
        "position": 0,
        "model": model,
        "basis": basis.name,
        "quality_grade": _QUALITY_GRADE.get(name, "prior"),
        "pays": False,
        "note": "",
        "assumptions": "[]",
    }


def _model(name: str, case: Case) -> str:
    if name == "caching_batch":
        return case.profile.model
    if name == "small_tier":
        return case.tier.price.model if case.tier else ""
    return case.candidate.model if case.candidate else ""


def _grade(name: str, case: Case) -> str:
    if name in _QUALITY_GRADE:
        return _QUALITY_GRADE[name]
    if name == "small_tier" or case.replaceability is None:
        return "prior"  # nothing was counted about the vendor's small model
    return case.replaceability.estimate.grade


def _weakest(grades: Sequence[str]) -> str:
    return "prior" if "prior" in grades else "proxy"


def _why_not(name: str, case: Case) -> str:
    if case.paid is None:
        return "Its model has no price, so no saving is stated: suffice prices set."
    if name == "caching_batch":
        return "No price of cached input is known for today's model."
    if case.replaceability is None:
        return "No answers were recorded, so nothing is known about quality."
    if name == "small_tier":
        return f"No small tier of {case.profile.provider or 'this provider'} is known."
    return "No model of the catalogue passes the filters (licence, context, tools, images)."


def _note(name: str, row: dict[str, Any], caught: float, cases: Sequence[Case]) -> str:
    notes = []
    if name == "caching_batch":
        if any(alt.batchable(c) for c in cases):
            notes.append("The upper end also takes the batch price, if the answers may wait a day.")
    else:
        notes.append(f"About {caught:,.0f} more wrong answers would be caught and asked again; that cost is counted.")
    if row["saving_usd"] <= 0:
        notes.append("It does not pay." if row["saving_usd"] < 0 else "Nothing to save.")
    elif row["saving_low_usd"] <= 0:
        notes.append("It may not pay.")
    unpriced = sum(c.profile.unpriced_calls for c in cases)
    if unpriced:
        notes.append("1 unpriced call is left out." if unpriced == 1 else f"{unpriced:,} unpriced calls are left out.")
    for case in cases if len(cases) == 1 else ():
        if case.profile.calls < CLAIM_CALLS:
            notes.append(f"Under {CLAIM_CALLS} calls: nothing is claimed, and the total does not count it.")
        if name != "caching_batch" and case.verdict == "stays":
            notes.append("It stays on the LLM and is not counted in the total.")
        if name == "small_tier" and case.tier and (case.profile.input_tokens_p99 or 0) > case.tier.context_tokens:
            notes.append("Its longest requests are beyond the small tier's cheap context.")
        if name == "small_tier" and case.tier and case.tier.price.model == case.profile.model:
            notes.append("It runs on this model already.")
    return " ".join(notes)


def _assumptions(name: str, cases: Sequence[Case], basis: Basis, fleet: Fleet) -> list[dict[str, Any]]:
    entries = listed(*_RESTS_ON[name])
    if len(cases) == 1:
        entries += _prices_used(name, cases[0])
    if name != "self_hosted_slm":
        return entries
    if basis.name == "per_1000_calls":
        entries += listed("assumed_utilisation")
    else:
        source = (
            f"all tasks that could move share the GPUs; the busiest hour has {basis.peak_factor:.1f} times the mean"
        )
        entries.append(
            {
                "name": "utilisation",
                "value": float(fleet.utilisation),
                "unit": "of the GPUs' capacity",
                "source": source,
            }
        )
        entries.append({"name": "gpus", "value": float(fleet.replicas), "unit": "H100", "source": "at least one"})
    calls = sum(c.calls for c in cases)
    paid = sum(c.paid or 0.0 for c in cases)
    if calls:
        entries += _self_host_table(cases, calls, paid)
    return entries


def _self_host_table(cases: Sequence[Case], calls: int, paid: float) -> list[dict[str, Any]]:
    """What 1,000 of these calls cost at each utilisation, and the requests an hour from which one GPU is cheaper."""
    expected = Scenario.expected()
    hourly = expected["gpu_usd_per_hour"] * (1 + expected["gpu_overhead"])
    seconds = float(sum(alt.busy_seconds(c, expected) for c in cases)) / calls
    shape = f"{sum(c.input_tokens for c in cases) / calls:,.0f} tokens in, {sum(c.output_tokens for c in cases) / calls:,.0f} out"
    entries: list[dict[str, Any]] = [
        {
            "name": f"usd_per_1000_calls_at_{u:.0%}_utilisation".replace("%", "_percent"),
            "value": usd_per_1000_requests(seconds, hourly, u),
            "unit": "USD",
            "source": f"seconds of a GPU by shape ({shape}), data/throughputs.csv",
        }
        for u in UTILISATIONS
    ]
    if paid:
        per_hour = break_even_requests_per_hour(hourly, paid / calls)
        entries.append(
            {
                "name": "break_even_requests_per_hour",
                "value": per_hour,
                "unit": "requests an hour, against what is paid today",
                "source": f"one GPU does at most {3600 / seconds:,.0f} an hour of this shape",
            }
        )
    return entries


def _prices_used(name: str, case: Case) -> list[dict[str, Any]]:
    price = {
        "caching_batch": case.today,
        "small_tier": case.tier.price if case.tier else None,
        "hosted_slm": case.candidate.price if case.candidate else None,
    }.get(name)
    if price is None:
        return []
    unit = f"USD per million tokens, {price.model}"
    entries = [
        {"name": "input_price", "value": price.input, "unit": unit, "source": price.source},
        {"name": "output_price", "value": price.output, "unit": unit, "source": price.source},
    ]
    if name == "caching_batch" and price.cache_read is not None:
        entries.append({"name": "cached_input_price", "value": price.cache_read, "unit": unit, "source": price.source})
        entries.append(
            {
                "name": "repeated_input",
                "value": case.repeated.repeated,
                "unit": "share of its input tokens",
                "source": "counted here",
            }
        )
    return entries
