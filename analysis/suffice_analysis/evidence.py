"""Rows of ``evidence``: everything an estimate rests on, each with a sentence a person understands and its source."""

from __future__ import annotations

import json
from typing import Any

from suffice_analysis.grounds import FORETOLD, kind_words
from suffice_analysis.prior import Prior
from suffice_analysis.profile import TaskProfile
from suffice_analysis.proxy import COMPRESSED_CALLS, MINIMUM, Predictability
from suffice_store.console import format_share, format_share_interval

TOLD_COMPRESSED = 0.05
_COUNTED = "counted in the recorded calls"


def evidence_rows(profile: TaskProfile, prior: Prior, proxy: Predictability | None) -> list[dict[str, Any]]:
    """The rows of one task, the strongest grade last."""
    rows = [
        _row(
            profile,
            "prior",
            "kind",
            None,
            f"Counted as {kind_words(profile.kind)}: {profile.kind_rule}.",
            "judgement, by rule",
        ),
        _row(
            profile,
            "prior",
            "hci",
            None,
            f"Talks to a person, as a whole: {profile.hci}; {profile.hci_rule}.",
            "judgement, by rule",
        ),
    ]
    rows += [_row(profile, "prior", s.kind, s.value, s.sentence, s.source, shift_logit=s.shift) for s in prior.signs]
    if prior.unlike:
        sentence = (
            f"The method was checked on calls unlike these ({', '.join(prior.unlike)}), so the interval is wider."
        )
        rows.append(_row(profile, "prior", "unlike_calibration", None, sentence, "docs/statistics.md"))
    if profile.estimated_calls:
        sentence = f"The tokens of {profile.estimated_calls:,} of {profile.calls:,} calls are estimates."
        rows.append(_row(profile, "prior", "estimated_tokens", None, sentence, _COUNTED))
    rows.append(_predictability_row(profile, proxy))
    return rows


def _predictability_row(profile: TaskProfile, proxy: Predictability | None) -> dict[str, Any]:
    if proxy is None:
        sentence = (
            "Too few calls to see whether later answers can be told from earlier ones: that takes "
            f"{MINIMUM} earlier and {MINIMUM} later calls, each from 4 runs."
        )
        return _row(profile, "proxy", "predictability", None, sentence, "proxy.py")
    row = _row(
        profile, "proxy", "predictability", proxy.skill, observed(proxy), "Cohen 1960, kappa; halves split by run"
    )
    details = {
        "agreement": proxy.agreement,
        "chance": proxy.chance,
        "values_share": proxy.values_share,
        "compressed": proxy.compressed,
        "distinct_answers": proxy.distinct,
        "closed_answer_set": proxy.closed,
    }
    return row | {"low": proxy.low, "high": proxy.high, "n": proxy.n, "details": json.dumps(details, sort_keys=True)}


def observed(proxy: Predictability) -> str:
    """What was seen without any model, on how many calls, and why that speaks for a small one or says little."""
    beyond = format_share_interval(proxy.skill, proxy.low, proxy.high)
    said = (
        f"{proxy.n:,} recorded answers were hidden and each guessed from the task's other calls, without any model. "
        f"{format_share(proxy.agreement)} of the guesses were right in whole, {format_share(proxy.chance)} by chance: {beyond} beyond it."
    )
    if proxy.skill >= FORETOLD:
        said += " What so plain a rule gets right, a small model can be expected to learn."
    elif proxy.compressed < TOLD_COMPRESSED:
        said += " So few are no sign for a small model, and none against it: an answer in other words can be as good."
    if proxy.compressed >= TOLD_COMPRESSED:
        said += (
            f" Alike requests get alike answers: beside that of the most alike call, {format_share(proxy.compressed)} less of an "
            f"answer's text is new than beside any other ({min(proxy.n, COMPRESSED_CALLS):,} looked at). Such a pattern a small model "
            "can learn; no estimate rests on it."
        )
    return said


def _row(
    profile: TaskProfile, grade: str, kind: str, value: float | None, sentence: str, source: str, **details: Any
) -> dict[str, Any]:
    return {
        "task_id": profile.task_id,
        "grade": grade,
        "kind": kind,
        "value": value,
        "low": None,
        "high": None,
        "n": None,
        "sentence": sentence,
        "source": source,
        "details": json.dumps(details, sort_keys=True),
    }
