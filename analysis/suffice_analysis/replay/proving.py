"""Many campaigns under one budget: always the one whose next answers settle most money for a dollar; on as soon as one is settled.

A campaign that could not be settled with the calls there are is left open, and said so. Of one task's candidates, those that
are left when one is proven are not asked any more.

A task proven alone, at 5 %, is not in the proven total yet: among many some are proven by luck, and Holm over all of them asks for
more. So when every task is settled, the proven ones are asked on with what is left of the budget, until they hold together.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field

from suffice.errors import SufficeError
from suffice_analysis.multiplicity import proven_together
from suffice_analysis.projects import missing_words
from suffice_analysis.replay.budget import Budget
from suffice_analysis.replay.campaign import Campaign, Order, open_campaign
from suffice_analysis.replay.candidates import Candidate
from suffice_analysis.replay.model_judge import ModelJudge
from suffice_analysis.replay.planning import Outlook, Prospect, outlook, prospect, ranked
from suffice_analysis.replay.sending import why_unreachable
from suffice_store.store import Store

HOPELESS = 0.02  # chance of being settled under which a task is left open
MINIMUM_CALLS = 30  # of a task: fewer answers than any verdict takes


@dataclass
class Plan:
    """What is replayed, in order, and what is not, with the reason."""

    items: list[tuple[Prospect, Outlook]]
    left_out: dict[str, str] = field(default_factory=dict)

    @property
    def usd(self) -> float:
        """What its priced part may cost in all."""
        return sum(each.usd for _, each in self.items if each.usd is not None)

    @property
    def unpriced(self) -> list[Candidate]:
        """Its candidates whose price is not known: no USD budget binds them."""
        return list(dict.fromkeys(p.candidate for p, _ in self.items if not p.candidate.is_priced))


def make_plan(store: Store, project: str, candidates: Sequence[Candidate], *, bar: float) -> Plan:
    """Over all tasks and candidates. Raises SufficeError where nothing was analysed."""
    tasks = store.read("tasks", project=project).to_pylist()
    if not tasks:
        nothing = "there are no tasks yet: run 'suffice analyze' first"
        raise SufficeError(missing_words(store, project) or nothing)
    prospects, left_out = [], {}
    for task in tasks:
        if task["ignored"] or task["kind"] == "embedding":
            left_out[task["name"]] = "ignored" if task["ignored"] else "embeddings"
        elif task["calls"] - task["error_calls"] < MINIMUM_CALLS:
            left_out[task["name"]] = f"{task['calls']:,} calls are too few to settle anything"
        else:
            prospects += [prospect(task, each, task["calls"] - task["error_calls"]) for each in candidates]
    items = ranked(prospects, bar)
    return Plan(items, left_out)


@dataclass
class Work:
    """One campaign of a plan while it runs."""

    prospect: Prospect
    campaign: Campaign
    step: Callable[[Budget], bool]
    ended: str = ""

    def outlook(self, bar: float) -> Outlook:
        passed, failed, undecided = self.campaign.counts.effective()
        return outlook(self.prospect, len(self.campaign.left), passed, failed + undecided, bar)


def prove(
    store: Store,
    project: str,
    plan: Plan,
    budget: Budget,
    *,
    bar: float,
    seed: int = 0,
    recorded_by: str = "unknown",
    model_judge: ModelJudge | None = None,
    tell: Callable[[Sequence[Work]], None] = lambda works: None,
) -> list[Work]:
    """Replay until everything is settled or hopeless, or the budget is spent. Raises SufficeError where nothing may begin."""
    works: list[Work] = []
    refused: list[str] = []
    unreachable: dict[Candidate, str | None] = {}
    with ExitStack() as stack:
        for each, _ in plan.items:
            order = Order(each.task_id, each.candidate, bar=bar, seed=seed)
            try:
                campaign = open_campaign(store, project, order, recorded_by=recorded_by, model_judge=model_judge)
            except SufficeError as error:
                refused.append(str(error))
                plan.left_out[f"{each.name} with {each.candidate.label}"] = str(error)
                continue
            host = each.candidate
            if campaign.left:  # also of a settled one: it may be asked on for the total
                if host not in unreachable:
                    unreachable[host] = why_unreachable(host)
                if (why := unreachable[host]) is not None:
                    campaign.stop(why)
                    refused.append(why)
                    plan.left_out[f"{each.name} with {host.label}"] = why
                    continue
            works.append(Work(each, campaign, stack.enter_context(campaign.sending())))
        if not works and refused:
            raise SufficeError(refused[0])
        try:
            _work(works, budget, bar, tell)
        finally:
            for work in works:
                if not work.campaign.reason:
                    work.campaign.reason = work.ended
                work.campaign.finish()
    return works


def _work(works: Sequence[Work], budget: Budget, bar: float, tell: Callable[[Sequence[Work]], None]) -> None:
    while True:
        for work in works:
            work.ended = work.ended or _end_of(work, works, bar)
        going = [work for work in works if not work.ended]
        if not going:
            break
        best = max(going, key=lambda work: (work.outlook(bar).index, work.prospect.task_id))
        if not best.step(budget) and not best.campaign.is_over:
            best.ended = best.campaign.reason or "nothing more can be sent"
            if best.campaign.is_silent:  # nor will it answer the next task's calls, at 10 s each
                for work in going:
                    if work.prospect.candidate == best.prospect.candidate:
                        work.ended = best.ended
            if "budget" in best.ended:
                for work in going:
                    work.ended = best.ended
        tell(works)
    while alone := proven_alone(works):
        if not alone[0].step(budget):
            alone[0].campaign.reason = alone[0].ended  # that the budget ended takes nothing back
            return
        tell(works)


def proven_alone(works: Sequence[Work]) -> list[Work]:
    """Those proven that are not in the proven total yet and have calls left, the one with most money first.

    Counted as ``proven.py`` will, as if each task were read by slices too, which takes half of its error.
    """
    p_values: dict[str, list[float]] = {}
    for work in works:
        if work.campaign.counts.n:
            p_values.setdefault(work.prospect.task_id, []).append(min(1.0, 2 * work.campaign.running.p_value))
    together = proven_together(p_values)
    alone = [w for w in settled(works, "proven") if w.prospect.task_id not in together and w.campaign.left]
    return sorted(alone, key=lambda work: (-work.prospect.at_stake_usd, work.prospect.task_id))


def _end_of(work: Work, works: Sequence[Work], bar: float) -> str:
    campaign = work.campaign
    if campaign.is_over:
        return "settled" if campaign.status != "open" else "all of its calls were replayed"
    rivals = [w for w in works if w is not work and w.prospect.task_id == work.prospect.task_id]
    if any(rival.campaign.status == "proven" for rival in rivals):
        return "another candidate is proven"
    if work.outlook(bar).chance < HOPELESS:
        return "the calls left can't settle it"
    return ""


def settled(works: Sequence[Work], status: str) -> list[Work]:
    """The works that ended so."""
    return [work for work in works if work.campaign.verdict == status]
