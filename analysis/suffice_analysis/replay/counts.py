"""Verdicts as counts that an interval may be made of: worth fewer answers where calls of one run fail together.

What a judge decided is worth what its judge is: where its errors were measured (``judge_error.py``), passes that are wrong at most so
often count as failed for the lower end, and failures that are right at most so often as passed for the upper one.

The design effect is the ratio estimator's variance over clusters against that of independent calls (L. Kish 1965, Survey
Sampling, 6.4). Where too few failed to see it, calls of a run are taken to be correlated by ``GUESSED_ICC``. Never under 1.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from suffice_analysis.replay.judge_error import JudgeError, JudgeErrors

GUESSED_ICC = 0.3
SEEN_FROM = 5  # failures, and passes
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Counts:
    """What became of the replayed calls of one task, candidate and variant."""

    passed: int
    failed: int
    unjudged: int
    unavailable: int  # the endpoint's doing: in no share
    lost: int  # sent, and killed before the answer was kept: in no share, and never sent again
    design_effect: float
    clusters: int
    lost_passes: float = 0.0  # by the judges' errors: passes fewer at the lower end,
    gained_passes: float = 0.0  # and more at the upper one
    expected_passes: float | None = None  # as the errors were seen; None where none was measured
    beta: float = 0.0  # error that the judges' own intervals take from the interval's

    @property
    def share(self) -> float | None:
        """Of the judged that passed, corrected for the judges' measured errors."""
        passed = self.passed if self.expected_passes is None else self.expected_passes
        return passed / self.judged if self.judged else None

    @property
    def judged(self) -> int:
        return self.passed + self.failed

    @property
    def n(self) -> int:
        """Calls with an answer, judged or not."""
        return self.judged + self.unjudged

    def effective(self) -> tuple[float, float, float]:
        """Passed, failed and undecided in independent answers."""
        passed = self.passed - self.lost_passes
        undecided = self.unjudged + self.lost_passes + self.gained_passes
        failed = self.failed - self.gained_passes
        return tuple(each / self.design_effect for each in (passed, failed, undecided))  # type: ignore[return-value]


def count_replays(rows: Iterable[Row], errors: JudgeErrors | None = None) -> Counts:
    """From rows of ``replays``, one a call; ``errors`` of their judges, where they were measured."""
    words: defaultdict[str, int] = defaultdict(int)
    by_judge: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0])  # passed, failed
    clusters: defaultdict[str, list[float]] = defaultdict(list)
    for row in rows:
        words[row["verdict"]] += 1
        if row["verdict"] in ("pass", "fail"):
            clusters[row["cluster"]].append(float(row["verdict"] == "pass"))
            if errors is not None and row["judge"]:
                by_judge[row["judge"]][row["verdict"] == "fail"] += 1
    effect = design_effect(list(clusters.values()))
    found = Counts(
        words["pass"], words["fail"], words["unjudged"], words["unavailable"], words["sent"], effect, len(clusters)
    )
    doubted = [(n[0], n[1], e) for judge, n in by_judge.items() if errors and (e := errors.of(judge)) is not None]
    return _doubted(found, doubted) if doubted else found


def _doubted(found: Counts, doubted: list[tuple[int, int, JudgeError]]) -> Counts:
    """The counts with what the judges' errors may take from them, or add."""
    lost = sum(passed * e.wrong_passes[1] - failed * e.wrong_failures[0] for passed, failed, e in doubted)
    gained = sum(failed * e.wrong_failures[1] - passed * e.wrong_passes[0] for passed, failed, e in doubted)
    expected = found.passed - sum(
        passed * e.seen_wrong_passes - failed * e.seen_wrong_failures for passed, failed, e in doubted
    )
    return replace(
        found, lost_passes=lost, gained_passes=gained, expected_passes=expected, beta=max(e.beta for *_, e in doubted)
    )


def design_effect(clusters: list[list[float]]) -> float:
    """How many clustered calls are worth one independent one. 1 where every run has one call."""
    n = sum(map(len, clusters))
    if n == len(clusters):
        return 1.0
    passed = sum(map(sum, clusters))
    mean_size = sum(len(each) ** 2 for each in clusters) / n
    if min(passed, n - passed) < SEEN_FROM or len(clusters) < 2 * SEEN_FROM:
        return 1 + (mean_size - 1) * GUESSED_ICC
    share, m = passed / n, len(clusters)
    between = sum((sum(each) - share * len(each)) ** 2 for each in clusters) * m / (m - 1) / n**2
    return max(1.0, between / (share * (1 - share) / n))
