"""Verdicts as counts that an interval may be made of: worth fewer answers where calls of one run fail together.

The design effect is the ratio estimator's variance over clusters against that of independent calls (L. Kish 1965, Survey
Sampling, 6.4). Where too few failed to see it, calls of a run are taken to be correlated by ``GUESSED_ICC``. Never under 1.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

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

    @property
    def judged(self) -> int:
        return self.passed + self.failed

    @property
    def n(self) -> int:
        """Calls with an answer, judged or not."""
        return self.judged + self.unjudged

    def effective(self) -> tuple[float, float, float]:
        """Passed, failed and unjudged in independent answers."""
        return tuple(each / self.design_effect for each in (self.passed, self.failed, self.unjudged))  # type: ignore[return-value]


def count_replays(rows: Iterable[Row]) -> Counts:
    """From rows of ``replays``, one a call."""
    words: defaultdict[str, int] = defaultdict(int)
    clusters: defaultdict[str, list[float]] = defaultdict(list)
    for row in rows:
        words[row["verdict"]] += 1
        if row["verdict"] in ("pass", "fail"):
            clusters[row["cluster"]].append(float(row["verdict"] == "pass"))
    effect = design_effect(list(clusters.values()))
    return Counts(
        words["pass"], words["fail"], words["unjudged"], words["unavailable"], words["sent"], effect, len(clusters)
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
