"""One of a few labels: ``billing``, ``**Billing**.`` and ``Category: billing`` are the same, ``shipping`` is wrong, a letter is no label."""

from __future__ import annotations

import re

from suffice_analysis.judges.frame import Frame
from suffice_analysis.judges.judgement import Judgement, failed, passed
from suffice_analysis.judges.said import Said, bare

NAME = "label"
_NAMED = re.compile(r"^(?:the )?(?:final )?(?:answer|label|category|class|classification|intent|result|output|queue|verdict)(?: is)?\s*[:=\-–]?\s*", re.IGNORECASE)  # fmt: skip
_MOST_WORDS = 12  # in which a label may stand; a longer text is no label


def fits(recorded: Said, frame: Frame) -> bool:
    """Whether the recorded answer is a label, or one of the task's."""
    return not recorded.hashed and (recorded.form == "label" or bare(recorded.text) in frame.labels)


def judge(recorded: Said, given: Said, frame: Frame) -> Judgement:
    """By the one label that the answer names."""
    wanted = bare(recorded.text)
    if given.calls:
        return failed(NAME, "format", f"it called {given.calls[0].name} instead of answering")
    found = read_label(given.text, frame.labels | {wanted})
    if found == wanted:
        return passed(NAME, f"says {wanted}")
    if found is None:
        return failed(NAME, "format", f"no single label in “{given.text.strip()[:80]}”")
    return failed(NAME, "wrong", f"{wanted} became {found}")


def read_label(text: str, labels: frozenset[str]) -> str | None:
    """The label a text is or, in a short sentence, names alone; a new one word for word; None for prose."""
    said = bare(text)
    said = bare(_NAMED.sub("", said)) or said
    if said in labels:
        return said
    if len(said.split()) > _MOST_WORDS:
        return None
    named = {each for each in labels if re.search(rf"(?<!\w){re.escape(each)}(?!\w)", said)}
    longest = {each for each in named if not any(each != other and each in other for other in named)}
    if len(longest) == 1:
        only = longest.pop()
        return None if re.search(r"\b(?:not|no|never|neither)\b", said.replace(only, "")) else only
    if longest:
        return None
    return said if len(said.split()) <= 4 else None
