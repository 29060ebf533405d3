"""Escalation: how often an answer is sent back to the baseline, and what that catches, measured and with its interval.

Two measurements: on the candidate's replayed answers, where there are any; and on recorded answers that the validator was not learnt
from (it learns from the earlier half), which says how often it is wrong about the baseline's own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from suffice_analysis.estimate import clopper_pearson_interval
from suffice_analysis.judges.said import Said
from suffice_analysis.plan.validator import Validator
from suffice_store.console import format_share_interval

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Share:
    """``count`` of ``n`` with the exact 90 % interval (Clopper & Pearson 1934)."""

    count: int
    n: int

    @property
    def value(self) -> float | None:
        return self.count / self.n if self.n else None

    @property
    def interval(self) -> tuple[float, float]:
        return clopper_pearson_interval(self.count, self.n)

    def words(self) -> str:
        """``12 % (8–17 %, 12 of 100)``; where nothing was measured, that."""
        if self.value is None:
            return "not measured (n = 0)"
        said = format_share_interval(self.value, *self.interval)
        return f"{said[:-1]}, {self.count:,} of {self.n:,})"

    def as_json(self) -> dict[str, Any]:
        low, high = self.interval
        return {"count": self.count, "n": self.n, "value": self.value, "low": low, "high": high, "level": 0.9}


@dataclass(frozen=True, slots=True)
class Escalation:
    """Of replayed answers. ``left`` are wrong ones that nobody would notice."""

    triggered: Share  # of all answers, also those that never came whole
    caught: Share  # of the wrong ones
    needless: Share  # of those that were as good
    left: Share  # of all that are used: wrong, and not sent back
    recorded: Share  # of recorded answers that it did not learn from
    reasons: Mapping[str, int]

    def as_json(self) -> dict[str, Any]:
        names = ("triggered", "caught", "needless", "left", "recorded")
        return {name: getattr(self, name).as_json() for name in names} | {"reasons": dict(self.reasons)}


def measure_escalation(
    validator: Validator, replays: Sequence[Row], answers: Mapping[str, Said], recorded: Share
) -> Escalation:
    """From rows of ``replays`` (``sent`` and ``unavailable`` ones are the endpoint's doing and not counted) and what was answered."""
    sent_back: Counter[tuple[str, bool]] = Counter()
    reasons: Counter[str] = Counter()
    for row in replays:
        if row["verdict"] not in ("pass", "fail", "unjudged"):
            continue
        answer = answers.get(row["call_id"])
        broken = row["failure"] in ("cut", "timeout", "refused") or answer is None
        problem = (
            f"no whole answer ({row['failure'] or 'not stored'})"
            if broken or answer is None
            else validator.problem(answer)
        )
        sent_back[row["verdict"], problem is not None] += 1
        if problem is not None:
            reasons[problem.split(":")[0]] += 1
    wrong, good = (sent_back[word, True] + sent_back[word, False] for word in ("fail", "pass"))
    n = sum(sent_back.values())
    back = sum(count for (_, was), count in sent_back.items() if was)
    return Escalation(
        triggered=Share(back, n),
        caught=Share(sent_back["fail", True], wrong),
        needless=Share(sent_back["pass", True], good),
        left=Share(sent_back["fail", False], n - back),
        recorded=recorded,
        reasons=dict(reasons.most_common(8)),
    )


def on_recorded(validator: Validator, answers: Sequence[Said]) -> Share:
    """How many recorded answers it would send back."""
    return Share(sum(validator.problem(each) is not None for each in answers), len(answers))
