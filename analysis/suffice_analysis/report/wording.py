"""Words of the report: names, and shares as a person counts. Nothing here knows the whole report."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from suffice_analysis.replaceability import CLAIM_CALLS
from suffice_analysis.verdicts import WIDE_POINTS
from suffice_store.console import format_interval, format_share, format_share_interval

Row = Mapping[str, Any]
ALTERNATIVE_NAMES = {
    "caching_batch": "Caching and batch, same model",
    "small_tier": "Vendor's small tier",
    "hosted_slm": "Hosted SLM",
    "self_hosted_slm": "Self-hosted SLM",
}
IN_A_SENTENCE = {
    "small_tier": "the vendor's small tier, ",
    "hosted_slm": "a hosted SLM, ",
    "self_hosted_slm": "a self-hosted SLM, ",
}
VERDICT_WORDS = {
    "proven": "proven by tests",
    "likely": "likely, to be tested",
    "untested": "untested",
    "stays": "stays on the LLM",
}
TERMS = (
    "Replaceable: a small model's answer would be no worse than the recorded one. SLM: a small language model, under about "
    "10 billion parameters. Prior: judged by the kind of task; proxy: also by how well its recorded answers can be foretold."
)
UNTRIED = (
    "These are expectations from recorded calls alone: no small model has been run, so test before anything moves."
)
TRIED_IN_PART = "What was replayed says so, with its n; all else are expectations from recorded calls alone: test before anything moves."
HOW_TO_TEST = (
    "To test: suffice prove --budget 5 asks a small model recorded requests, those first that settle most money, and compares "
    "its answers with the recorded ones."
)


SIMULATED = "simulated-"  # begins the name of every service of the demo
SIMULATED_WORDS = "Simulated data: the agents and their answers are made up, no real traffic is in it."


def is_simulated(services: Iterable[str], environments: Iterable[str]) -> bool:
    """Whether nothing is real traffic: every service is a simulated one, or every call of a demo. Then it is said everywhere."""
    named = [each for each in services if each]
    return (bool(named) and all(each.startswith(SIMULATED) for each in named)) or set(environments) == {"demo"}


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


def of_100(share: float) -> str:
    """A share as a person counts: ``9 of 100``, ``under 1 of 100``."""
    return "under 1 of 100" if 0 < share < 0.005 else f"{100 * share:.0f} of 100"


def of_100_interval(low: float, high: float) -> str:
    """``4 to 17``, of 100."""
    return f"{100 * low:.0f} to {100 * high:.0f}"


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
