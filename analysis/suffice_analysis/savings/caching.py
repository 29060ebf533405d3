"""How much of a task's input was sent before and could have come from the vendor's cache.

A vendor caches the longest prefix of a request that it has seen within the cache's lifetime. Calls are walked in
time; each one's messages are followed from the first as far as an earlier call of the same model had the
same ones in the same order. Where times are not known, only calls of the same run count as recent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from suffice_analysis.inputs import Inputs
from suffice_analysis.savings.assumptions import read_assumptions

MOST_CALLS = 20_000  # walked per task; beyond, the share of the first ones stands for all


@dataclass(frozen=True, slots=True)
class Repeated:
    """Shares of the task's input tokens: ``repeated`` within the cache's lifetime, ``served`` from a cache already.

    ``stated``: whether any call says what was cached; ``timed``: whether any has a time; ``by_model``: tokens that a cache could
    still serve, by provider and model.
    """

    repeated: float
    served: float
    stated: bool = field(default=True, compare=False)
    timed: bool = field(default=True, compare=False)
    by_model: Mapping[tuple[str, str], float] = field(default_factory=dict, compare=False)

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
            "provider",
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
    unused: dict[tuple[str, str], float] = {}
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
        could = could if could >= minimum else 0.0
        repeated += could
        of = (call["provider"] or "", call["model"] or "")
        unused[of] = unused.get(of, 0.0) + could - (call["cache_read_tokens"] or 0)
    if not total:
        return Repeated(0.0, 0.0)
    stated = any(call["cache_read_tokens"] is not None for call in walked)
    timed = any(call["started_ns"] is not None for call in walked)
    left = {of: tokens for of, tokens in unused.items() if tokens > 0}
    return Repeated(repeated / total, served / total, stated, timed, left)


def assumed_words(tasks: int, unstated: int, untimed: int) -> list[str]:
    """What a saving by caching takes for granted, in sentences: of so many tasks, those whose calls do not tell."""

    def whose(some: int) -> str:
        return "No call" if some == tasks else f"In {some:,} of {tasks:,} tasks no call"

    lifetime = read_assumptions()["cache_lifetime_s"].value / 60
    told = []
    if unstated:
        told.append(
            f"{whose(unstated)} states cached tokens: it is assumed that nothing is cached today; what is already saves nothing more."
        )
    if untimed:
        told.append(
            f"{whose(untimed)} has a time: calls of one run are assumed to follow within the {lifetime:.0f} minutes that a cached prefix lives."
        )
    return told
