"""From a task's profile and estimate to the case that savings are worked out for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from suffice_analysis import data
from suffice_analysis.inputs import Inputs
from suffice_analysis.profile import TaskProfile
from suffice_analysis.replaceability import Replaceability
from suffice_analysis.replay.results import Result
from suffice_analysis.savings.alternatives import Case
from suffice_analysis.savings.basis import Basis, peak_factor
from suffice_analysis.savings.caching import repeated_input
from suffice_analysis.savings.candidates import Candidate, Choice
from suffice_analysis.savings.prices import ModelPrice, SmallTier, find_price, mean_price, small_tier
from suffice_analysis.savings.terms import Terms

ANY_SIZE_B = 8.0  # of a model whose size nobody told: only its fine-tuning and its GPU are worked out from it


def price_factor(profile: TaskProfile, inputs: Inputs, rows: Sequence[int], terms: Terms) -> float:
    """What the contracts leave of the list price of the task's calls ``rows``; 1 where nothing was paid."""
    if not profile.paid_usd or not terms.contracts:
        return 1.0
    return terms.effective_usd(inputs.take(rows)) / float(profile.paid_usd)


def price_today(
    prices: Sequence[Mapping[str, Any]], profile: TaskProfile, tokens: Mapping[tuple[str, str], float]
) -> ModelPrice | None:
    """The price that caching saves at. Of several models the mean by ``tokens``, what a cache could still serve of each, so that
    each model's tokens count at its own price; else that of the model in use most."""
    known = [(found, weight) for of, weight in sorted(tokens.items()) if (found := find_price(prices, *of)) is not None]
    return mean_price(known) if known else find_price(prices, profile.provider, profile.model)


def build_case(
    profile: TaskProfile,
    estimated: Replaceability | None,
    verdict: str,
    choice: Choice,
    inputs: Inputs,
    rows: Sequence[int],
    terms: Terms,
    tested: Result | None = None,
) -> Case:
    """The case of the task whose calls are ``rows``. ``tested``: the replays that ``estimated`` is made of."""
    tier = small_tier(inputs.prices, profile.provider) if profile.kind != "embedding" else None
    repeated = repeated_input(inputs, rows)
    return Case(
        profile=profile,
        replaceability=estimated,
        verdict=verdict,
        today=price_today(inputs.prices, profile, repeated.by_model),
        repeated=repeated,
        candidate=_at_a_host(tested, tier) or next(iter(choice.hosted), None),
        own=next(iter(choice.own), None),
        tier=tier,
        price_factor=price_factor(profile, inputs, rows, terms),
        tier_factor=terms.factor(profile.provider, tier.price.model) if tier else 1.0,
        choice=choice,
        tested=(tested.candidate, tested.model) if tested else (),
        failures=(tested.failures_seen_by_form, tested.counts.failed) if tested else (0, 0),
    )


def _at_a_host(tested: Result | None, tier: SmallTier | None) -> Candidate | None:
    """The model that was tested, at the price that was given for it: what is known of it goes before what is thought of others."""
    if tested is None or tested.price is None or (tier and tier.price.model in (tested.candidate, tested.model)):
        return None
    price = ModelPrice(tested.candidate, *tested.price, None, None, "as given for the replay")
    size = next(
        (float(row["params_b"]) for row in data.rows("slm_catalog.csv") if row["model"] == tested.model), ANY_SIZE_B
    )
    said = f"{tested.counts.passed:,} of {tested.counts.judged:,} replayed answers as good as recorded"
    return Candidate(tested.candidate, size, price, said)


def with_peak(basis: Basis, inputs: Inputs, rows: Sequence[int]) -> Basis:
    """The basis with the peaks of the calls ``rows`` that would share GPUs, not those of all traffic."""
    if basis.name != "month" or basis.days is None:
        return basis
    started = inputs.numbers("started_ns")[list(rows)]
    return replace(basis, peak_factor=peak_factor(started[~np.isnan(started)], basis.days))
