"""The tasks to move next: at most three, with their money and the wrong answers they would bring, and their sum.

First what is proven, then what is likely, the largest expected saving first; then what is untested with the most money at stake,
to be tested first. A task that stays, is ignored or has too few calls for a claim is never among them. Pure functions of
rows of the reads ``tasks`` and ``savings``: the report and the dashboard both ask here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from suffice_analysis.replaceability import CLAIM_CALLS
from suffice_analysis.savings.recommend import TESTED, rank_tests
from suffice_analysis.savings.sentences import details_of

Row = Mapping[str, Any]
MOST = 3


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
    payback_calls: float | None = None  # the same in calls of all traffic, where nothing is projected to a month
    tested: bool = False  # whether that model's own answers were compared with the recorded ones

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
    """All steps together. The ends are added as they are, because what is wrong for one is likely wrong for all."""

    saving_usd: float
    saving_low_usd: float
    saving_high_usd: float
    extra_wrong_share: float  # of the answers of all steps
    extra_wrong_share_low: float
    extra_wrong_share_high: float


def find_next_steps(tasks: Iterable[Row], savings: Iterable[Row], *, most: int = MOST) -> list[NextStep]:
    """The steps, first to last. ``savings`` may hold totals (task_id ""); they are passed over."""
    ranked = [(task, found.row) for task, found in rank_tests(tasks, savings) if task["calls"] >= CLAIM_CALLS]
    ranked.sort(key=lambda pair: (_order(_step(*pair)), -_weight(*pair), pair[0]["task_id"]))
    return [_step(task, row) for task, row in ranked[:most]]


def _order(step: NextStep) -> int:
    """What is ready to move, what is likely, what nobody knows."""
    return 0 if step.proven else 2 if step.test_first else 1


def add_up(steps: Sequence[NextStep]) -> StepsSum | None:
    """Their sum; None of no steps."""
    if not steps:
        return None
    answers = sum(s.answers for s in steps)

    def mean(shares: Iterable[float]) -> float:
        return sum(share * s.answers for share, s in zip(shares, steps, strict=True)) / answers if answers else 0.0

    return StepsSum(
        saving_usd=sum(s.saving_usd for s in steps),
        saving_low_usd=sum(s.saving_low_usd for s in steps),
        saving_high_usd=sum(s.saving_high_usd for s in steps),
        extra_wrong_share=mean(s.extra_wrong_share for s in steps),
        extra_wrong_share_low=mean(s.extra_wrong_share_low for s in steps),
        extra_wrong_share_high=mean(s.extra_wrong_share_high for s in steps),
    )


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
        if task["calls"] >= CLAIM_CALLS and (alternative == "self_hosted_slm" or rows[task["task_id"]]["pays"])
    )
    return moved


def _weight(task: Row, row: Row) -> float:
    """What ranks it: its saving, or, where nobody knows whether it can move, all that is at stake."""
    return float((row["paid_usd"] if task["verdict"] == "untested" else row["saving_usd"]) or 0.0)


def _step(task: Row, row: Row) -> NextStep:
    answers = answers_of(task, row)
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
        payback_calls=details_of(row).get("payback_calls"),
        tested=row.get("quality_grade") in TESTED,
    )
