"""What stands beside the money of a row of savings: its parts, what is spent once, when that is back, what a commitment holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from suffice_analysis.savings import alternatives as alt
from suffice_analysis.savings.alternatives import Case, Moved, Number
from suffice_analysis.savings.assumptions import DAYS_PER_MONTH, Scenario
from suffice_analysis.savings.basis import Basis
from suffice_analysis.savings.fleet import World
from suffice_analysis.savings.notes import not_told
from suffice_analysis.savings.one_off import fleet_set_up, one_off
from suffice_analysis.savings.own_gpus import SELF_HOSTED
from suffice_analysis.savings.payback import LONGEST_DAYS, needed_usd_per_month, payback_days
from suffice_analysis.savings.rests_on import running
from suffice_analysis.savings.terms import Floor, Terms
from suffice_analysis.savings.tornado import falling, tornado
from suffice_analysis.savings.workings import workings

MOST_CANDIDATES = 3
Row = dict[str, Any]
MovedCases = Sequence[tuple[Case, Moved]]


def spend_by_floor(cases: Sequence[Case], terms: Terms) -> dict[str, float]:
    """USD of the observed calls under each commitment."""
    spent: dict[str, float] = {}
    for case in cases:
        floor = _floor(case, terms)
        if floor is not None:
            spent[floor.name] = spent.get(floor.name, 0.0) + (case.paid or 0.0)
    return spent


def cash_usd(moved: MovedCases, terms: Terms, spent: Mapping[str, float], scenario: Scenario) -> Number:
    """What of the saving would not be owed to a vendor anyway, while the commitments last. USD of the observed calls.

    Of each commitment only the headroom counts: what is spent above it. The rest of the reduction is owed, and the new
    cost comes on top, so it can be under 0.
    """
    cash: Number = 0.0
    reduced: dict[str, Number] = {}
    headroom: dict[str, float] = {}
    for case, each in moved:
        less = (case.paid or 0.0) * scenario["today_price"] - each.vendor_usd
        floor = _floor(case, terms)
        if floor is None:
            cash = cash + less
        else:
            reduced[floor.name] = reduced.get(floor.name, 0.0) + less
            headroom[floor.name] = floor.headroom * spent.get(floor.name, 0.0)
        cash = cash - (each.usd - each.vendor_usd)
    for name, less in reduced.items():
        cash = cash + np.minimum(less, headroom[name])
    return cash


def fill_payback(
    row: Row,
    name: str,
    moved: tuple[MovedCases, MovedCases],
    cash: tuple[Number, Number],
    basis: Basis,
    worlds: tuple[World, World],
    terms: Terms,
) -> None:
    """What is spent once and the days until it is back: at the assumptions' values, and the interval of the draws."""
    once = [_once(name, cases, world.scenario) for cases, world in zip(moved, worlds, strict=True)]
    row["one_off_usd"] = float(sum(once[0].values()))
    row["details"]["one_off"] = {key: float(usd) for key, usd in once[0].items()}
    ends = np.quantile(sum(once[1].values()), [0.05, 0.95])
    row["details"]["one_off_range"] = [min(float(ends[0]), row["one_off_usd"]), max(float(ends[1]), row["one_off_usd"])]
    if name != SELF_HOSTED:  # whole GPUs are counted otherwise: own_gpus.py
        row["details"]["pays_from_range"] = _pays_from(row, once, moved, basis, worlds)
    floors = [f for case, _ in moved[0] if (f := _floor(case, terms)) is not None]
    last = max(floors, key=lambda f: f.days_left, default=None)
    if last is not None and float(cash[0]) < row["saving_usd"] - 1e-9:
        row["details"]["floor"] = {"contract": last.name, "until": last.until.isoformat(), "cash_usd": float(cash[0])}
    if basis.name != "month":
        calls = row["one_off_usd"] / row["saving_usd"] * 1000 if row["saving_usd"] > 0 else None
        row["details"]["payback_calls"] = calls
        return
    saved = [
        sum(world.saved(c, m) for c, m in cases) * basis.factor / DAYS_PER_MONTH
        for cases, world in zip(moved, worlds, strict=True)
    ]
    days = [
        payback_days(
            sum(once[i].values()),
            saved[i],
            worlds[i].scenario["price_fall_per_year"],
            floor_usd_per_day=None if last is None else cash[i] / DAYS_PER_MONTH,
            floor_days=0 if last is None else last.days_left,
        )
        for i in range(2)
    ]
    value = float(days[0])
    low, high = (float(q) for q in np.quantile(days[1], [0.05, 0.95], method="nearest"))
    row["payback_days"] = _finite(value)
    row["payback_days_low"], row["payback_days_high"] = _finite(min(low, value)), _finite(max(high, value))


