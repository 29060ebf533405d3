"""Which calls of a task are replayed, and in which order.

Calls fall into strata by time, what the model did and the length of the request. Each round of the order takes from each stratum what
its share is, in an order drawn anew, so that any beginning of it looks like the whole. Runs are not evened out: a random call is
asked about, and long runs have more of them. That calls of one run fail together is the interval's business (``counts.py``).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

TIMES, LENGTHS = 3, 2
ROUND = 20  # calls in which the strata stand by their shares
SMALL = 0.02  # of the calls: a stratum under it goes into its neighbour "other"
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Chosen:
    """One call of the sample."""

    row: Row
    stratum: str

    @property
    def call_id(self) -> str:
        return str(self.row["call_id"])

    @property
    def cluster(self) -> str:
        return str(self.row["run_id"] or self.row["call_id"])


def draw_sample(rows: Sequence[Row], *, seed: int) -> list[Chosen]:
    """All calls of a task that have an answer, in the order in which they are replayed. Repeatable by ``seed``."""
    usable = [row for row in rows if row["output_hashes"] and row["completeness"] == "complete"]
    if not usable:
        return []
    random = np.random.default_rng([seed, len(usable)])
    strata = _strata(usable)
    order = [int(i) for i in random.permutation(len(usable))]
    return [Chosen(usable[i], strata[i]) for i in _interleaved(order, strata, random)]


def _interleaved(members: Sequence[int], strata: Sequence[str], random: np.random.Generator) -> list[int]:
    """Proportional: the k-th of a stratum of n stands at (k + a draw of its own) / n; within a round the order is drawn."""
    by_stratum: defaultdict[str, list[int]] = defaultdict(list)
    for i in members:
        by_stratum[strata[i]].append(i)
    places: list[tuple[float, int]] = []
    for name in sorted(by_stratum):
        own = by_stratum[name]
        shift = random.random()
        places += [((k + shift) / len(own), i) for k, i in enumerate(own)]
    ordered = [i for _, i in sorted(places)]
    mixed: list[int] = []
    for start in range(0, len(ordered), ROUND):
        part = ordered[start : start + ROUND]
        mixed += [part[j] for j in random.permutation(len(part))]
    return mixed


def _strata(rows: Sequence[Row]) -> list[str]:
    times = _bins([row["started_ns"] for row in rows], TIMES)
    lengths = _bins([row["input_tokens"] for row in rows], LENGTHS)
    names = [f"{t}/{row['action'] or '-'}/{n}" for t, row, n in zip(times, rows, lengths, strict=True)]
    counts: defaultdict[str, int] = defaultdict(int)
    for name in names:
        counts[name] += 1
    return [name if counts[name] >= SMALL * len(rows) else "other" for name in names]


def _bins(values: Sequence[Any], bins: int) -> list[str]:
    """Which equal part of the known values each is in; ``-`` where it is not known."""
    known = np.array([float(v) for v in values if v is not None])
    if not len(known):
        return ["-"] * len(values)
    edges = np.unique(np.quantile(known, np.arange(1, bins) / bins))
    return ["-" if v is None else str(int(np.searchsorted(edges, float(v), side="right"))) for v in values]
