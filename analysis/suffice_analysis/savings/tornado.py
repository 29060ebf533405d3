"""What moves the answer most: the saving with one assumption at the low end of its range, then at the high end, the rest at its value."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from suffice_analysis.savings.alternatives import Case
from suffice_analysis.savings.assumptions import Scenario, read_assumptions
from suffice_analysis.savings.basis import Basis
from suffice_analysis.savings.fleet import World, expected_share

REPLACEABILITY = "replaceability"
MOST = 8
HALF = 0.5


def tornado(
    name: str, moved: Sequence[Case], cases: Sequence[Case], basis: Basis, assumptions: Sequence[str]
) -> list[dict[str, Any]]:
    """The widest first: name, the ends of its range, the saving (USD per basis) at each. ``moved``: what the total moves."""
    expected, known = Scenario.expected(), read_assumptions()
    bars: list[dict[str, Any]] = []
    for each in assumptions:
        low, high = known[each].low, known[each].high
        if low is None or high is None or low == high:
            continue
        ends = [_saving(name, moved, cases, basis, expected.but(**{each: end}), "value") for end in (low, high)]
        bars.append({"name": each, "unit": known[each].unit, "low": low, "high": high, "at_low_usd": ends[0], "at_high_usd": ends[1]})  # fmt: skip
    if name != "caching_batch" and moved:
        ends = [_saving(name, moved, cases, basis, expected, which) for which in ("low", "high")]
        bars.append({"name": REPLACEABILITY, "unit": "ends of each task's interval", "low": None, "high": None, "at_low_usd": ends[0], "at_high_usd": ends[1]})  # fmt: skip
    bars.sort(key=lambda bar: (-abs(bar["at_high_usd"] - bar["at_low_usd"]), bar["name"]))
    return bars[:MOST]


def falling(name: str, moved: Sequence[Case], cases: Sequence[Case], basis: Basis) -> dict[str, float]:
    """The saving (USD per basis) if only today's model halves its price, and if every vendor and host does."""
    expected = Scenario.expected()
    only = expected.but(today_price=HALF)
    everyone = expected.but(today_price=HALF, other_prices=HALF)
    return {
        "today_halves_usd": _saving(name, moved, cases, basis, only, "value"),
        "all_halve_usd": _saving(name, moved, cases, basis, everyone, "value"),
    }


def _saving(
    name: str, moved: Sequence[Case], cases: Sequence[Case], basis: Basis, scenario: Scenario, which: str
) -> float:
    world = World.of(cases if name == "self_hosted_slm" else (), basis, scenario)
    total = 0.0
    for case in moved:
        found = world.move(name, case, expected_share(case, which))
        if found is not None:
            total += float(world.saved(case, found))
    return total * basis.factor
