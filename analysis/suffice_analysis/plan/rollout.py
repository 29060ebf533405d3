"""The steps from shadow to all of the traffic: calls needed, when to go on, when to stop. Computed from the bar and the traffic.

At every step a part of the calls keeps going to the baseline, at random. Those are new recorded calls that nobody chose: replayed to the
candidate they prove, or refute, on today's traffic what the replay proved on yesterday's. So each step is judged like a replay,
by intervals that hold at every look, and costs the candidate's answers alone.

- *Calls needed*: ``expected_answers`` of ``replay/sequential.py`` at the share measured (Howard, Ramdas, McAuliffe, Sekhon 2021), times
  the design effect measured.
- *To be stopped*: the same at five points under the bar: how many answers a candidate that has got so much worse survives.
- *Alarm*: of the last 200 moved calls so many sent back that, at the upper end of what was measured, chance brings as many once in 1,000
  looks (binomial tail). Looks that do not overlap are counted; it is a rule to stop by, not a test.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from scipy import stats

from suffice_analysis.plan.escalation import Share
from suffice_analysis.replay.sequential import expected_answers

WORSE = 0.05  # under the bar: what a step must notice
WINDOW, FALSE_ALARM = 200, 0.001
CONTROL = 0.02  # of the calls stay with the baseline at the last step; ``judged_share`` of the savings
DAYS = {
    "shadow": 1.0,
    "5 percent": 2.0,
    "50 percent": 7.0,
    "full": 28.0,
}  # at least; judgement: a day, a weekend, a week, a month
MOVED = {"shadow": 0.0, "5 percent": 0.05, "50 percent": 0.5, "full": 1 - CONTROL}


@dataclass(frozen=True, slots=True)
class Step:
    """``None`` is not known. ``control_calls``: answered by the baseline and replayed to the candidate."""

    name: str
    moved: float
    control_calls: int | None
    stop_calls: int
    days: float | None
    moved_calls: float | None  # in those days
    replay_usd: float | None  # the candidate's answers to the control calls
    alarm: int | None  # sent back of the last WINDOW moved calls
    least_days: float

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {"window": WINDOW}


def plan_steps(
    share: float | None,
    bar: float,
    *,
    design_effect: float = 1.0,
    calls_per_day: float | None = None,
    usd_per_answer: float | None = None,
    triggered: Share | None = None,
) -> list[Step]:
    """The four steps. ``share``: what replay measured of as good answers; None where nothing was."""
    needed = None if share is None else expected_answers(share, bar) * design_effect
    needed = None if needed is None or share is None or share <= bar or needed > 1e6 else needed
    stop = round(expected_answers(bar - WORSE, bar) * design_effect)
    return [_step(name, needed, stop, calls_per_day, usd_per_answer, triggered) for name in MOVED]


def _step(
    name: str, needed: float | None, stop: int, per_day: float | None, usd: float | None, triggered: Share | None
) -> Step:
    moved = MOVED[name]
    calls = None if needed is None else round(needed)
    control_per_day = None if per_day is None else per_day * (1 - moved)
    days = None if calls is None or not control_per_day else max(DAYS[name], calls / control_per_day)
    return Step(
        name=name,
        moved=moved,
        control_calls=calls,
        stop_calls=stop,
        days=days,
        moved_calls=None if days is None or per_day is None else days * per_day * moved,
        replay_usd=None if calls is None or usd is None else calls * usd,
        alarm=None if triggered is None or not triggered.n or not moved else alarm_count(triggered),
        least_days=DAYS[name],
    )


def alarm_count(triggered: Share, window: int = WINDOW) -> int:
    """The fewest of ``window`` that chance reaches at most once in 1,000 at the upper end of the measured rate."""
    return int(stats.binom.isf(FALSE_ALARM, window, min(triggered.interval[1], 1.0))) + 1


def replay_share(passed: int, judged: int) -> float | None:
    """The share that steps are planned with: half an answer more of each kind, so that "all of 60" is not taken for 100 %."""
    return (passed + 0.5) / (judged + 1) if judged else None
