"""Train, validation, test: whole runs, the latest ones last, and nothing in train that a candidate was asked.

A run that was replayed, in whole or in part, goes to test: a model is not replayed on what it learnt. A request in train that
reads like a replayed one is left out. Where under 90 % of the calls are timed, runs are ordered by a hash with the seed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b

from suffice_analysis.export.examples import Chosen, Example
from suffice_analysis.savings.basis import TIMED_SHARE

SPLITS = ("train", "validation", "test")
VALIDATION = TEST = 0.1  # of the examples outside replayed runs


@dataclass(frozen=True)
class Split:
    """``by_time``: train is the earliest, test the latest. ``like_replayed``: left out of train and validation."""

    examples: dict[str, list[Example]]
    by_time: bool
    like_replayed: int

    def runs(self, name: str) -> set[str]:
        return {each.run for each in self.examples[name]}


def split_examples(chosen: Chosen, *, seed: int) -> Split:
    """Each run in one part."""
    free = [each for each in chosen.examples if each.run not in chosen.replayed_runs]
    parts: dict[str, list[Example]] = {name: [] for name in SPLITS}
    parts["test"] = [each for each in chosen.examples if each.run in chosen.replayed_runs]
    like = [each for each in free if each.key in chosen.replayed_keys]
    kept = [each for each in free if each.key not in chosen.replayed_keys]
    by_time = sum(each.started_ns is not None for each in kept) >= TIMED_SHARE * len(kept)
    done = 0
    for run in _ordered(kept, by_time, seed):
        share = done / len(kept)
        name = "train" if share < 1 - VALIDATION - TEST else "validation" if share < 1 - TEST else "test"
        parts[name] += run
        done += len(run)
    return Split(parts, by_time, len(like))


def _ordered(examples: Sequence[Example], by_time: bool, seed: int) -> list[list[Example]]:
    runs: defaultdict[str, list[Example]] = defaultdict(list)
    for each in examples:
        runs[each.run].append(each)
    if by_time:
        return sorted(runs.values(), key=lambda run: (min(e.started_ns or 0 for e in run), run[0].run))
    return sorted(runs.values(), key=lambda run: blake2b(f"{seed}:{run[0].run}".encode(), digest_size=8).digest())
