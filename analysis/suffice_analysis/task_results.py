"""Everything about one task, or one slice of it, before it becomes rows: profile, evidence, replaceability, verdict, case."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from suffice_analysis import replaceability
from suffice_analysis.discovery.types import FoundTask
from suffice_analysis.evidence import evidence_rows
from suffice_analysis.grounds import find_grounds
from suffice_analysis.inputs import Inputs
from suffice_analysis.prior import task_prior
from suffice_analysis.profile import TaskProfile, profile_task
from suffice_analysis.proxy import Predictability, predictability
from suffice_analysis.replaceability import Replaceability, SharedError
from suffice_analysis.replay.result_rows import evidence_row
from suffice_analysis.replay.results import Result, best_result
from suffice_analysis.run_outcomes import RunOutcomes, find_path, path_evidence
from suffice_analysis.sampling import sample_calls
from suffice_analysis.savings.alternatives import Case
from suffice_analysis.savings.basis import Basis
from suffice_analysis.savings.candidates import choose
from suffice_analysis.savings.cases import build_case, price_factor
from suffice_analysis.savings.terms import Terms
from suffice_analysis.verdicts import Verdict, judge_task, stake

Row = dict[str, Any]


@dataclass(frozen=True)
class Judging:
    """What every task is judged with: the calls, what amounts are per, the contracts, the error that all share, how runs went."""

    inputs: Inputs
    basis: Basis
    terms: Terms
    shared: SharedError
    outcomes: RunOutcomes = field(default_factory=RunOutcomes)


@dataclass(frozen=True)
class TaskResult:
    """Of one task or one slice. ``profile.task_id`` is its id."""

    profile: TaskProfile
    replaceability: Replaceability | None
    evidence: list[Row]
    case: Case
    verdict: Verdict
    ignored: bool
    proxy: Predictability | None = None
    expected: Replaceability | None = None  # of any SLM, before a replay spoke
    replayed: list[Result] = field(default_factory=list)


def judge_calls(
    judging: Judging,
    found: FoundTask,
    rows: Sequence[int],
    replayed: list[Result],
    *,
    ignored: bool = False,
    looked_at: Sequence[int] | None = None,
) -> TaskResult:
    """The result of the calls ``rows``, which are ``found``. Counted over all of them; what needs their texts, the prior and
    the proxy, is estimated from those in ``looked_at`` (default: all). ``replayed``: those that count (``run_outcomes``)."""
    inputs, basis, shared, outcomes = judging.inputs, judging.basis, judging.shared, judging.outcomes
    looked_at = rows if looked_at is None else looked_at
    looked_at = outcomes.good(looked_at) if outcomes.only_good else looked_at
    sample = sample_calls(inputs, looked_at, seed=shared.seed)
    profile = profile_task(found, inputs, rows, sample)
    prior = task_prior(profile, sample)
    proxy = predictability(sample, seed=shared.seed) if profile.kind != "embedding" else None
    estimated = None
    if sample and profile.kind != "embedding":
        estimated = replaceability.estimate_replaceability(found.task_id, profile.calls, prior, proxy, shared)
    choice = choose(profile)
    expected, best = estimated, best_result(replayed)
    if expected is not None and best is not None:
        draws = best.draws(expected.draws, shared.seed)
        estimated = Replaceability(found.task_id, best.estimate(shared.seed), draws, expected.claimed)
    paid = None if profile.paid_usd is None else float(profile.paid_usd) * basis.factor
    paid = None if paid is None else paid * price_factor(profile, inputs, rows, judging.terms)
    verdict = judge_task(
        profile,
        estimated.estimate if estimated else None,
        stake(paid, basis.name),
        find_grounds(profile.kind, prior, proxy),
        none_fits=choice.none_fits,
        replayed=best,
        among="" if not outcomes.only_good else " in a run that is known to have gone well",
    )
    case = build_case(profile, estimated, verdict.word, choice, inputs, rows, judging.terms, best)
    path = find_path(outcomes, rows, inputs.calls)
    said = path_evidence(found.task_id, path, held=outcomes.holds(path), counted=replayed)
    evidence = evidence_rows(profile, prior, proxy) + said + [evidence_row(each) for each in replayed]
    return TaskResult(profile, estimated, evidence, case, verdict, ignored, proxy, expected, replayed)
