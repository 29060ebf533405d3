"""How much of a task's input was sent before and could have come from the vendor's cache.

A vendor caches the longest prefix of a request that it has seen within the cache's lifetime. Calls are walked in
time; each one's messages are followed from the first as far as an earlier call of the same model had the
same ones in the same order. Where times are not known, only calls of the same run count as recent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from suffice_analysis.inputs import Inputs
from suffice_analysis.savings.assumptions import read_assumptions

MOST_CALLS = 20_000  # walked per task; beyond, the share of the first ones stands for all


@dataclass(frozen=True, slots=True)
class Repeated:
    """Shares of the task's input tokens: ``repeated`` within the cache's lifetime, ``served`` from a cache already."""

    repeated: float
    served: float

    @property
    def unused(self) -> float:
        """What a cache could still serve."""
        return max(0.0, self.repeated - self.served)


def repeated_input(inputs: Inputs, rows: Sequence[int]) -> Repeated:
    """Walk the calls ``rows`` of one task."""
    calls = inputs.take(list(rows)[:MOST_CALLS]).select(
        [
            "started_ns",
            "run_id",
            "call_id",
            "model",
            "toolset_hash",
            "input_hashes",
            "input_tokens",
            "cache_read_tokens",
        ]
    )
    walked = sorted(calls.to_pylist(), key=lambda c: (c["started_ns"] or 0, c["call_id"]))
    assumed = read_assumptions()
    lifetime = int(assumed["cache_lifetime_s"].value * 1e9)
    minimum = assumed["cache_minimum_tokens"].value
    seen: dict[int, int] = {}
    repeated = served = total = 0.0
    for call in walked:
        tokens = call["input_tokens"] or 0
        if not tokens:
            continue
        at = call["started_ns"]
        link = hash(
            (call["model"], call["toolset_hash"], None if at is not None else (call["run_id"] or call["call_id"]))
        )
        chars = prefix = 0
        missed = False
        for each in call["input_hashes"] or ():
            link = hash((link, each))
            text = inputs.texts.get(each)
            chars += len(text.content) if text else 0
            last = seen.get(link)
            missed = missed or last is None or (at is not None and at - last > lifetime)
            if not missed:
                prefix = chars
            seen[link] = at or 0
        total += tokens
        served += call["cache_read_tokens"] or 0
        could = tokens * prefix / chars if chars else 0.0
        repeated += could if could >= minimum else 0.0
    return Repeated(repeated / total, served / total) if total else Repeated(0.0, 0.0)
