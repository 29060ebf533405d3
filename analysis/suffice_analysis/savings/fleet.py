"""The GPUs that all movable tasks would share: how many, what one busy second costs. And one alternative priced in a scenario."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from suffice_analysis.prior import SHARED_SD
from suffice_analysis.savings import alternatives as alt
from suffice_analysis.savings.alternatives import Case, Moved, Number
from suffice_analysis.savings.assumptions import HOURS_PER_MONTH, Scenario
from suffice_analysis.savings.basis import Basis
from suffice_analysis.savings.self_host import replicas_needed

CARRIED_SEED = 3  # a stream of its own


class Fleet:
    """At least one GPU; as many as the traffic's own peaks need."""

    def __init__(self, cases: Sequence[Case], basis: Basis, scenario: Scenario) -> None:
        self.hourly: Number = scenario["gpu_usd_per_hour"] * (1 + scenario["gpu_overhead"])
        self._sized_for = {c.profile.task_id for c in cases if on_gpu(c)}
        self.seconds: Number = sum((alt.busy_seconds(c, scenario) for c in cases if on_gpu(c)), 0.0)
        self.monthly = basis.name == "month" and bool(np.all(self.seconds > 0))
        self.busy: Number = 0.0  # GPUs, in the mean over the month
        self.upkeep_per_second: Number = 0.0
        self.replicas: Number = 1.0
        self.utilisation: Number = scenario["assumed_utilisation"]
        if self.monthly:
            self.busy = self.seconds * basis.factor / (HOURS_PER_MONTH * 3600)
            self.replicas = replicas_needed(self.busy, basis.peak_factor)
            self.utilisation = self.busy / self.replicas
            upkeep = scenario["self_host_upkeep_hours"] * scenario["engineer_usd_per_hour"]
            self.upkeep_per_second = upkeep / (self.seconds * basis.factor)
        self.usd_per_second: Number = self.hourly / 3600 / self.utilisation

    def share(self, case: Case, scenario: Scenario) -> Number:
        """What a second costs this task, of what the fleet takes: one that is not among those to move would share with them."""
        if case.profile.task_id in self._sized_for or not np.all(self.seconds > 0):
            return 1.0
        return self.seconds / (self.seconds + alt.busy_seconds(case, scenario))


def on_gpu(case: Case) -> bool:
    """Whether the fleet is sized for it."""
    return case.movable and case.own is not None and case.paid is not None


@dataclass(frozen=True)
class World:
    """A scenario and the fleet it would need."""

    scenario: Scenario
    fleet: Fleet

    @classmethod
    def of(cls, cases: Sequence[Case], basis: Basis, scenario: Scenario) -> World:
        return cls(scenario, Fleet(cases, basis, scenario))

    def move(self, name: str, case: Case, share: Number) -> Moved | None:
        """The task under alternative ``name`` if ``share`` of an SLM's answers are acceptable; None where it can't be said."""
        if name == "caching_batch":
            return alt.caching(case, self.scenario)
        if share is None:
            return None
        if name == "small_tier":
            return alt.small_tier(case, self.scenario, share)
        if name == "hosted_slm":
            return alt.hosted(case, self.scenario, share)
        part = self.fleet.share(case, self.scenario)
        return alt.self_hosted(
            case, self.scenario, share, self.fleet.usd_per_second * part, self.fleet.upkeep_per_second * part
        )

    def saved(self, case: Case, moved: Moved) -> Number:
        """USD of the observed calls: paid at this scenario's price, less what it would cost."""
        return (case.paid or 0.0) * self.scenario["today_price"] - moved.usd


def expected_share(case: Case, which: str = "value") -> Number:
    """An SLM's acceptable share: its ``value``, ``low``, ``high``, or all ``draws``; None where nothing is known."""
    if case.replaceability is None:
        return None
    return case.replaceability.draws if which == "draws" else getattr(case.replaceability.estimate, which)


def carried_draws(draws: Number) -> Number:
    """Draws of a tested model's share, for one that was not tested: models of a size differ by about ``SHARED_SD`` on the logit scale
    (docs/statistics.md), one that is weaker in every task."""
    apart = SHARED_SD * np.random.default_rng(CARRIED_SEED).standard_normal(np.shape(draws))
    return special.expit(special.logit(np.clip(draws, 1e-6, 1 - 1e-6)) + apart)
