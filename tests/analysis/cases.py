"""Tasks as the savings see them, made by hand."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import numpy as np

from suffice_analysis.estimate import Estimate
from suffice_analysis.prior import Prior
from suffice_analysis.profile import TaskProfile
from suffice_analysis.replaceability import DRAWS, Replaceability, SharedError, estimate_replaceability
from suffice_analysis.replay.counts import Counts
from suffice_analysis.replay.results import Result
from suffice_analysis.savings.alternatives import Case
from suffice_analysis.savings.caching import Repeated
from suffice_analysis.savings.candidates import choose
from suffice_analysis.savings.cases import _at_a_host
from suffice_analysis.savings.prices import ModelPrice, SmallTier

TODAY = ModelPrice("gpt-6.1-sol", 2.0, 10.0, 0.2, None, "test")
TIER = SmallTier(ModelPrice("gpt-6-luna", 0.1, 0.5, 0.01, None, "test"), 272_000, True)
SHARED = SharedError(0)


def make_profile(**more: Any) -> TaskProfile:
    """10,000 calls of 1,000 tokens in and 200 out, paid at 2 and 10 USD per million tokens."""
    values: dict[str, Any] = {
        "task_id": "t_1",
        "name": "Label tickets",
        "name_source": "template",
        "template": "Label the ticket: …",
        "recogniser": "{}",
        "kind": "classification",
        "kind_rule": "",
        "hci": "no",
        "hci_rule": "",
        "answer_form": "label",
        "calls": 10_000,
        "runs": 10_000,
        "services": ["shop"],
        "models": {"gpt-6.1-sol": 10_000},
        "providers": {"openai": 10_000},
        "input_tokens": 10_000_000,
        "output_tokens": 2_000_000,
        "cache_read_tokens": 0,
        "estimated_calls": 0,
        "paid_usd": Decimal(40),
        "unpriced_calls": 0,
        "unbilled_calls": 0,
        "priced_input_tokens": 10_000_000,
        "priced_output_tokens": 2_000_000,
        "error_calls": 0,
        "input_tokens_p50": 1000.0,
        "input_tokens_p99": 1500.0,
        "output_tokens_p50": 200.0,
        "latency_p50_ms": 500.0,
        "latency_p95_ms": 900.0,
        "first_call_ns": None,
        "last_call_ns": None,
        "timed_calls": 0,
        "streamed_calls": 0,
        "tools": 0,
        "turns_p50": 0.0,
        "images": False,
        "example_call_ids": [],
    }
    return TaskProfile(**(values | more))


def make_case(*, mean: float = 2.0, verdict: str = "likely", repeated: float = 0.0, **more: Any) -> Case:
    """A task with replaceability around expit(mean)."""
    profile = make_profile(**more)
    found = estimate_replaceability(profile.task_id, profile.calls, Prior(mean, 0.8, []), None, SHARED)
    choice = choose(profile)
    return Case(profile, found, verdict, TODAY, Repeated(repeated, 0.0), choice.hosted[0], TIER, choice.own[0])


def make_result(model: str, price: tuple[float, float] | None) -> Result:
    """360 of 400 replayed answers of that model as good as recorded."""
    counts = Counts(passed=360, failed=40, unjudged=0, unavailable=0, lost=0, design_effect=1.0, clusters=400)
    asked: Any = ("t_1", model, "as_is", 0.95, "fixed", counts, 0.88, 0.92, 1.0, "open", "", [])
    return Result(*asked, model=model, price=price)


def make_tested_case(
    model: str, price: tuple[float, float] | None, failures: tuple[int, int] = (0, 40), **more: Any
) -> Case:
    """A task whose replaceability is what that model reached."""
    case, seen = make_case(**more), make_result(model, price)
    measured = Estimate(0.9, 0.88, 0.92, "replay", 400, "exact", 0)
    known = Replaceability(case.profile.task_id, measured, np.full(DRAWS, 0.9), True)
    candidate = _at_a_host(seen, TIER) or case.candidate
    tested = (seen.candidate, seen.model)
    return replace(case, replaceability=known, candidate=candidate, tested=tested, failures=failures)
