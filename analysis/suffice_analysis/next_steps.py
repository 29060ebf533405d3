"""The tasks to move next: at most three, with their money and the wrong answers they would bring, and their sum.

First what is proven, then what is likely or was tested and is not settled, the largest expected saving first; then what is untested
with the most money at stake, to be tested first; last what saves too little to bring back within five years what moving it costs once: it waits. A task that
stays, is ignored or has too few calls for a claim is never among them. Pure functions of rows of the reads ``tasks`` and
``savings``: the report and the dashboard both ask here.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from suffice_analysis.replaceability import CLAIM_CALLS
from suffice_analysis.savings.assumptions import DAYS_PER_MONTH
from suffice_analysis.savings.effort import pays_from_calls, pays_from_range, range_of
from suffice_analysis.savings.own_gpus import SELF_HOSTED, OwnGpus, own_gpus, shared
from suffice_analysis.savings.payback import LONGEST_DAYS, needed_usd_per_month, payback_days
from suffice_analysis.savings.recommend import TESTED, rank_tests
from suffice_analysis.savings.row_details import details_of
from suffice_analysis.unsettled import unsettled_sentence

Row = Mapping[str, Any]
MOST = 3
Decision = Literal["move", "check_volume", "settle", "test", "test_first", "wait"]


@dataclass(frozen=True, slots=True)
class NextStep:
    """One task and the alternative recommended for it. USD per the analysis' basis; shares 0..1 of its own answers."""

    task_id: str
    name: str
    verdict: str
    alternative: str  # as in ``savings.alternative``
    model: str
    saving_usd: float
    saving_low_usd: float
    saving_high_usd: float
    extra_wrong_share: float  # of the task's answers: worse than today's and caught by nobody
    extra_wrong_share_low: float
    extra_wrong_share_high: float
    answers: float  # per basis, what the shares are of
    one_off_usd: float | None = None  # to move this task alone; None: not known
    payback_days: float | None = None  # until that is back, per month; None: never within five years, or not known
    payback_days_low: float | None = None  # its 90 % interval; None: never, or not known
    payback_days_high: float | None = None
    payback_calls: float | None = None  # the same in calls of all traffic, where nothing is projected to a month
    tested: bool = False  # whether that model's own answers were compared with the recorded ones
    set_up_usd: float | None = None  # in ``one_off_usd``, to set up GPUs that other tasks share; None: not known
    fall_per_year: float | None = None  # the share by which the saving shrinks; None: not known
    floored: bool = False  # whether a commitment is owed anyway, so that less comes back
    basis: str = "month"  # or per_1000_calls: then nobody knows how many calls a month are
    calls: float | None = None  # of the task, per basis; None: not known
    recorded_calls: int | None = None  # of the task, or of the slice that it is about
    back_from_calls: float | None = None  # its calls a month from which on it is back within five years
    back_from_calls_low: float | None = None  # its 90 % interval; None: at no volume, or not known
    back_from_calls_high: float | None = None
    one_off_low_usd: float | None = None  # by the ranges of the hours and of what one costs; None: not known
    one_off_high_usd: float | None = None
    own_gpus: OwnGpus | None = None  # of what runs on one's own: what it would need alone; None: not known
    unsettled: str = ""  # of what was tested and is not settled: what the test said; else ""

    @property
    def decision(self) -> Decision:
        """What to do about it. Nothing is moved, nor tested for it, that does not bring back what moving it costs."""
        if self.one_off_usd is not None and self.basis == "month" and self.payback_days is None:
            return "wait"
        if self.proven:
            return "move" if self.one_off_usd is None or self.basis == "month" else "check_volume"
        if self.unsettled:
            return "settle"
        return "test_first" if self.test_first else "test"

    @property
    def waits(self) -> bool:
        """Whether, alone, it would not be back within five years at today's volume."""
        return self.decision == "wait"

    @property
    def proven(self) -> bool:
        """Whether nothing is left but to move it: it is proven, for this model."""
        return self.tested and self.verdict == "proven"

    @property
    def test_first(self) -> bool:
        """Whether too little is known to expect it to move."""
        return self.verdict == "untested"


@dataclass(frozen=True, slots=True)
class StepsSum:
    """All steps together. ``joint``: the ends are those of a total that moves just these tasks, simulated together; else they are
    added as they are, because what is wrong for one is likely wrong for all."""

    saving_usd: float
    saving_low_usd: float
    saving_high_usd: float
    extra_wrong_share: float  # of the answers of all steps
    extra_wrong_share_low: float
    extra_wrong_share_high: float
    one_off_usd: float | None = None  # GPUs that several share are set up once; None: not known
    payback_days: float | None = None  # as of a step; None: never within five years, or not known
    payback_calls: float | None = None
    floored: bool = False  # under a commitment two tasks don't come back as each alone does: nothing is said
    calls: float | None = None  # of all steps, as of a step
    back_from_calls: float | None = None
    one_off_low_usd: float | None = None
    one_off_high_usd: float | None = None
    joint: bool = False


