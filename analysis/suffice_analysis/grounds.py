"""Grounds: what is known for and against a task in a few phrases, so that a verdict can give its reason.

The strongest first: published results for its kind, what its own history foretells, then the signs of its structure by
the size of their shift.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from suffice_analysis.prior import Prior
from suffice_analysis.proxy import Predictability
from suffice_store.console import format_share

GOOD, POOR = 0.80, 0.50  # published share of a kind from which it speaks for it, up to which against
FORETOLD = 0.30  # skill above chance from which it speaks for it; that there is none says nothing
MOST = 2  # of either: a reason is a sentence or two
_PAPER_LEAVES = {
    "planning": "planning over many steps",
    "conversation": "open conversation",
    "review": "review and debugging",
}


@dataclass(frozen=True, slots=True)
class Grounds:
    """Phrases in lower case without a full stop, the strongest first, at most ``MOST`` of either."""

    speaks_for: list[str] = field(default_factory=list)
    speaks_against: list[str] = field(default_factory=list)


def find_grounds(kind: str, prior: Prior, proxy: Predictability | None) -> Grounds:
    """The grounds of one task of ``kind`` (a word of ``tasks.kind``)."""
    speaks_for: list[str] = []
    against: list[str] = []
    published = next((s.value for s in prior.signs if s.kind == "task_type"), None)
    if published is not None and published >= GOOD:
        speaks_for.append(f"published results of small models on {kind_words(kind)} are good")
    elif kind in _PAPER_LEAVES:
        against.append(
            f"{_PAPER_LEAVES[kind]} is what even the paper for small models leaves to the large one (arXiv 2506.02153)"
        )
    elif published is not None and published <= POOR:
        against.append(f"published results of small models on {kind_words(kind)} over several turns are poor")
    if proxy is not None and proxy.skill >= FORETOLD:
        speaks_for.append(
            f"{format_share(proxy.skill)} of its answers can be told from its earlier calls without any model, beyond chance"
        )
    for sign in sorted((s for s in prior.signs if s.shift), key=lambda s: -abs(s.shift)):
        (speaks_for if sign.shift > 0 else against).append(_phrase(sign.sentence))
    return Grounds(speaks_for[:MOST], against[:MOST])


def kind_words(kind: str) -> str:
    """``question_answering`` -> ``question answering``, ``sql`` -> ``SQL``."""
    return "SQL" if kind == "sql" else kind.replace("_", " ")


def _phrase(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:].rstrip(".")
