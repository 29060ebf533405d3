"""Which task to replay next: by the money that is settled for each dollar spent.

For a task with money at stake, the draws of its share (of the analysis, or of what was replayed so far) say how likely it is settled
within the calls there are, and after how many. The index is money x chance / cost. Where nothing is billed, or the candidate is unpriced,
a call counts as ``FREE_USD`` in the order, so that it is by calls.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import special

from suffice_analysis.estimate import BAR
from suffice_analysis.replay.candidates import Candidate
from suffice_analysis.replay.sequential import expected_answers

QUANTILES = np.linspace(0.02, 0.98, 25)
FREE_USD = 1e-6  # a call of an endpoint that bills nothing
FLAT = (
    0.15  # weight of "anything from 0 to 1" in what is believed before a replay: the analysis' widths are a judgement
)
STARTING = 10.0  # answers that the analysis' estimate weighs, at most
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Prospect:
    """One task and candidate: what may come of replaying it."""

    task_id: str
    name: str
    candidate: Candidate
    at_stake_usd: float  # what its calls cost as recorded; where unpriced, one unit a call
    calls: int  # that can be replayed
    usd_per_call: float | None  # about, of the candidate; None: unpriced
    mean: float  # expected share
    weight: float  # answers that this expectation is worth

    def believed(self, passed: float = 0.0, failed: float = 0.0) -> tuple[float, float]:
        """The Beta distribution of the share after these answers."""
        return self.mean * self.weight + passed, (1 - self.mean) * self.weight + failed


@dataclass(frozen=True, slots=True)
class Outlook:
    """``chance`` that it is settled within the calls left, after ``answers`` more (where it is), for ``usd`` (None: unpriced)."""

    chance: float
    answers: float
    usd: float | None
    index: float


def prospect(task: Row, candidate: Candidate, calls: int) -> Prospect:
    """From a row of the read ``tasks``."""
    low, high = task["replaceability_low"], task["replaceability_high"]
    mean, weight = 0.5, 2.0
    if low is not None and high is not None and high > low:
        mean = min(max((low + high) / 2, 0.02), 0.98)
        spread = (high - low) / 3.29  # a normal's 90 % interval is 3.29 standard deviations wide
        weight = min(STARTING, max(2.0, mean * (1 - mean) / spread**2 - 1))
    size = max(1, task["calls"])
    cost = candidate.cost_usd(task["input_tokens"] / size, task["output_tokens"] / size)
    paid = task["paid_usd"]
    stake = float(paid) if paid is not None else float(size) * FREE_USD
    return Prospect(task["task_id"], task["name"], candidate, stake, calls, cost, mean, weight)


def outlook(p: Prospect, left: int, passed: float = 0.0, failed: float = 0.0, bar: float = BAR) -> Outlook:
    """What may come of it after ``passed`` and ``failed`` answers, with ``left`` calls to replay."""
    done = passed + failed
    shares = special.betaincinv(*p.believed(passed, failed), QUANTILES)
    flat = FLAT * np.exp(-done / STARTING)
    weights = np.concatenate(
        [np.full(len(shares), (1 - flat) / len(shares)), np.full(len(QUANTILES), flat / len(QUANTILES))]
    )
    more = np.array([expected_answers(float(s), bar) for s in (*shares, *QUANTILES)]) - done
    within = more <= left
    chance = float(weights[within].sum())
    answers = float(np.average(np.maximum(more[within], 1.0), weights=weights[within])) if chance > 0 else float(left)
    spent = chance * answers + (1 - chance) * min(left, 3 * answers if chance > 0 else left)
    usd = spent * max(p.usd_per_call or 0.0, FREE_USD)
    cost = None if p.usd_per_call is None else spent * p.usd_per_call
    return Outlook(chance, answers, cost, p.at_stake_usd * chance / usd if usd > 0 else 0.0)


def ranked(prospects: Sequence[Prospect], bar: float = BAR) -> list[tuple[Prospect, Outlook]]:
    """The best first."""
    found = [(each, outlook(each, each.calls, bar=bar)) for each in prospects]
    return sorted(found, key=lambda pair: (-pair[1].index, pair[0].task_id, pair[0].candidate.label))
