"""Grade ``prior``: what a task's structure alone says about an SLM's chance, before anything is tried.

A starting share by kind of work (published figures, ``data/task_types.csv``), moved on the logit scale by
what is seen in the traffic. Only the directions have sources; the sizes are judgements, so every
adjustment also widens the interval by half its own size. docs/statistics.md says what this was checked on.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from suffice_analysis import data
from suffice_analysis.estimate import logit
from suffice_analysis.profile import TaskProfile
from suffice_analysis.sampling import SampledCall
from suffice_store.console import format_share

SHARED_SD = 0.5  # logit; error common to all tasks: which SLM, whose judge, how well these figures transfer
ADJUSTMENT_SPREAD = 0.5  # an adjustment is uncertain by half its size
FEW_CALLS = 12.0  # adds FEW_CALLS/n to the variance: at 30 calls 0.4, at 1,000 next to nothing
UNLIKE_FACTOR = 1.25  # wider where the task is unlike what the widths were checked on
LARGEST_SHIFT = 1.5  # logit; all adjustments together never move the start further
CONVERSATION_CEILING = 0.40  # start share of open conversation after all adjustments
MULTI_TURN = 1.0  # earlier answers in half the requests or more: a run of three steps has as many
COPIED_CALLS = 200  # enough for a share of words: thousands of them
_WORD = re.compile(r"\w{4,}")
JUDGEMENT = "judgement; direction from arXiv 2506.02153 and BFCL v4"


@dataclass(frozen=True, slots=True)
class Sign:
    """One thing seen in the structure: how far it moves the start (logit), and the sentence that says so."""

    kind: str
    value: float | None
    shift: float
    sentence: str
    source: str


@dataclass(frozen=True, slots=True)
class Prior:
    """Normal on the logit scale: ``mean``, and ``sd`` of which ``shared_sd`` is common to all tasks."""

    mean: float
    sd: float
    signs: list[Sign]
    unlike: list[str] = field(default_factory=list)

    @property
    def own_sd(self) -> float:
        return math.sqrt(max(self.sd**2 - SHARED_SD**2, 0.01))


def task_prior(profile: TaskProfile, sample: Sequence[SampledCall]) -> Prior:
    """The prior of one task from its profile and a sample of its calls."""
    figures = {row["kind"]: row for row in data.rows("task_types.csv")}
    multi_turn = profile.kind == "tool_choice" and profile.turns_p50 >= MULTI_TURN
    figure = figures.get("tool_choice_multi_turn" if multi_turn else profile.kind, figures["other"])
    start, sd = logit(float(figure["share"])), float(figure["sd_logit"])
    signs = [Sign("task_type", float(figure["share"]), 0.0, figure["sentence"], figure["source"])]
    signs += [
        s
        for s in (
            _answer_form(profile),
            _answer_length(profile),
            None if multi_turn else _depth(profile),
            _context(profile),
            _copied(profile, sample),
            _tools(profile),
            _modality(profile),
        )
        if s is not None
    ]
    shift = max(-LARGEST_SHIFT, min(LARGEST_SHIFT, sum(s.shift for s in signs)))
    mean = start + shift
    if profile.kind == "conversation":
        mean = min(mean, logit(CONVERSATION_CEILING))
    variance = sd**2 + sum((ADJUSTMENT_SPREAD * s.shift) ** 2 for s in signs) + FEW_CALLS / max(profile.calls, 1)
    unlike = _unlike(profile, sample)
    if unlike:
        variance *= UNLIKE_FACTOR**2
    return Prior(mean, math.sqrt(variance), signs, unlike)


def copied_share(sample: Sequence[SampledCall]) -> float | None:
    """Share of the answers' words (4 letters and more) that stand in their own request. None without such words."""
    found = total = 0
    for call in sample[:COPIED_CALLS]:
        if any(part.get("type") == "hashed" for part in call.answer["parts"]):
            continue  # its words were not kept
        words = _words(call.said)
        if words:
            here = set(_words(call.request))
            found += sum(w in here for w in words)
            total += len(words)
    return found / total if total else None


