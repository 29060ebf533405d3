"""A verdict per task: one word, the reason in a sentence or two, and what might change it.

proven: by replay, a one-sided 95 % lower bound over the bar · likely: expected to suffice, not settled · untested: too little is
known · stays: refuted by replay, or expected to be worse more often than not. Small data makes small claims, so those rules come
first.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from suffice_analysis.estimate import Estimate
from suffice_analysis.grounds import Grounds
from suffice_analysis.profile import TaskProfile
from suffice_analysis.replaceability import CLAIM_CALLS
from suffice_analysis.replay.results import Result
from suffice_analysis.unsettled import unsettled_figures, unsettled_words
from suffice_store.console import format_usd_estimate

WIDE_POINTS = 40.0  # an interval wider than this is no answer
LIKELY = 0.80  # expected share from which a replay is worth its money first
STAYS = 0.50  # expected share below which most of what moved would be escalated or wrong
LEVERS = 3
FINE_TUNE_CALLS = 1_000  # distil labs and LoRA Land tune from hundreds; the paper's rule of thumb is 10,000
_MISSING = "Missing: a small model's answers to these calls."


@dataclass(frozen=True, slots=True)
class Verdict:
    """``word`` as in ``tasks.verdict``, its reason, at most three levers."""

    word: str
    reason: str
    levers: list[str]


def judge_task(
    profile: TaskProfile,
    estimate: Estimate | None,
    at_stake: str,
    grounds: Grounds | None = None,
    none_fits: str = "",
    replayed: Result | None = None,
    among: str = "",
) -> Verdict:
    """The verdict. ``at_stake`` is what the task costs per basis, as a person reads it; ``none_fits`` why no SLM could take it;
    ``among`` which calls were looked at, where not all.

    The reason says what is known and what is missing; the interval stands beside it on every page and is not repeated.
    """
    if profile.kind == "embedding":
        return Verdict("untested", "These are embeddings, which no language model replaces; they are left out.", [])
    if estimate is None:
        return Verdict(
            "untested", f"No answer of it was recorded{among}, so nothing can be said; {at_stake} at stake.", []
        )
    levers = [f"{text} (untested)" for text in _levers(profile)][:LEVERS]
    known = _known(grounds or Grounds())
    if replayed is not None and replayed.status == "proven":
        return Verdict("proven", f"{_said(replayed)}.", [])
    if replayed is not None and replayed.status == "refuted":
        return Verdict("stays", f"Refuted by replay: {_said(replayed)}.", levers)
    if profile.calls < CLAIM_CALLS:
        reason = f"Only {profile.calls:,} call{'' if profile.calls == 1 else 's'}; under {CLAIM_CALLS} no percentage is claimed; {at_stake} at stake."
        return Verdict("untested", reason, levers)
    if replayed is not None:
        word = "likely" if estimate.value >= LIKELY else "untested"
        return Verdict(word, f"{_open(replayed)}: {_said(replayed)}.", levers)
    if none_fits:
        return Verdict(
            "stays", f"No small model of the catalogue passes its hard filters: {none_fits}. {known}", levers
        )
    if estimate.value < STAYS:
        reason = "A small model as it is would likely do worse on most calls, so it stays on the LLM until a test says otherwise."
        return Verdict("stays", f"{reason} {known}", levers)
    if estimate.width_points > WIDE_POINTS:
        return Verdict(
            "untested", f"Untested: {at_stake} at stake. Too little is known to say. {known} {_MISSING}", levers
        )
    if estimate.value >= LIKELY:
        return Verdict("likely", f"{known} {_MISSING}", levers)
    return Verdict("untested", f"A small model is expected to suffice for part of it. {known} {_MISSING}", levers)


def _open(result: Result) -> str:
    """On which side of its bar a tested share stands, with its figures."""
    figures = unsettled_figures(result.value, result.bar, result.counts.n)
    return f"{unsettled_words(result.value, result.bar).capitalize()}{figures}"


def _said(result: Result) -> str:
    return result.sentence().removesuffix(".")


def _known(grounds: Grounds) -> str:
    said = [
        f"{what}: {'; '.join(phrases)}."
        for what, phrases in (("For it", grounds.speaks_for), ("Against it", grounds.speaks_against))
        if phrases
    ]
    return " ".join(said) or "Nothing in its structure speaks clearly either way."


def stake(paid_usd: Decimal | float | None, basis: str) -> str:
    """What a task costs, as a phrase: ``$12.30 a month``, ``$0.41 per 1,000 calls``, ``an unpriced amount``."""
    if paid_usd is None:
        return "an unpriced amount"
    return f"{format_usd_estimate(paid_usd)} {'a month' if basis == 'month' else 'per 1,000 calls of all traffic'}"


def _levers(profile: TaskProfile) -> list[str]:
    """What might make an SLM suffice, the cheapest first."""
    levers = []
    if profile.answer_form in ("json", "tool_call"):
        levers.append("Force the answer's schema by constrained decoding")
    if profile.answer_form in ("label", "number"):
        levers.append("Allow only the known answers and give a few examples of each")
    if profile.turns_p50 >= 2 or (profile.input_tokens_p50 or 0) > 8_000:
        levers.append("Shorten the history sent with each call")
    if profile.tools > 10:
        levers.append(f"Offer fewer than its {profile.tools} tools at once")
    if profile.answer_form in ("sql", "code"):
        levers.append("Add a validator (run or parse the answer) and escalate what fails")
    if profile.answer_form in ("short_text", "long_text", "mixed"):
        levers.append("Give a few recorded answers as examples")
    if profile.calls >= FINE_TUNE_CALLS:
        levers.append(f"Fine-tune on its {profile.calls:,} recorded answers, filtered by outcome")
    else:
        levers.append("Split off the calls with the shortest requests and test those first")
    return levers
