"""What the observed calls of one task would have cost under each alternative, and how many answers would be wrong.

Pure functions of a scenario: with numbers they give the expected figure, with arrays of draws its spread. An answer
that is worse than the recorded one is either caught (by a check of form, then asked again of today's
model: that costs a call) or silent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import special

from suffice_analysis.kinds import MACHINE_FORMS
from suffice_analysis.profile import TaskProfile
from suffice_analysis.replaceability import Replaceability
from suffice_analysis.savings.assumptions import Scenario
from suffice_analysis.savings.caching import Repeated
from suffice_analysis.savings.candidates import Candidate, Choice
from suffice_analysis.savings.prices import ModelPrice, SmallTier
from suffice_analysis.savings.self_host import gpu_seconds

Number = Any  # a float, or float64 [draws]
ALTERNATIVES = ("caching_batch", "small_tier", "hosted_slm", "self_hosted_slm")
LENGTHS = (0.5, 1.0, 1.15, 1.5, 2.0)  # times the recorded answer: where GPU seconds are worked out; between them linear


@dataclass(frozen=True, slots=True)
class Case:
    """A task as the savings see it. Money and tokens are those of its priced calls."""

    profile: TaskProfile
    replaceability: Replaceability | None
    verdict: str
    today: ModelPrice | None
    repeated: Repeated
    candidate: Candidate | None  # at a host
    tier: SmallTier | None
    own: Candidate | None = None  # on one's own GPU
    price_factor: float = 1.0  # what the contract leaves of today's list price
    tier_factor: float = 1.0  # and of the small tier's
    choice: Choice | None = None  # all that pass the filters, and why the others do not
    tested: tuple[str, ...] = ()  # names of the one model whose replays the replaceability is, where it is any's
    failures: tuple[int, int] = (0, 0)  # of its replayed answers: of a kind that a check of form sees, and all

    @property
    def paid(self) -> float | None:
        """USD really paid: the list price after the contract's discount."""
        return None if self.profile.paid_usd is None else float(self.profile.paid_usd) * self.price_factor

    @property
    def calls(self) -> int:
        """The calls that money and wrong answers are counted over: the priced ones, or all where none is."""
        return self.profile.priced_calls or self.profile.calls

    @property
    def input_tokens(self) -> int:
        return self.profile.priced_input_tokens

    @property
    def output_tokens(self) -> int:
        return self.profile.priced_output_tokens

    @property
    def movable(self) -> bool:
        """Whether the totals count on moving it: calls enough for a claim, and it does not stay."""
        claimed = self.replaceability is not None and self.replaceability.claimed
        return claimed and self.verdict != "stays" and self.profile.kind != "embedding"

    def measured(self, model: str) -> bool:
        """Whether the replaceability is that model's own, and not what is expected of any."""
        return model in self.tested

    def model_of(self, name: str) -> str:
        """The model that answers under alternative ``name``; "" where there is none."""
        if name == "caching_batch":
            return self.profile.model
        if name == "small_tier":
            return self.tier.price.model if self.tier else ""
        chosen = self.own if name == "self_hosted_slm" else self.candidate
        return chosen.model if chosen else ""

    def stands_in(self, name: str) -> str:
        """The tested model whose share is taken for that of alternative ``name``, which was not tested itself; else ""."""
        if name == "caching_batch" or not self.tested or self.measured(self.model_of(name)):
            return ""
        return self.tested[0]

    def proven(self, name: str) -> bool:
        """Whether the task is proven for the very model of alternative ``name``."""
        return self.verdict == "proven" and self.measured(self.model_of(name))

    @property
    def checkable(self) -> bool:
        """Whether a program can check its answers' form."""
        return self.profile.answer_form in MACHINE_FORMS


@dataclass(frozen=True, slots=True)
class Moved:
    """One task under one alternative: USD by what they are for, and answers that would be worse, over the observed calls."""

    parts: Mapping[str, Number]  # today, tokens, gpu, upkeep, escalation, judge
    caught: Number
    silent: Number
    quality: Number
    vendor_usd: Number  # of it, what today's vendor still gets

    @property
    def usd(self) -> Number:
        return sum(self.parts.values())


def caching(case: Case, scenario: Scenario) -> Moved | None:
    """Today's model, the repeated prefixes served from the vendor's cache. The answers stay the same."""
    if case.paid is None or case.today is None or case.today.cache_read is None:
        return None
    reads = case.repeated.unused * case.input_tokens * scenario["cache_hit_share"]
    saved = reads * (case.today.input - case.today.cache_read) / 1e6
    if case.today.cache_write is not None and case.today.cache_write > case.today.input:
        first = case.repeated.repeated * (1 - case.repeated.repeated) * case.input_tokens
        saved = saved - first * (case.today.cache_write - case.today.input) / 1e6
    usd = (case.paid - np.clip(saved * case.price_factor, 0.0, case.paid)) * scenario["today_price"]
    return Moved({"today": usd}, 0.0, 0.0, 1.0, usd)