def _words(text: str) -> list[str]:
    return _WORD.findall(text.lower())


def _answer_form(profile: TaskProfile) -> Sign | None:
    form = profile.answer_form
    if form in ("label", "number"):
        return Sign(
            "answer_form", None, 0.3, f"The answers are a {form}: a closed form that can be checked.", JUDGEMENT
        )
    if form == "json":
        return Sign("answer_form", None, 0.2, "The answers are JSON: a format a program can check.", JUDGEMENT)
    if form == "long_text" and profile.kind not in ("conversation", "planning", "review"):
        return Sign("answer_form", None, -0.4, "The answers are long free text, which is hard to check.", JUDGEMENT)
    return None


def _answer_length(profile: TaskProfile) -> Sign | None:
    tokens = profile.output_tokens_p50
    if tokens is None or tokens <= 500:
        return None
    shift = -0.3 if tokens <= 1500 else -0.6
    return Sign("answer_length", tokens, shift, f"Half the answers are longer than {tokens:,.0f} tokens.", JUDGEMENT)


def _depth(profile: TaskProfile) -> Sign | None:
    turns = profile.turns_p50
    if turns < 2:
        return None
    shift = -0.3 if turns < 5 else -0.6
    least = int(turns)  # the median itself is not exceeded by half of them
    sentence = (
        f"Half the calls have at least {least} earlier answers in their dialogue; small models lose track sooner."
    )
    return Sign("conversation_depth", turns, shift, sentence, "BFCL v4 multi-turn: 16.5 against 38.9 (median)")


def _context(profile: TaskProfile) -> Sign | None:
    tokens = profile.input_tokens_p50
    if tokens is None or tokens <= 8_000:
        return None
    shift = -0.4 if tokens <= 32_000 else -0.8
    sentence = f"Half the requests are longer than {tokens:,.0f} tokens; small models use long context less well."
    return Sign("context_need", tokens, shift, sentence, JUDGEMENT)


def _copied(profile: TaskProfile, sample: Sequence[SampledCall]) -> Sign | None:
    share = copied_share(sample)
    if share is None:
        return None
    if share >= 0.7 and profile.answer_form != "mixed":
        return Sign(
            "copied", share, 0.3, f"{format_share(share)} of the answers' words stand in the request.", JUDGEMENT
        )
    if share <= 0.25 and profile.answer_form in ("long_text", "short_text", "code"):
        return Sign(
            "copied", share, -0.2, f"Only {format_share(share)} of the answers' words stand in the request.", JUDGEMENT
        )
    return Sign(
        "copied", share, 0.0, f"{format_share(share)} of the answers' words stand in the request.", "counted here"
    )


def _tools(profile: TaskProfile) -> Sign | None:
    if profile.tools <= 10:
        return None
    sentence = f"Up to {profile.tools} tools are offered at once; small models know less well which not to call."
    return Sign("tools", float(profile.tools), -0.3, sentence, "BFCL v4 irrelevance: 79.1 against 86.5 (median)")


def _modality(profile: TaskProfile) -> Sign | None:
    if not profile.images:
        return None
    return Sign(
        "modality", None, -0.6, "The requests carry images or files; most small models read text only.", JUDGEMENT
    )


def _unlike(profile: TaskProfile, sample: Sequence[SampledCall]) -> list[str]:
    """How the task differs from the pairs the widths were checked on: English, text, one turn, short."""
    reasons = []
    if profile.turns_p50 >= 2 or (profile.kind == "tool_choice" and profile.turns_p50 >= MULTI_TURN):
        reasons.append("several turns")
    if profile.images:
        reasons.append("images or files")
    if (profile.input_tokens_p50 or 0) > 8_000:
        reasons.append("long requests")
    if _foreign_share(sample) > 0.2:
        reasons.append("not in Latin script")
    return reasons


def _foreign_share(sample: Sequence[SampledCall]) -> float:
    letters = [c for call in sample[:50] for c in call.asked[:500] if c.isalpha()]
    return float(np.mean([ord(c) > 0x24F for c in letters])) if letters else 0.0
