"""Verdicts and grades: the words, icons, colours and shapes they have on every page.

A verdict is never told by colour alone: each has a word, an icon and (on the map) a shape of its own. The four
colours stay apart in deuteranopia, protanopia and greyscale (lightness 58, 56, 70, 62 with hatching for the rest).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Verdict:
    """How one verdict is written and drawn. ``pattern`` is Plotly's fill, ``symbol`` its marker."""

    key: str
    word: str
    icon: str
    meaning: str
    colour: str
    pattern: str
    symbol: str


VERDICTS: dict[str, Verdict] = {
    each.key: each
    for each in (
        Verdict("proven", "Proven", "✓", "a small model was tested and suffices", "#0FA37F", "", "circle"),
        Verdict(
            "likely",
            "Likely",
            "◐",
            "a small model is expected to suffice, or was tested and is not settled; not proven",
            "#4A86E8",
            "",
            "diamond",
        ),
        Verdict("untested", "Untested", "?", "too little evidence either way", "#E0A030", "/", "triangle-up"),
        Verdict(
            "stays",
            "Stays",
            "■",
            "keep it on today's model; for now, where no test refuted a small one",
            "#8C97A5",
            ".",
            "square",
        ),
    )
}

GRADES: dict[str, str] = {
    "prior": "prior: from the structure of the task and published figures; nothing was run",
    "proxy": "proxy: from how predictable the task's own recorded answers are; no small model was run",
    "replay": "replay: a small model answered recorded calls again, and a judge compared",
    "live": "live: a small model answered production calls",
}

ALTERNATIVES: dict[str, str] = {
    "caching_batch": "Caching and batch, same model",
    "small_tier": "Vendor's small tier",
    "hosted_slm": "Hosted SLM",
    "self_hosted_slm": "Self-hosted SLM",
}


def verdict(key: str | None) -> Verdict:
    """The verdict of that name; an unknown or missing one counts as untested, never as safe."""
    return VERDICTS.get(key or "", VERDICTS["untested"])


def kind_words(kind: str | None) -> str:
    """``question_answering`` -> ``question answering``; ``sql`` -> ``SQL``."""
    words = (kind or "other").replace("_", " ")
    return {"sql": "SQL"}.get(words, words)


def alternative_words(alternative: str) -> str:
    """The name of an alternative, for people."""
    return ALTERNATIVES.get(alternative, alternative.replace("_", " "))
