"""Rows of ``evidence``: everything an estimate rests on, each with a sentence a person understands and its source."""

from __future__ import annotations

import json
from typing import Any

from suffice_analysis.grounds import kind_words
from suffice_analysis.prior import Prior
from suffice_analysis.profile import TaskProfile
from suffice_analysis.proxy import MINIMUM, Predictability
from suffice_store.console import format_share

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
            f"Taken for {kind_words(profile.kind)}: {profile.kind_rule}.",
            "judgement, by rule",
        ),
        _row(
            profile,
            "prior",
            "hci",
            None,
            f"Talks to a person: {profile.hci}; {profile.hci_rule}.",
            "judgement, by rule",
        ),
    ]
    rows += [_row(profile, "prior", s.kind, s.value, s.sentence, s.source, shift_logit=s.shift) for s in prior.signs]
    if prior.unlike:
        sentence = f"Unlike the pairs the widths were checked on ({', '.join(prior.unlike)}), so the interval is wider."
        rows.append(_row(profile, "prior", "unlike_calibration", None, sentence, "docs/statistics.md"))
    if profile.estimated_calls:
        sentence = f"The tokens of {profile.estimated_calls:,} of {profile.calls:,} calls are estimates."
        rows.append(_row(profile, "prior", "estimated_tokens", None, sentence, _COUNTED))
    rows.append(_predictability_row(profile, proxy))
    return rows


def _predictability_row(profile: TaskProfile, proxy: Predictability | None) -> dict[str, Any]:
    if proxy is None:
        sentence = f"Too few calls or runs to hold some out (at least {MINIMUM} on either side, from 4 runs)."
        return _row(profile, "proxy", "predictability", None, sentence, "proxy.py")
    sentence = (
        f"Of {proxy.n:,} held-out answers, a lookup in the task's own history foretells {format_share(proxy.agreement)} in whole; "
        f"with shuffled answers {format_share(proxy.chance)}. Above chance: {format_share(proxy.skill)}."
    )
    if proxy.compressed >= TOLD_COMPRESSED:
        sentence += f" The nearest earlier answer spares {format_share(proxy.compressed)} of an answer's bytes that a random one does not."
    row = _row(profile, "proxy", "predictability", proxy.skill, sentence, "Cohen 1960, kappa; halves split by run")
    details = {
        "agreement": proxy.agreement,
        "chance": proxy.chance,
        "values_share": proxy.values_share,
        "compressed": proxy.compressed,
        "distinct_answers": proxy.distinct,
        "closed_answer_set": proxy.closed,
    }
    return row | {"low": proxy.low, "high": proxy.high, "n": proxy.n, "details": json.dumps(details, sort_keys=True)}


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
