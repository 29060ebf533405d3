"""Words of the report: names, and shares as a person counts. Nothing here knows the whole report."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from typing import Any

from suffice_analysis.replaceability import CLAIM_CALLS
from suffice_analysis.savings.recommend import TESTED
from suffice_analysis.savings.row_details import details_of
from suffice_analysis.unsettled import is_unsettled, unsettled_words
from suffice_analysis.verdicts import WIDE_POINTS
from suffice_store.console import (
    format_interval,
    format_share,
    format_share_interval,
    format_usd,
    format_usd_estimate,
    format_usd_range,
)

Row = Mapping[str, Any]
ALTERNATIVE_NAMES = {
    "caching_batch": "Caching and batch, same model",
    "small_tier": "Vendor's small tier",
    "hosted_slm": "Hosted SLM",
    "self_hosted_slm": "Self-hosted SLM",
}
IN_A_SENTENCE = {
    "small_tier": "the vendor's small tier, ",
    "hosted_slm": "a hosted small model, ",
    "self_hosted_slm": "a small model on one's own GPUs, ",
}
GRADE_WORDS = {
    "prior": "by its kind",
    "proxy": "by its history",
    "replay": "tested",
    "live": "in use",
    "same model": "same model",
}
VERDICT_WORDS = {
    "proven": "proven by tests",
    "likely": "likely, to be tested",
    "untested": "untested",
    "stays": "stays on the LLM",
}
REFUTED = "refuted by tests, must stay on the LLM"
STAYS_FOR_NOW = "stays on the LLM for now, untested"
TERMS = (
    "SLM: a small language model, under about 10 billion parameters; LLM: the large one in use. Wrong: judged worse than the recorded "
    "answer, whether that one was right or not; uncaught: no check of form would stop it. Tested: by a small model's answers to recorded "
    "requests; proven: at least 95 of 100, or the bar that was set, are as good as recorded, with 95 % confidence; refuted: fewer are. "
    "Not tested: expected by its kind (published results) or by its history (how well earlier answers foretell later ones), "
    "or carried over from another model that was tested."
)
UNTRIED = "No small model has been run yet: all shares are expected from the recorded calls alone, so test before anything moves."
TRIED_IN_PART = "What was tested says so, with its interval; every other share is expected from the recorded calls alone: test before it moves."
TRIED = "Every task was tested with a small model, and the interval says how sure its share is. Of other models all is expected: test before one of them takes over."
HOW_TO_TEST = (
    "How to test: suffice prove --budget 5 asks a small model recorded requests for at most $5, those first that settle most money, "
    "and compares its answers with the recorded ones."
)


SIMULATED = "simulated-"  # begins the name of every service of the demo
SIMULATED_WORDS = "Simulated data: the agents and their answers are made up, no real traffic is in it."


def is_simulated(services: Iterable[str], environments: Iterable[str]) -> bool:
    """Whether nothing is real traffic: every service is a simulated one, or every call of a demo. Then it is said everywhere."""
    named = [each for each in services if each]
    return (bool(named) and all(each.startswith(SIMULATED) for each in named)) or set(environments) == {"demo"}


def verdict_words(row: Row) -> str:
    """A verdict's words; of what was tested and is not settled, what the test said; of what stays, whether a test refuted it."""
    if is_unsettled(row):
        return unsettled_words(row.get("replaceability"), row.get("bar"))
    if row["verdict"] == "stays" and row.get("grade") is not None:
        return REFUTED if row["grade"] in TESTED else STAYS_FOR_NOW
    return VERDICT_WORDS[row["verdict"]]


def share_words(estimate: Row | None, calls: int) -> str:
    """A share as a person may be told it: nothing under 100 calls, no value when wider than 40 points."""
    if estimate is None:
        return "–"
    if estimate["value"] is None or calls < CLAIM_CALLS:
        return f"under {CLAIM_CALLS} calls"
    share = estimate["value"], estimate["low"], estimate["high"]
    return format_interval(*share[1:]) if is_wide(estimate) else format_share_interval(*share)


def is_wide(estimate: Row) -> bool:
    """Whether the interval is too wide to state a value."""
    return bool(100 * (estimate["high"] - estimate["low"]) > WIDE_POINTS)