def batchable(case: Case) -> bool:
    """Whether its answers might wait: nobody reads along, nothing streams, and no run waits for a next step."""
    p = case.profile
    return p.hci == "no" and p.streamed_calls == 0 and p.runs >= 0.95 * p.calls and p.turns_p50 < 1


def small_tier(case: Case, scenario: Scenario, share: Number) -> Moved | None:
    """The vendor's own small model, same API."""
    if case.paid is None or case.tier is None:
        return None
    price = case.tier.price
    usd = (
        case.input_tokens * price.input + case.output_tokens * scenario["small_tier_answer_length"] * price.output
    ) / 1e6
    tokens = usd * case.tier_factor * scenario["other_prices"]
    own = share if case.measured(price.model) else tier_share(share, scenario)
    return _with_escalation(case, scenario, {"tokens": tokens}, own, own_vendor=True)


def tier_share(share: Number, scenario: Scenario) -> Number:
    """Acceptable share of a vendor's small model: an SLM's, moved up on the logit scale."""
    kept = np.clip(share, 1e-6, 1 - 1e-6)
    return special.expit(special.logit(kept) + scenario["small_tier_shift"])


def hosted(case: Case, scenario: Scenario, share: Number) -> Moved | None:
    """The candidate SLM at a host, at the median of the hosts' prices."""
    if case.paid is None or case.candidate is None or case.candidate.price is None:
        return None
    price = case.candidate.price
    usd = (case.input_tokens * price.input + case.output_tokens * scenario["slm_answer_length"] * price.output) / 1e6
    tokens = usd * scenario["hosted_price_factor"] * scenario["other_prices"]
    return _with_escalation(case, scenario, {"tokens": tokens}, share)


def self_hosted(
    case: Case, scenario: Scenario, share: Number, usd_per_second: Number, upkeep_per_second: Number = 0.0
) -> Moved | None:
    """The candidate SLM on one's own GPU, at what a busy second of it and of its upkeep costs in this fleet."""
    if case.paid is None or case.own is None:
        return None
    seconds = busy_seconds(case, scenario)
    return _with_escalation(
        case, scenario, {"gpu": seconds * usd_per_second, "upkeep": seconds * upkeep_per_second}, share
    )


def busy_seconds(case: Case, scenario: Scenario) -> Number:
    """GPU seconds that the observed calls keep one GPU busy, at the latency the scenario allows."""
    seconds = np.interp(scenario["slm_answer_length"], LENGTHS, seconds_by_length(case))
    return seconds / scenario["throughput_at_latency"]


def seconds_by_length(case: Case) -> list[float]:
    """GPU seconds of the observed calls at full load, by how long the answers are (``LENGTHS``)."""
    params = case.own.params_b if case.own else 8.0
    calls = max(case.calls, 1)
    return [
        calls * gpu_seconds(case.input_tokens / calls, case.output_tokens / calls * x, params_b=params) for x in LENGTHS
    ]


def caught_share(case: Case, scenario: Scenario) -> Number:
    """Share of the wrong answers that are caught: as replays failed, the model's own or those it is judged by, else as is assumed
    of the form of answers.

    Of ``seen`` among ``all`` failures: Beta(seen + 1/2, rest + 1/2), Jeffreys.
    """
    assumed = scenario["caught_checkable" if case.checkable else "caught_free_text"]
    seen, every = case.failures
    if not case.tested:
        return assumed
    if np.ndim(assumed) == 0:
        return (seen + 0.5) / (every + 1)
    return np.random.default_rng([seen, every]).beta(seen + 0.5, every - seen + 0.5, np.shape(assumed))


def _with_escalation(
    case: Case, scenario: Scenario, parts: Mapping[str, Number], share: Number, *, own_vendor: bool = False
) -> Moved:
    wrong = (1 - share) * case.calls
    caught = wrong * caught_share(case, scenario)
    paid = (case.paid or 0.0) * scenario["today_price"]
    again, judged = caught * paid / max(case.calls, 1), scenario["judged_share"] * paid
    parts = {**parts, "escalation": again, "judge": judged}
    vendor = sum(parts.values()) if own_vendor else again + judged
    return Moved(parts, caught, wrong - caught, share, vendor)
