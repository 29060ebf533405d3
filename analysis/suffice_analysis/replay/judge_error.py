"""How often a judge is wrong, by people's marks: what it widens of the interval of answers that nobody marked.

Of the answers that a judge passed and a person marked, some were worse (*wrong passes*); of those it failed, some were as good
(*wrong failures*). The two shares are counted apart, since people mark failures first: within each the marked stand for the rest. Each
has its exact interval; all of their ends together have error ``BETA``, taken from the interval's own (Berger and Boos 1994, as in
``ceiling.py``). Of n passes, up to n times the upper end count as failed at the interval's lower end, and so the other way round.

A rule that no mark contradicts is believed, as it was written: its errors were measured on labelled pairs (docs/replay.md). One that a mark
contradicts is not believed any more, nor is a model's word (``llm ...``) at any time: unmarked, everything it decided is undecided.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from suffice_analysis.estimate import clopper_pearson_interval

BETA = 0.01  # of ALPHA, for all ends together
SIDES = 4  # two shares, two ends each
MODEL = "llm "  # begins the name of a judge that is a model
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class JudgeError:
    """``wrong_passes`` of ``marked_passes``, ``wrong_failures`` of ``marked_failures``: shares with both ends, exact."""

    wrong_passes: tuple[float, float]
    wrong_failures: tuple[float, float]
    seen_wrong_passes: float
    seen_wrong_failures: float
    marks: int
    beta: float = BETA


UNMEASURED = JudgeError((0.0, 1.0), (0.0, 1.0), 0.0, 0.0, 0, 0.0)


@dataclass(frozen=True, slots=True)
class JudgeErrors:
    """By judge, those that marks contradict."""

    by_judge: Mapping[str, JudgeError]

    def of(self, judge: str) -> JudgeError | None:
        """None: it is believed."""
        return self.by_judge.get(judge) or (UNMEASURED if judge.startswith(MODEL) else None)


def measure_errors(marks: Iterable[Row]) -> JudgeErrors:
    """From the read ``replay_marks``: what a judge decided, and what a person said of it."""
    wrong: defaultdict[str, tuple[list[bool], list[bool]]] = defaultdict(lambda: ([], []))
    for row in marks:
        if row["verdict"] in ("pass", "fail") and row["judge"]:
            passed = row["verdict"] == "pass"
            wrong[row["judge"]][not passed].append(passed != bool(row["ok"]))
    doubted = {
        judge: kinds for judge, kinds in wrong.items() if judge.startswith(MODEL) or any(any(kind) for kind in kinds)
    }
    side = BETA / max(1, SIDES * len(doubted))
    return JudgeErrors({judge: _error(*kinds, side) for judge, kinds in doubted.items()})


def _error(passes: list[bool], failures: list[bool], side: float) -> JudgeError:
    return JudgeError(
        _interval(passes, side),
        _interval(failures, side),
        sum(passes) / len(passes) if passes else 0.0,
        sum(failures) / len(failures) if failures else 0.0,
        len(passes) + len(failures),
    )


def _interval(wrong: list[bool], side: float) -> tuple[float, float]:
    return clopper_pearson_interval(sum(wrong), len(wrong), 1 - 2 * side) if wrong else (0.0, 1.0)