def find_next_steps(tasks: Iterable[Row], savings: Iterable[Row], *, most: int = MOST) -> list[NextStep]:
    """The steps, first to last. ``savings`` may hold totals (task_id ""); they are passed over."""
    ranked = [(task, found.row) for task, found in rank_tests(tasks, savings) if task["calls"] >= CLAIM_CALLS]
    ranked.sort(key=lambda pair: (_order(_step(*pair)), -_weight(*pair), pair[0]["task_id"]))
    return [_step(task, row) for task, row in ranked[:most]]


def _order(step: NextStep) -> int:
    """What is ready to move, what is likely, what nobody knows, what does not pay for its move."""
    return 3 if step.waits else 0 if step.proven else 2 if step.test_first else 1


def add_up(steps: Sequence[NextStep], totals: Iterable[Row] = ()) -> StepsSum | None:
    """Their sum; None of no steps. ``totals``: the rows of ``savings`` over all traffic, whose ends it takes where one moves just these."""
    if not steps:
        return None
    answers = sum(s.answers for s in steps)

    def mean(shares: Iterable[float]) -> float:
        return sum(share * s.answers for share, s in zip(shares, steps, strict=True)) / answers if answers else 0.0

    once, saving = _spent_once(steps), sum(s.saving_usd for s in steps)
    calls = None if any(s.calls is None for s in steps) else sum(s.calls or 0.0 for s in steps)
    ends = _once_ends(steps)
    together = StepsSum(
        saving_usd=saving,
        saving_low_usd=sum(s.saving_low_usd for s in steps),
        saving_high_usd=sum(s.saving_high_usd for s in steps),
        extra_wrong_share=mean(s.extra_wrong_share for s in steps),
        extra_wrong_share_low=mean(s.extra_wrong_share_low for s in steps),
        extra_wrong_share_high=mean(s.extra_wrong_share_high for s in steps),
        one_off_usd=once,
        payback_days=_back_days(steps, once, saving),
        payback_calls=None if once is None or saving <= 0 else once / saving * 1000,
        floored=any(s.floored for s in steps),
        calls=calls,
        back_from_calls=_back_from_calls(steps, once, saving, calls),
        one_off_low_usd=ends[0],
        one_off_high_usd=ends[1],
    )
    total = _just_these(steps, totals)
    return together if total is None else _with_joint_ends(together, total, answers)


def _just_these(steps: Sequence[NextStep], totals: Iterable[Row]) -> Row | None:
    """The total that moves these tasks, whole, and no other; None where there is none."""
    tasks = {step.task_id for step in steps}
    return next(
        (
            row
            for row in totals
            if {step.alternative for step in steps} == {row["alternative"]}
            and len(steps) == len(details_of(row).get("moved_tasks", ()))
            and tasks == set(details_of(row)["moved_tasks"])
        ),
        None,
    )


def _with_joint_ends(together: StepsSum, total: Row, answers: float) -> StepsSum:
    """Of money and wrong answers, as the total says them."""
    return replace(
        together,
        saving_low_usd=float(total["saving_low_usd"]),
        saving_high_usd=float(total["saving_high_usd"]),
        extra_wrong_share_low=wrong_share(total["extra_wrong_low"], answers),
        extra_wrong_share_high=wrong_share(total["extra_wrong_high"], answers),
        joint=True,
    )


def _spent_once(steps: Sequence[NextStep]) -> float | None:
    """Each on its own, less the GPUs that were counted for every one that runs on them."""
    shared = [s.set_up_usd for s in steps if s.alternative == SELF_HOSTED]
    if any(s.one_off_usd is None for s in steps) or (len(shared) > 1 and None in shared):
        return None
    again = sorted(usd or 0.0 for usd in shared)[:-1]
    return sum(s.one_off_usd or 0.0 for s in steps) - sum(again)


def _once_ends(steps: Sequence[NextStep]) -> tuple[float | None, float | None]:
    """Added, as the same guess of hours is wrong for all; not known where several share GPUs."""
    ends = [(s.one_off_low_usd, s.one_off_high_usd) for s in steps]
    if sum(s.alternative == SELF_HOSTED for s in steps) > 1 or any(None in each for each in ends):
        return None, None
    return sum(low or 0.0 for low, _ in ends), sum(high or 0.0 for _, high in ends)


