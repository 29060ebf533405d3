"""One word per task: small data first, then what is expected; never proven."""

from __future__ import annotations

from decimal import Decimal

import pytest
from analysis.cases import make_profile
from hypothesis import given
from hypothesis import strategies as st

from suffice_analysis.estimate import Estimate
from suffice_analysis.grounds import Grounds
from suffice_analysis.verdicts import LEVERS, judge_task, stake

GROUNDS = Grounds(["its answers are labels"], ["its requests are long"])


def estimate(value: float, low: float, high: float) -> Estimate:
    return Estimate(value, low, high, "prior", 0, "test")


@pytest.mark.parametrize(
    ("calls", "seen", "word", "says"),
    [
        (99, estimate(0.9, 0.8, 0.95), "untested", "Only 99 calls; under 100 no percentage is claimed; $5 at stake."),
        (1, estimate(0.9, 0.8, 0.95), "untested", "Only 1 call; under 100"),
        (100, estimate(0.9, 0.8, 0.95), "likely", "Missing: a small model's answers to these calls."),
        (100, estimate(0.7, 0.55, 0.85), "untested", "expected to suffice for part of it"),
        (100, estimate(0.7, 0.4, 0.81), "untested", "Untested: $5 at stake. Too little is known to say."),
        (100, estimate(0.49, 0.2, 0.9), "stays", "stays on the LLM"),
        (100, None, "untested", "No answer of it was recorded"),
    ],
)
def test_the_word_and_its_reason(calls: int, seen: Estimate | None, word: str, says: str) -> None:
    verdict = judge_task(make_profile(calls=calls), seen, "$5", GROUNDS)
    assert verdict.word == word
    assert says in verdict.reason


@given(st.floats(0, 1), st.floats(0, 1), st.integers(1, 10**6))
def test_never_proven_and_at_most_three_levers_each_untested(value: float, low: float, calls: int) -> None:
    profile = make_profile(calls=calls, tools=40, turns_p50=4.0, answer_form="json")
    verdict = judge_task(profile, estimate(value, min(low, value), 1.0), "$5")
    assert verdict.word in ("likely", "untested", "stays")
    assert 1 <= len(verdict.levers) <= LEVERS
    assert all(lever.endswith("(untested)") for lever in verdict.levers)
    assert "%" not in verdict.reason  # the interval stands beside it already


def test_the_reason_says_what_is_known_and_what_is_missing() -> None:
    wide = judge_task(make_profile(), estimate(0.7, 0.4, 0.81), "$5", GROUNDS)
    assert wide.reason == (
        "Untested: $5 at stake. Too little is known to say. For it: its answers are labels. Against it: its requests are long. "
        "Missing: a small model's answers to these calls."
    )
    assert judge_task(make_profile(), estimate(0.9, 0.8, 0.95), "$5").reason == (
        "Nothing in its structure speaks clearly either way. Missing: a small model's answers to these calls."
    )


def test_a_task_that_no_small_model_can_take_stays_and_says_why() -> None:
    verdict = judge_task(
        make_profile(), estimate(0.9, 0.8, 0.95), "$5", GROUNDS, none_fits="context 131,072 is too short"
    )
    assert verdict.word == "stays"
    assert verdict.reason.startswith(
        "No small model of the catalogue passes its hard filters: context 131,072 is too short. "
    )


def test_embeddings_are_left_out() -> None:
    verdict = judge_task(make_profile(kind="embedding"), None, "$5")
    assert (verdict.word, verdict.levers) == ("untested", [])


def test_what_is_at_stake_is_said_with_its_basis() -> None:
    assert stake(Decimal("12.3"), "month") == "$12.30 a month"
    assert stake(0.5, "per_1000_calls") == "$0.50 per 1,000 calls of all traffic"
    assert stake(None, "month") == "an unpriced amount"
