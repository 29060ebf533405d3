"""How far the recorded costs can be trusted: what was taken out, left out, estimated or unpriced, and the provider's own count.

Read once, said in sentences that the dashboard's page and the report share.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from suffice_store.console import format_count, format_share, format_usd
from suffice_store.contracts import Effective, effective_costs
from suffice_store.reconciling import Reconciliation, reconcile

Row = Mapping[str, Any]
Reader = Callable[..., list[Any]]  # a named read's rows, its parameters by keyword

_SECONDS_PER_DAY = 86_400


@dataclass(frozen=True)
class Quality:
    """What the named reads say, as rows; ``counts`` is the one row of ``quality``."""

    counts: Row
    by_rule: list[Row]
    environments: list[Row]
    stated: list[Row]
    differences: Reconciliation
    contracts: list[Effective]

    @property
    def shares(self) -> list[tuple[str, int, str]]:
        """(what, calls, what it means), in the order in which a person should look."""
        c = self.counts
        return [
            ("Unpriced", c["unpriced_calls"], "no known price: in no sum of money"),
            ("Estimated", c["estimated_calls"], "nobody stated tokens: counted from the text"),
            ("Incomplete", c["incomplete_calls"], "the answer broke off"),
            ("No usage", c["no_usage_calls"], "neither stated nor to be estimated"),
            ("Late", c["late_calls"], "arrived over an hour after they ended"),
            ("Untimed", c["untimed_calls"], "no time: priced by the day they arrived"),
            ("Duplicates", c["duplicate_calls"], "told twice: kept, counted once"),
            ("Not production", c["left_out_calls"], "another environment: kept, not counted"),
        ]


def read_quality(read: Reader, **filters: Any) -> Quality:
    """Everything of the page. ``filters`` as of a read; the provider's count is of every environment and all time."""
    return Quality(
        counts=read("quality", **filters)[0],
        by_rule=read("duplicates_by_rule", **filters),
        environments=read("environments", **{k: v for k, v in filters.items() if k != "environment"}),
        stated=read("stated_costs", **filters),
        differences=reconcile(read("invoices"), daily := read("daily", environment="all")),
        contracts=effective_costs(read("contracts"), daily, int(time.time()) // _SECONDS_PER_DAY),
    )


def trust_sentences(quality: Quality) -> list[str]:
    """The page in a few sentences, the figure that matters most first."""
    c = quality.counts
    calls = c["calls"]
    if not calls:
        return ["No call counts here yet."]
    priced = calls - c["unpriced_calls"]
    first = f"**{_share(priced, calls)}** of {format_count(calls)} calls have a price"
    first += (
        f", **{_share(c['estimated_calls'], calls)}** rest on estimated tokens."
        if c["estimated_calls"]
        else ", none rests on estimated tokens."
    )
    sentences = [first]
    if c["duplicate_calls"]:
        rules = ", ".join(f"{row['rule']} {format_count(row['calls'])}" for row in quality.by_rule)
        sentences.append(f"{format_count(c['duplicate_calls'])} calls were told twice and count once ({rules}).")
    left = [row for row in quality.environments if not row["counts"]]
    if left:
        names = ", ".join(f"{row['environment']} {format_count(row['calls'])}" for row in left)
        money = sum((row["paid_usd"] or Decimal(0) for row in left), Decimal(0))
        sentences.append(f"Only production counts: {names} calls ({format_usd(money)}) are left out.")
    silent = next((row["calls"] for row in quality.environments if row["environment"] == ""), 0)
    if silent:
        sentences.append(f"{format_count(silent)} calls state no environment and count as production.")
    return [*sentences, *_reconciled(quality.differences), *_agreed(quality.contracts), *_stated(quality.stated)]


def _reconciled(found: Reconciliation) -> list[str]:
    sentences = []
    theirs, ours = found.their_usd, found.our_usd
    if theirs is not None:
        days = len({row.day for row in found.rows if row.their_usd is not None})
        gap = theirs - (ours or Decimal(0))
        share = f" ({format_share(float(abs(gap) / theirs))})" if theirs else ""
        side = "more" if gap >= 0 else "less"
        sentences.append(
            f"Your provider billed **{format_usd(theirs)}** on {days} {'day' if days == 1 else 'days'}; suffice counts {format_usd(ours)} of the "
            f"same: the bill is **{format_usd(abs(gap))}{share} {side}**."
        )
    their_tokens, our_tokens = found.tokens("their"), found.tokens("our")
    if their_tokens is not None:
        sentences.append(
            f"It counted {format_count(their_tokens)} tokens, suffice {format_count(our_tokens or 0)} on the same days."
        )
    return sentences


def _agreed(contracts: list[Effective]) -> list[str]:
    sentences = []
    for each in contracts:
        text = f"{each.name}: {format_usd(each.list_usd)} at list price is {format_usd(each.effective_usd)} by your contract"
        if each.credits_used_usd:
            text += f", {format_usd(each.to_pay_usd)} after credits"
        if each.commitment_usd is not None:
            text += f"; {format_usd(each.committed_left_usd)} of {format_usd(each.commitment_usd)} committed is not spent yet"
            if each.shortfall_usd:
                text += f", and {format_usd(each.shortfall_usd)} would be paid for nothing at this pace"
        sentences.append(text + ".")
    return sentences


def _stated(rows: list[Row]) -> list[str]:
    return [
        f"{row['dialect']} says {format_usd(row['stated_usd_of_both'])} for {format_count(row['calls_of_both'])} calls "
        f"that suffice prices at {format_usd(row['paid_usd_of_both'])}."
        for row in rows
        if row["calls_of_both"]
    ]


def _share(part: int, whole: int) -> str:
    return format_share(part / whole)