def _back_from_calls(steps: Sequence[NextStep], once: float | None, saving: float, calls: float | None) -> float | None:
    """Of their calls together, in the mix that they have; GPUs are counted whole, and kept up once for all that share them."""
    falls = [s.fall_per_year for s in steps if s.fall_per_year is not None]
    if once is None or calls is None or saving <= 0 or len(falls) < len(steps):
        return None
    needed = needed_usd_per_month(once, max(falls))
    own = [s for s in steps if s.alternative == SELF_HOSTED]
    gpus = [s.own_gpus for s in own if s.own_gpus is not None]
    if not own:
        return float(needed * calls / saving)
    if len(gpus) < len(own):
        return None
    times = shared(gpus, sum(s.saving_usd for s in steps if s.alternative != SELF_HOSTED)).from_volume(needed)
    return None if times is None else times * calls


def _back_days(steps: Sequence[NextStep], once: float | None, saving: float) -> float | None:
    """Days until all of it is back from all of them, the saving shrinking as it does for each."""
    falls = [s.fall_per_year for s in steps if s.fall_per_year is not None]
    if once is None or saving <= 0 or len(falls) < len(steps) or any(s.floored for s in steps):
        return None
    days = float(payback_days(once, saving / DAYS_PER_MONTH, max(falls)))
    return days if days <= LONGEST_DAYS else None


def answers_of(task: Row, row: Row) -> float:
    """Answers per basis that ``row["extra_wrong"]`` was counted over: those of its priced calls that did not fail."""
    if row.get("answers") is not None:
        return float(row["answers"])
    counted: int = max(1, task["calls"] - task["unpriced_calls"] - task["error_calls"])
    if not task["paid_usd"] or row["paid_usd"] is None:
        return float(counted)
    return counted * float(row["paid_usd"]) / float(task["paid_usd"])


def wrong_share(extra_wrong: float | None, answers: float) -> float:
    """Extra wrong answers as a share of the answers, 0 to 1."""
    return min(1.0, (extra_wrong or 0.0) / answers) if answers > 0 else 0.0


def moved_answers(tasks: Iterable[Row], savings: Iterable[Row], alternative: str) -> float:
    """Answers per basis that the total of ``alternative`` moves: of every task that counts in it."""
    rows = {r["task_id"]: r for r in savings if r["alternative"] == alternative and r["saving_usd"] is not None}
    moved: float = sum(
        answers_of(task, rows[task["task_id"]])
        for task in tasks
        if task["task_id"] in rows and task["verdict"] != "stays" and not task.get("ignored")
        if task["calls"] >= CLAIM_CALLS and (alternative == SELF_HOSTED or rows[task["task_id"]]["pays"])
    )
    return moved


def _weight(task: Row, row: Row) -> float:
    """What ranks it: its saving, or, where nobody knows whether it can move, all that is at stake."""
    return float((row["paid_usd"] if task["verdict"] == "untested" else row["saving_usd"]) or 0.0)


def _step(task: Row, row: Row) -> NextStep:
    answers = answers_of(task, row)
    stated = {each["name"]: float(each["value"]) for each in json.loads(row.get("assumptions") or "[]")}
    hours, hourly = stated.get("self_host_hours"), stated.get("engineer_usd_per_hour")
    details, ends = details_of(row), range_of(row) or (None, None)
    back = pays_from_range(row, details.get("calls"))
    return NextStep(
        task_id=task.get("of_task") or task["task_id"],
        name=task["name"],
        verdict=task["verdict"],
        alternative=row["alternative"],
        model=row["model"],
        saving_usd=float(row["saving_usd"]),
        saving_low_usd=float(row["saving_low_usd"]),
        saving_high_usd=float(row["saving_high_usd"]),
        extra_wrong_share=wrong_share(row["extra_wrong"], answers),
        extra_wrong_share_low=wrong_share(row["extra_wrong_low"], answers),
        extra_wrong_share_high=wrong_share(row["extra_wrong_high"], answers),
        answers=answers,
        one_off_usd=row.get("one_off_usd"),
        payback_days=row.get("payback_days"),
        payback_days_low=row.get("payback_days_low"),
        payback_days_high=row.get("payback_days_high"),
        payback_calls=details.get("payback_calls"),
        tested=row.get("quality_grade") in TESTED,
        set_up_usd=hours * hourly
        if row["alternative"] == SELF_HOSTED and hours is not None and hourly is not None
        else None,
        fall_per_year=stated.get("price_fall_per_year"),
        floored=bool(details.get("floor")),
        basis=row.get("basis") or "month",
        calls=details.get("calls"),
        recorded_calls=task["calls"],
        back_from_calls=pays_from_calls(row, details.get("calls")),
        back_from_calls_low=back[0],
        back_from_calls_high=back[1],
        one_off_low_usd=ends[0],
        one_off_high_usd=ends[1],
        own_gpus=own_gpus(row) if row["alternative"] == SELF_HOSTED else None,
        unsettled=unsettled_sentence(task) if row.get("quality_grade") in TESTED else "",
    )
