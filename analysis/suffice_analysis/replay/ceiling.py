"""The noise ceiling: how often the recorded model agrees with itself when it is asked the same again, and agreement corrected for it.

A baseline that is asked twice does not always say the same. If it agrees with its recorded answer in a share c of the calls, a candidate that is
every bit as good agrees in about c, not in all: what is asked of its agreement a is a >= bar * c, and a / c, at most 1, is what is shown. (As
C. Spearman 1904, American Journal of Psychology 15:72-101, corrects a correlation for the reliability of what it is measured against.)

c is estimated too. Its interval has error ``BETA`` on either side, which is taken from the candidate's own: proven is tested at
``ALPHA - BETA`` against the bar times the upper end of c (R. Berger and D. Boos 1994, JASA 89:1012-1016), whatever the dependence
between the two. So an unsure ceiling makes nothing easier, and a correction never proves what the interval of c does not carry. Below ``SOUND`` the
baseline is no reference: nothing is corrected.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from suffice_analysis.estimate import BAR, LEVEL, clopper_pearson_interval
from suffice_analysis.replay.candidates import BASELINE
from suffice_analysis.replay.counts import Counts
from suffice_analysis.replay.sequential import ALPHA, confidence_bounds
from suffice_analysis.replayed import ENOUGH
from suffice_store.console import format_interval, format_share

BETA = 0.01  # of ALPHA, for each end of the ceiling
SOUND = 0.5
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Ceiling:
    """``low`` and ``high``: the 90 % interval that is shown; ``least`` and ``most``: the ends that a verdict is held to."""

    task_id: str
    counts: Counts
    low: float
    high: float
    least: float
    most: float
    model: str
    rows: Sequence[Row] = field(repr=False, default=())
    fixed: bool = False  # how many were asked was set before

    @property
    def value(self) -> float | None:
        return self.counts.passed / self.counts.judged if self.counts.judged else None

    @property
    def is_usable(self) -> bool:
        """Whether agreement is corrected for it."""
        return self.counts.judged >= ENOUGH and self.low >= SOUND

    def sentence(self) -> str:
        """``The baseline agrees with itself in 93 % (88–96 %), n = 100.``"""
        said = f"The baseline agrees with itself in {format_share(self.value)} ({format_interval(self.low, self.high)}), n = {self.counts.n:,}"
        if self.is_usable:
            return f"{said}."
        return f"{said}: too few, or too little agreement, to correct for."


def make_ceiling(task_id: str, counts: Counts, rows: Sequence[Row], *, fixed: bool) -> Ceiling:
    """From the verdicts on the baseline's second answers. ``fixed``: their number was set before anybody looked."""
    passed, failed, undecided = counts.effective()
    n = passed + failed + undecided
    ends = [(_ends(passed, passed + undecided, n, error, fixed)) for error in (ALPHA, BETA)]
    models = sorted({str(row["response_model"]) for row in rows if row["response_model"]})
    return Ceiling(task_id, counts, *ends[0], *ends[1], ", ".join(models), rows, fixed)


def _ends(least: float, most: float, n: float, error: float, fixed: bool) -> tuple[float, float]:
    if not fixed:
        return confidence_bounds(least, n, error)[0], confidence_bounds(most, n, error)[1]
    whole, level = round(n), 1 - 2 * error
    low = clopper_pearson_interval(min(whole, round(least)), whole, level)[0]
    return low, clopper_pearson_interval(min(whole, round(most)), whole, level)[1]


def ceiling_rows(ceiling: Ceiling, seed: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """Its row of ``estimates`` (measure ``self_agreement``) and of ``evidence``."""
    c = ceiling.counts
    details = {
        "passed": c.passed,
        "failed": c.failed,
        "unjudged": c.unjudged,
        "corrects": ceiling.is_usable,
        "claimed": c.judged > 0,
    }
    estimate = {
        "task_id": ceiling.task_id, "measure": "self_agreement", "candidate": BASELINE, "mode": "as_is", "grade": "replay", "value": ceiling.value,
        "low": ceiling.low, "high": ceiling.high, "level": LEVEL, "n": c.n, "proven_low": ceiling.least, "bar": BAR, "proven": False,
        "method": "the baseline asked again; exact or anytime-valid interval", "seed": seed, "details": json.dumps(details, sort_keys=True),
    }  # fmt: skip
    evidence = {
        "task_id": ceiling.task_id, "grade": "replay", "kind": f"replay:{BASELINE}", "value": ceiling.value, "low": ceiling.low,
        "high": ceiling.high, "n": c.n, "sentence": ceiling.sentence(), "source": "the recorded model asked again; docs/statistics.md",
        "details": json.dumps(details, sort_keys=True),
    }  # fmt: skip
    return estimate, evidence
