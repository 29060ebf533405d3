"""Right or wrong, by outcomes: the baseline's and a candidate's answers to the same calls, compared pair by pair.

Where an outcome (label ``correct``, say) is known of a recorded call and of its replayed one, the difference of the two shares is bounded
by the pairs in which they differ (``paired.py``: Tango's score, exact). *Proven non-inferior*: no more than ``MARGIN`` worse. This
is another figure than agreement: a candidate may disagree with an answer that was wrong. It does not decide a task's verdict.

Exact where the number of calls was set before (``--n``): a campaign that stopped by itself did so by its verdicts, which go with
the outcomes, so its difference is shown and proves nothing. Paid for over a task's candidates and variants (Holm).
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import ceil, floor
from typing import Any

from suffice_analysis.estimate import LEVEL
from suffice_analysis.multiplicity import ALPHA, holm
from suffice_analysis.paired import MARGIN, Pairs, difference_lower_bound, p_value
from suffice_analysis.replay.candidates import BASELINE
from suffice_analysis.replay.counts import design_effect
from suffice_analysis.replayed import sound_reference
from suffice_store.console import format_share
from suffice_store.store import Store

MEASURE = "accuracy_difference"
METHOD = "paired difference, Tango's score, exact (Chan 1998; Hsueh, Liu & Chen 2001)"
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class PairedResult:
    """One candidate's answers to one task beside the baseline's, by one label of outcomes."""

    task_id: str
    candidate: str
    variant: str
    label: str
    pairs: Pairs
    baseline_right: int
    candidate_right: int
    fixed: bool  # whether the number of calls was set before
    low: float
    high: float
    p_value: float
    non_inferior: bool = False

    @property
    def is_sound(self) -> bool:
        """Whether the baseline is right often enough to be compared with."""
        return sound_reference(self.baseline_right, self.pairs.n)

    def sentence(self) -> str:
        """For a person: both shares, the difference, what it proves."""
        n = self.pairs.n
        named = f"{self.candidate}{'' if self.variant == 'as_is' else f' ({self.variant})'}"
        said = (
            f"By the outcomes “{self.label or 'ok'}” of the same {n:,} calls {named} is right in {format_share(self.candidate_right / n)}, the "
            f"recorded model in {format_share(self.baseline_right / n)}: {_points(self.pairs.difference)} points "
            f"({_points(self.low)} to {_points(self.high)})"
        )
        if self.non_inferior:
            return f"{said}. Proven non-inferior: no more than {100 * MARGIN:.0f} points worse."
        if not self.is_sound:
            return f"{said}. The recorded model is mostly wrong there, so nothing is proven by it."
        if not self.fixed:
            return f"{said}. Its number of calls was not set before, so nothing is proven by it: replay with --n."
        return f"{said}. Not proven non-inferior at {100 * MARGIN:.0f} points."


def read_paired(store: Store, project: str, task_of: Mapping[str, str | None]) -> list[PairedResult]:
    """Of all that is stored of a project."""
    rows = store.read("replay_outcomes", project=project).to_pylist()
    return find_paired(rows, task_of) if rows else []


def find_paired(rows: Iterable[Row], task_of: Mapping[str, str | None]) -> list[PairedResult]:
    """From rows of the read ``replay_outcomes``; the last of each call and candidate counts."""
    grouped: defaultdict[tuple[str, str, str, str], dict[str, Row]] = defaultdict(dict)
    for row in rows:
        task = task_of.get(row["call_id"])
        if task is not None and row["candidate"] != BASELINE:
            grouped[task, row["candidate"], row["variant"], row["label"]][row["call_id"]] = row
    by_task: defaultdict[str, list[PairedResult]] = defaultdict(list)
    for key, own in sorted(grouped.items()):
        by_task[key[0]].append(_paired(key, list(own.values())))
    return [each for results in by_task.values() for each in _paid_for(results)]


def _paired(key: tuple[str, str, str, str], rows: Sequence[Row]) -> PairedResult:
    worse = sum(row["recorded_ok"] and not row["replayed_ok"] for row in rows)
    better = sum(row["replayed_ok"] and not row["recorded_ok"] for row in rows)
    pairs = Pairs(len(rows), worse, better)
    counted = _effective(rows, pairs)
    campaigns = {row["campaign_id"]: row for row in rows}
    only = next(iter(campaigns.values()))
    fixed = len(campaigns) == 1 and only["design"] == "fixed"
    low = difference_lower_bound(counted)
    high = -difference_lower_bound(Pairs(counted.n, counted.only_candidate, counted.only_baseline))
    right = sum(bool(row["recorded_ok"]) for row in rows), sum(bool(row["replayed_ok"]) for row in rows)
    return PairedResult(*key, pairs, *right, fixed, low, high, p_value(counted, -MARGIN))


def _effective(rows: Sequence[Row], pairs: Pairs) -> Pairs:
    """The counts in independent calls: those of one run that differ together count for less."""
    clusters: defaultdict[str, list[float]] = defaultdict(list)
    for row in rows:
        clusters[row["cluster"]].append(float(bool(row["recorded_ok"]) == bool(row["replayed_ok"])))
    effect = design_effect(list(clusters.values()))
    if effect <= 1.0:
        return pairs
    return Pairs(
        max(1, round(pairs.n / effect)), ceil(pairs.only_baseline / effect), floor(pairs.only_candidate / effect)
    )


def _paid_for(results: Sequence[PairedResult]) -> list[PairedResult]:
    """Non-inferior after Holm, and only where that may be said at all."""
    adjusted = holm([each.p_value for each in results])
    return [
        replace(each, non_inferior=each.fixed and each.is_sound and p <= ALPHA)
        for each, p in zip(results, adjusted, strict=True)
    ]


def paired_rows(result: PairedResult, seed: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """Its row of ``estimates`` (measure ``accuracy_difference``, of 1) and of ``evidence``."""
    details = {
        "label": result.label,
        "margin": MARGIN,
        "status": "non-inferior" if result.non_inferior else "open",
        "only_baseline": result.pairs.only_baseline,
        "only_candidate": result.pairs.only_candidate,
        "baseline_right": result.baseline_right,
        "candidate_right": result.candidate_right,
        "p_value": result.p_value,
        "claimed": True,
    }
    same = {"task_id": result.task_id, "grade": "replay", "value": result.pairs.difference, "low": result.low, "high": result.high, "n": result.pairs.n}  # fmt: skip
    estimate = same | {
        "measure": MEASURE, "candidate": result.candidate, "mode": result.variant, "level": LEVEL, "proven_low": result.low,
        "bar": -MARGIN, "proven": result.non_inferior, "method": METHOD, "seed": seed, "details": json.dumps(details, sort_keys=True),
    }  # fmt: skip
    evidence = same | {
        "kind": f"paired:{result.candidate}:{result.variant}", "sentence": result.sentence(),
        "source": "outcomes of recorded and replayed calls; docs/statistics.md", "details": json.dumps(details, sort_keys=True),
    }  # fmt: skip
    return estimate, evidence


def _points(share: float) -> str:
    return f"{100 * share:+.1f}".replace("-", "−")
