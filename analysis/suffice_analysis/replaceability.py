"""Replaceability: the probability that on a random call of a task an SLM's answer is acceptable.

One posterior from graded evidence. The prior is theta ~ Normal(mean, sd) on the logit scale, split into an error
shared by all tasks and the task's own. With skill s, the share of held-out answers foretold above chance,
R = s*expit(theta + delta) + (1-s)*expit(theta), delta ~ Normal(1.5, 0.5): what a lookup foretells is easier. It is not
taken for right, because the lookup has seen the task's history and an SLM as it is has not. No SLM has been
run, so nothing here can be proven.

The same draws serve every task and the totals, so the shared error stays shared.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

from suffice_analysis.estimate import BAR, LEVEL, Estimate, Grade, from_draws, weakest_grade
from suffice_analysis.prior import SHARED_SD, Prior
from suffice_analysis.proxy import Predictability

DRAWS = 4_000  # an interval's end is then known to about half a point
ANY_SLM = "any SLM"
MODE = "as_is"
EASIER = (1.5, 0.5)  # Normal, logit: how much easier what a lookup foretells is for an SLM than the rest
CLAIM_CALLS = 100  # below, no percentage is claimed
PROXY_SKILL, PROXY_MOVES = (
    0.05,
    0.01,
)  # a proxy is evidence if its lower bound is over the first, or it moves the value by the second
METHOD = f"logit-normal prior, mixed with predictability above chance; {DRAWS} seeded draws"

Draws = NDArray[np.float64]
_PRIOR: Grade = "prior"


@dataclass(frozen=True)
class Replaceability:
    """A task's posterior: its estimate and the draws that totals and savings are simulated from."""

    task_id: str
    estimate: Estimate
    draws: Draws
    claimed: bool  # whether enough calls stand behind it to state a percentage


class SharedError:
    """The draws of what is wrong in the same direction for every task, of one seed."""

    def __init__(self, seed: int, draws: int = DRAWS) -> None:
        self.seed = seed
        self.z: Draws = np.random.default_rng([seed, 0]).standard_normal(draws)

    def own(self, task_id: str) -> np.random.Generator:
        """A task's own stream: the same whatever other tasks there are."""
        return np.random.default_rng([self.seed, 1, int.from_bytes(task_id.encode()[:24], "big") % 2**63])


def estimate_replaceability(
    task_id: str, calls: int, prior: Prior, proxy: Predictability | None, shared: SharedError
) -> Replaceability:
    """The posterior of one task for any SLM as it is."""
    random = shared.own(task_id)
    theta = prior.mean + SHARED_SD * shared.z + prior.own_sd * random.standard_normal(shared.z.size)
    plain: Draws = special.expit(theta)
    acceptable, grade, n = plain, _PRIOR, 0
    if proxy is not None and proxy.skill > 0:
        agreement = random.beta(proxy.predicted + 0.5, proxy.n - proxy.predicted + 0.5, shared.z.size)
        skill = np.clip((agreement - proxy.chance) / (1 - proxy.chance), 0.0, 1.0)
        easier = np.maximum(0.0, random.normal(*EASIER, shared.z.size))
        mixed: Draws = skill * special.expit(theta + easier) + (1 - skill) * plain
        if proxy.low > PROXY_SKILL or abs(float(mixed.mean() - plain.mean())) >= PROXY_MOVES:
            acceptable, grade, n = mixed, "proxy", proxy.n
    estimate = from_draws(acceptable, grade=grade, n=n, method=METHOD, seed=shared.seed)
    return Replaceability(task_id, estimate, acceptable, calls >= CLAIM_CALLS)


def total_share(
    parts: Sequence[tuple[Replaceability, float]], *, of: float, seed: int
) -> tuple[Estimate, Draws] | None:
    """The share of everything (``of``, in the unit of the weights) that could move. None where ``of`` is nothing.

    ``parts`` are the tasks that may move, with their weights; whatever else ``of`` holds counts as not movable. Summed
    draw by draw, so that the shared error does not average out. The value is the sum of the tasks' own values, as the wrong
    answers beside the savings are counted from them: draws of tested answers lean towards one half, and count what was not judged
    as failed. The end towards which the value lies off the draws' mean goes with it; the other stays.
    """
    if of <= 0:
        return None
    draws: Draws = sum((w * r.draws for r, w in parts), start=np.zeros(DRAWS)) / of
    value = sum(w * r.estimate.value for r, w in parts) / of
    grades = {r.estimate.grade for r, w in parts if w > 0}
    grade = weakest_grade(sorted(grades))
    n = sum(r.estimate.n for r, _ in parts)
    method = f"weighted sum over {len(parts)} tasks of the same draws; an error of {SHARED_SD} logit shared by all"
    found = from_draws(draws, grade=grade, n=n, method=method, seed=seed)
    moved = value - found.value
    low, high = max(0.0, found.low + min(0.0, moved)), min(1.0, found.high + max(0.0, moved))
    return replace(found, value=value, low=low, high=high), draws


def unknown_share(seed: int) -> Estimate:
    """The share where no task has calls enough for a claim: anything from 0 to 1."""
    return Estimate(0.5, 0.0, 1.0, "prior", 0, f"no task has {CLAIM_CALLS} calls", seed)


def task_row(result: Replaceability, details: Mapping[str, Any]) -> dict[str, Any]:
    """The row of ``estimates`` of one task. Under ``CLAIM_CALLS`` calls the value stays null; the interval is kept."""
    return _row(result.task_id, "replaceability", result.estimate, result.claimed, details)


def total_row(measure: str, estimate: Estimate, claimed: bool, details: Mapping[str, Any]) -> dict[str, Any]:
    """A row of ``estimates`` for all calls together."""
    return _row("", measure, estimate, claimed, details)


def proven_row(
    measure: str,
    n_calls: int,
    seed: int,
    proven: float = 0.0,
    of: float = 0.0,
    answers: int = 0,
    proving: int = 0,
    named: Sequence[str] = (),
) -> dict[str, Any]:
    """The share that belongs to proven tasks; 0 where no answer of an SLM has been compared with a recorded one. ``answers``: all
    that were compared; ``proving``: those of ``named``, the tasks or slices that it tells of."""
    if not answers:
        zero = Estimate(0.0, 0.0, 0.0, "prior", 0, "no replay, so nothing is proven", seed)
        return _row("", measure, zero, True, {"calls": n_calls, "why": "no replay has been run"})
    share = proven / of if of > 0 else 0.0
    method = "the tasks proven together (Holm over tasks and candidates), by their weight"
    counted = Estimate(share, share, share, "replay", proving or answers, method, seed)
    why = {"why": "the tasks that a replay proved", "answers": answers, "proven": list(named)}
    return _row("", measure, counted, True, {"calls": n_calls, **why})


def _row(task_id: str, measure: str, estimate: Estimate, claimed: bool, details: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "task_id": task_id,
        "measure": measure,
        "candidate": ANY_SLM,
        "mode": MODE,
        "grade": estimate.grade,
        "value": estimate.value if claimed else None,
        "low": estimate.low,
        "high": estimate.high,
        "level": LEVEL,
        "n": estimate.n,
        "proven_low": None,
        "bar": BAR,
        "proven": False,
        "method": estimate.method,
        "seed": estimate.seed,
        "details": json.dumps({"claimed": claimed, **details}, sort_keys=True),
    }