def plain_share(estimate: Row) -> str:
    """A share inside a sentence: a value with its interval, or ``26 to 69 %`` where that is too wide."""
    if is_wide(estimate):
        return f"{100 * estimate['low']:.0f} to {100 * estimate['high']:.0f} %"
    return format_share_interval(estimate["value"], estimate["low"], estimate["high"])


def not_judged(share: Row) -> str:
    """The calls in tasks too small for a claim, as one more sentence."""
    small = json.loads(share["details"]).get("left_out_small_calls", 0)
    if not small:
        return ""
    lie, are = ("lies", "is") if small == 1 else ("lie", "are")
    return f" {counted(small, 'call')} {lie} in tasks with under {CLAIM_CALLS} calls and {are} not judged."


ROUNDED = (
    "Savings are net of what the small models, their checks and what they send back cost; each amount is rounded by its own "
    "interval, so parts may differ from sums in the last digit."
)


def quality_words(row: Row) -> tuple[str, str]:
    """An alternative's acceptable answers and their interval, as every page says them; the ends alone where too wide for a value."""
    ends = row["quality_low"], row["quality_high"]
    if row["quality"] is None or None in ends or is_wide({"low": ends[0], "high": ends[1]}):
        return format_interval(*ends), ""
    said, _, between = format_share_interval(row["quality"], *ends).partition(" (")
    return said, f"({between}" if between else ""


def quality_grade_words(row: Row) -> str:
    """What an alternative's acceptable share is known by: ``tested``, ``by its kind``, ``carried over from echo``."""
    details = details_of(row)
    known = GRADE_WORDS.get(row["quality_grade"], str(row["quality_grade"]))
    if not details.get("carried_from"):
        return known
    said = f"carried over from {' and '.join(details['carried_from'])}"
    return said if details.get("carried_all") else f"in part {said}"


def of_100(share: float) -> str:
    """A share as a person counts: ``9 of 100``, ``under 1 of 100``."""
    return "under 1 of 100" if 0 < share < 0.005 else f"{100 * share:.0f} of 100"


def of_100_interval(low: float, high: float) -> str:
    """``4 to 17``, ``0.9 to 3``, of 100: a few are never none, nor one."""
    return f"{_hundred(low)} to {_hundred(high)}"


def _hundred(share: float) -> str:
    return f"{100 * share:.1f}" if 0 < share < 0.0095 else f"{100 * share:.0f}"


def counted(number: int, word: str) -> str:
    """``1 call``, ``5,269 calls``."""
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def hci_words(row: Mapping[str, Any]) -> str:
    """Of how many calls a person reads the answer: ``no 92 %, yes 5 %, unknown 3 %``; the task's word where not counted."""
    yes, no, calls = row.get("hci_yes_calls"), row.get("hci_no_calls"), row.get("calls")
    if yes is None or no is None or not calls:
        return str(row.get("hci"))
    counts = {"no": no, "yes": yes, "unknown": calls - yes - no}
    return ", ".join(f"{word} {format_share(count / calls)}" for word, count in counts.items() if count)


def source_words(evidence: Row) -> str:
    """Where a piece of evidence is from; what was tested or is of the task's own history says so."""
    known = {"proxy": "its history", "replay": "tested", "live": "in use"}.get(evidence["grade"])
    return f"{known}; {evidence['source']}" if known else str(evidence["source"])


def beyond_words(row: Row, saves: str) -> str:
    """What it saves beyond the best before; ``saves``, with that amount's digits, where that is all of it."""
    usd = row["marginal_usd"]
    return saves if usd is not None and math.isclose(usd, row["saving_usd"]) else format_usd_estimate(usd)


MOSTLY = 0.10  # of the calls: with more tokens estimated an amount is said as "about"


def paid_words(usd: float | None, estimated_calls: int, calls: int) -> str:
    """What was paid, as a person may be told it: ``$9.61``, ``about $58`` by estimated tokens, a dash where unknown."""
    if usd is None or estimated_calls < MOSTLY * calls:
        return format_usd(usd)
    return f"about ${usd:,.0f}" if usd >= 10 else f"about {format_usd(usd)}"


def would_cost(row: Row) -> str:
    """What an alternative would cost, as finely as what it saves is known."""
    if row["projected_usd"] is None or row["paid_usd"] is None or row["saving_low_usd"] is None:
        return format_usd_estimate(row["projected_usd"])
    paid = float(row["paid_usd"])
    return format_usd_range(row["projected_usd"], paid - row["saving_high_usd"], paid - row["saving_low_usd"])[0]
