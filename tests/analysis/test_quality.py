"""The sentences about trust, word for word, from rows; unknown is never said as 0."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from suffice_analysis.quality import read_quality, trust_sentences

D = Decimal
COUNTS = {
    "calls": 200, "duplicate_calls": 0, "unpriced_calls": 0, "estimated_calls": 0, "no_usage_calls": 0,
    "incomplete_calls": 0, "error_calls": 0, "untimed_calls": 0, "late_calls": 0, "left_out_calls": 0,
}  # fmt: skip
DAILY = {"provider": "openai", "day": 20_717, "model": "gpt-4o", "calls": 10, "input_tokens": 900, "output_tokens": 50,
         "cache_read_tokens": 0, "paid_usd": D("1.80"), "unpriced_calls": 0}  # fmt: skip
BILLED = {"provider": "openai", "kind": "cost", "day": 20_717, "model": "gpt-4o-2024-08-06", "requests": None,
          "input_tokens": None, "output_tokens": None, "cache_read_tokens": None, "usd": D("2.00")}  # fmt: skip


def sentences(**rows: Any) -> list[str]:
    given = {"quality": [COUNTS], "duplicates_by_rule": [], "environments": [], "stated_costs": [], "invoices": [],
             "daily": [DAILY], "contracts": []} | rows  # fmt: skip
    return trust_sentences(read_quality(lambda name, **filters: given[name]))


def test_nothing_wrong_is_one_sentence() -> None:
    assert sentences() == ["**100 %** of 200 calls have a price, none rests on estimated tokens."]


def test_no_calls() -> None:
    assert sentences(quality=[COUNTS | {"calls": 0}]) == ["No call counts here yet."]


def test_what_was_found_is_said() -> None:
    counts = COUNTS | {"unpriced_calls": 50, "estimated_calls": 20, "duplicate_calls": 7}
    environments = [
        {"environment": "", "counts": True, "calls": 200, "paid_usd": D(3), "unpriced_calls": 0},
        {"environment": "staging", "counts": False, "calls": 40, "paid_usd": D("0.5"), "unpriced_calls": 0},
    ]
    rules = [{"rule": "response_id", "calls": 5}, {"rule": "span_log", "calls": 2}]
    assert sentences(quality=[counts], environments=environments, duplicates_by_rule=rules) == [
        "**75 %** of 200 calls have a price, **10 %** rest on estimated tokens.",
        "7 calls were told twice and count once (response_id 5, span_log 2).",
        "Only production counts: staging 40 calls ($0.50) are left out.",
        "200 calls state no environment and count as production.",
    ]


def test_the_bill_beside_our_count() -> None:
    usage = BILLED | {"kind": "usage", "usd": None, "input_tokens": 1000, "output_tokens": 50}
    assert sentences(invoices=[BILLED, usage])[1:] == [
        "Your provider billed **$2.00** on 1 day; suffice counts $1.80 of the same: the bill is **$0.20 (10 %) more**.",
        "It counted 1,050 tokens, suffice 950 on the same days.",
    ]


def test_a_contract_and_what_others_say() -> None:
    contract = {"name": "c", "provider": "openai", "model": "", "discount": D("0.25"), "commitment_usd": None,
                "credits_usd": D(1), "valid_from_day": 0, "valid_to_day": None}  # fmt: skip
    stated = {"dialect": "langfuse", "calls": 3, "stated_usd": D(9), "calls_of_both": 2, "stated_usd_of_both": D(2),
              "paid_usd_of_both": D("1.5")}  # fmt: skip
    assert sentences(contracts=[contract], stated_costs=[stated])[1:] == [
        "c: $1.80 at list price is $1.35 by your contract, $0.35 after credits.",
        "langfuse says $2.00 for 2 calls that suffice prices at $1.50.",
    ]
