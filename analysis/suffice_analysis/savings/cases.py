"""From a task's profile and estimate to the case that savings are worked out for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from suffice_analysis.inputs import Inputs
from suffice_analysis.profile import TaskProfile
from suffice_analysis.replaceability import Replaceability
from suffice_analysis.savings.alternatives import Case
from suffice_analysis.savings.basis import Basis, peak_factor
from suffice_analysis.savings.caching import repeated_input
from suffice_analysis.savings.candidates import Choice
from suffice_analysis.savings.prices import find_price, small_tier
from suffice_analysis.savings.terms import Terms


def price_factor(profile: TaskProfile, inputs: Inputs, rows: Sequence[int], terms: Terms) -> float:
    """What the contracts leave of the list price of the task's calls ``rows``; 1 where nothing was paid."""
    if not profile.paid_usd or not terms.contracts:
        return 1.0
    return terms.effective_usd(inputs.take(rows)) / float(profile.paid_usd)


def build_case(
    profile: TaskProfile,
    estimated: Replaceability | None,
    verdict: str,
    choice: Choice,
    inputs: Inputs,
    rows: Sequence[int],
    terms: Terms,
) -> Case:
    """The case of the task whose calls are ``rows``."""
    tier = small_tier(inputs.prices, profile.provider) if profile.kind != "embedding" else None
    return Case(
        profile=profile,
        replaceability=estimated,
        verdict=verdict,
        today=find_price(inputs.prices, profile.provider, profile.model),
        repeated=repeated_input(inputs, rows),
        candidate=next(iter(choice.hosted), None),
        own=next(iter(choice.own), None),
        tier=tier,
        price_factor=price_factor(profile, inputs, rows, terms),
        tier_factor=terms.factor(profile.provider, tier.price.model) if tier else 1.0,
        choice=choice,
    )


def with_peak(basis: Basis, inputs: Inputs, rows: Sequence[int]) -> Basis:
    """The basis with the peaks of the calls ``rows`` that would share GPUs, not those of all traffic."""
    if basis.name != "month" or basis.days is None:
        return basis
    started = inputs.numbers("started_ns")[list(rows)]
    return replace(basis, peak_factor=peak_factor(started[~np.isnan(started)], basis.days))