def _pays_from(
    row: Row,
    once: Sequence[Mapping[str, Number]],
    moved: tuple[MovedCases, MovedCases],
    basis: Basis,
    worlds: tuple[World, World],
) -> list[float | None]:
    """How many times the basis a month from which on what is spent once is back within five years: the 90 % interval of the
    draws; an end that is None is never."""
    saved = sum(worlds[1].saved(c, m) for c, m in moved[1]) * basis.factor
    needed = needed_usd_per_month(sum(once[1].values()), worlds[1].scenario["price_fall_per_year"])
    with np.errstate(divide="ignore", invalid="ignore"):
        times = np.where(saved > 0, needed / np.where(saved > 0, saved, 1.0), np.inf)
    low, high = (float(q) for q in np.quantile(times, [0.05, 0.95], method="nearest"))
    if row["saving_usd"] > 0:
        at_value = float(needed_usd_per_month(row["one_off_usd"], worlds[0].scenario["price_fall_per_year"]))
        low, high = min(low, at_value / row["saving_usd"]), max(high, at_value / row["saving_usd"])
    return [end if np.isfinite(end) else None for end in (low, high)]


def fill_details(
    row: Row, name: str, moved: MovedCases, cases: Sequence[Case], basis: Basis, world: World, *, total: bool
) -> None:
    """The parts of what it would cost, and what the pages' sliders start from."""
    parts: dict[str, float] = {}
    for _, each in moved:
        for key, usd in each.parts.items():
            parts[key] = parts.get(key, 0.0) + float(usd) * basis.factor
    row["details"] |= {
        "parts": parts,
        "moved_paid_usd": sum(c.paid or 0.0 for c, _ in moved) * basis.factor,
        "wrong": sum(float(m.caught) + float(m.silent) for _, m in moved) * basis.factor,
        "calls": sum(c.calls for c, _ in moved) * basis.factor,
    }
    these = [case for case, _ in moved]
    if name == "self_hosted_slm":
        seconds = sum(float(alt.busy_seconds(c, world.scenario)) for c in these) * basis.factor
        row["details"]["gpu"] = {
            "busy_seconds": seconds,
            "usd_per_hour": float(world.fleet.hourly),
            "replicas": float(world.fleet.replicas),
            "utilisation": float(world.fleet.utilisation),
            "peak_factor": basis.peak_factor,
        }
    if total and name == "caching_batch":
        row["details"]["not_told"] = [len(these), *not_told(these)]
    if not total:
        row["details"]["workings"] = workings(name, these[0], basis)
    if not total and name in ("hosted_slm", "self_hosted_slm"):
        row["details"]["candidates"] = _candidates(name, these[0])
    if total:
        row["details"]["moved_tasks"] = [case.profile.task_id for case in these]
        row["details"]["falling"] = falling(name, these, cases, basis)
        row["details"]["tornado"] = tornado(name, these, cases, basis, running(name, basis))


def _candidates(name: str, case: Case) -> list[dict[str, Any]]:
    """The best few that pass the task's filters, with the reasons of their rank and their list prices."""
    if case.choice is None:
        return []
    chosen = case.choice.own if name == "self_hosted_slm" else case.choice.hosted
    return [
        {"model": c.model, "reason": c.reason}
        | ({} if c.price is None else {"input_usd_per_mtok": c.price.input, "output_usd_per_mtok": c.price.output})
        for c in chosen[:MOST_CANDIDATES]
    ]


def _once(name: str, moved: MovedCases, scenario: Scenario) -> dict[str, Number]:
    total: dict[str, Number] = {}
    for case, _ in moved:
        for key, usd in one_off(name, case, scenario).items():
            total[key] = total.get(key, 0.0) + usd
    if name == "self_hosted_slm":
        total["engineering"] = total.get("engineering", 0.0) + fleet_set_up(scenario)
    return total


def _floor(case: Case, terms: Terms) -> Floor | None:
    return terms.floor(case.profile.provider, case.profile.model)


def _finite(days: float) -> float | None:
    return days if days <= LONGEST_DAYS else None
