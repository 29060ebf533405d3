"""The small print of a row of savings: why nothing is stated, whether it pays, what is left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from suffice_analysis.replaceability import CLAIM_CALLS
from suffice_analysis.savings.alternatives import Case, batchable
from suffice_analysis.savings.caching import assumed_words


def why_not(name: str, case: Case) -> str:
    """Why an alternative has no saving."""
    if case.paid is None:
        return "Its model has no price, so no saving is stated: suffice prices set."
    if name == "caching_batch":
        return "No price of cached input is known for today's model."
    if case.replaceability is None:
        return "No answers were recorded, so nothing is known about quality."
    if name == "small_tier":
        return f"No small tier of {case.profile.provider or 'this provider'} is known."
    if name == "self_hosted_slm":
        return "No model of the catalogue passes the filters (licence, context, tools, images, languages, GPU memory)."
    return "No hosted model of the catalogue passes the filters (licence, context, tools, images, languages)."


def left_out(unpriced: int) -> str:
    """What the calls without a price mean for an amount: they are paid for all the same."""
    one = unpriced == 1
    return f"{unpriced:,} unpriced {'call is' if one else 'calls are'} in no amount and {'goes' if one else 'go'} on costing what {'it costs' if one else 'they cost'}."


def not_told(cases: Sequence[Case]) -> tuple[int, int]:
    """Tasks of which no call states cached tokens, and of which none has a time."""
    return sum(not c.repeated.stated for c in cases), sum(not c.repeated.timed for c in cases)


def note(name: str, row: Mapping[str, Any], cases: Sequence[Case]) -> str:
    """What to know beside the figures of a row."""
    notes = []
    if name == "caching_batch":
        if row["task_id"] and row["saving_usd"] > 0:  # of all traffic it stands beside the money
            notes += assumed_words(len(cases), *not_told(cases))
        if any(batchable(c) for c in cases):
            notes.append("The upper end also takes the batch price, if the answers may wait a day.")
    elif round(row["caught"] + row["extra_wrong"]):
        per = " a month" if row["basis"] == "month" else " per 1,000 calls of all traffic"
        caught, wrong = round(row["caught"]), round(row["caught"] + row["extra_wrong"])
        notes.append(
            f"A check of form would stop about {caught:,} of {wrong:,} wrong answers{per}; today's model answers those again, and that "
            "cost is counted."
            if caught
            else f"A check of form would stop none of about {wrong:,} wrong answers{per}."
        )
    if row["saving_usd"] <= 0:
        notes.append("It does not pay." if row["saving_usd"] < 0 else "Nothing to save.")
    elif row["saving_low_usd"] <= 0:
        notes.append("It may not pay.")
    unpriced = sum(c.profile.unpriced_calls for c in cases)
    if unpriced and row["task_id"]:  # the totals tell all of them
        notes.append(left_out(unpriced))
    for case in cases if len(cases) == 1 else ():
        if case.profile.calls < CLAIM_CALLS:
            notes.append(f"Under {CLAIM_CALLS} calls: nothing is claimed, and the total does not count it.")
        if given := case.stands_in(name):
            better = ", moved up, as a vendor's small model is thought to be better" if name == "small_tier" else ""
            notes.append(f"Its answers were not tested: what {given} reached is taken for them{better}.")
        if name != "caching_batch" and case.verdict == "stays":
            notes.append("It stays on the LLM and is not counted in the total.")
        if name == "small_tier" and case.tier and (case.profile.input_tokens_p99 or 0) > case.tier.context_tokens:
            notes.append("Its longest requests are beyond the small tier's cheap context.")
        if name == "small_tier" and case.tier and case.tier.price.model == case.profile.model:
            notes.append("It runs on this model already.")
    return " ".join(notes)
