"""Free text by similarity: the same facts and mostly the same words pass, lost facts or a lost sentence fail, the rest is *unjudged*.

Facts are what a paraphrase keeps: numbers, codes, abbreviations. A sentence is lost where hardly a word of it comes back. ``docs/replay.md`` has its precision and recall on labelled pairs, and
how much it leaves undecided. A person's marks, one's own function or a model as judge decide better.
"""

from __future__ import annotations

import re
from collections import Counter

from suffice_analysis.judges import polarity
from suffice_analysis.judges.frame import Frame
from suffice_analysis.judges.judgement import Judgement, failed, passed, unjudged
from suffice_analysis.judges.said import Said, normalised, sentences

NAME = "text"
PASSES, FAILS = 0.72, 0.35  # similarity from which it passes, under which it fails
SENTENCE_KEPT, SENTENCE_LOST = (
    0.6,
    0.25,
)  # of a sentence's words: for a pass of the whole, and what fails a text that is else close
CLOSE = 0.5  # similarity from which a lost sentence is an omission, not another way to say all of it
FACTS_KEPT = 0.999  # of the recorded answer's, for a pass
FACTS_LOST = 0.5  # kept at most, for a fail
_FACT = re.compile(r"(?<![\w.])[-+]?[$€£]?\d[\w.,:/%-]*\d%?|\b\d\b|\b(?=\w*\d)(?=\w*[A-Za-z])[\w-]{3,}\b|\b[A-Z]{2,}\b")
_WORD = re.compile(r"[^\W_]+")
_COMMON = frozenset(
    """a an and are as at be been but by can could do does for from had has have he her his i if in is it its may me my no not of
    on or our she so some such than that the their them then there these they this to was we were what when which who will with
    would you your""".split()  # noqa: SIM905
)


def fits(recorded: Said, frame: Frame) -> bool:
    """It judges what is left."""
    return True


def judge(recorded: Said, given: Said, frame: Frame) -> Judgement:
    """By the facts kept and the words shared."""
    if given.calls:
        return failed(NAME, "wrong", f"it called {given.calls[0].name} where the recorded answer is text")
    if recorded.hashed or given.hashed:
        return unjudged(NAME, "hashed: only its digest can be compared")
    score = similarity(recorded.text, given.text)
    kept, added = facts_kept(recorded.text, given.text)
    least, lost = least_kept(recorded.text, given.text, frame.stock)
    if score >= CLOSE and least <= SENTENCE_LOST:
        return failed(NAME, "wrong", f"it says nothing of “{lost[:120]}”", score)
    if score >= PASSES and kept >= FACTS_KEPT and added == 0 and least >= SENTENCE_KEPT:
        if turned := polarity.differ(recorded.text, given.text):
            return unjudged(NAME, f"{turned}: similarity {score:.2f}, all its facts and sentences", score)
        return passed(NAME, f"similarity {score:.2f}, all its facts and sentences", score)
    if score < FAILS or (kept <= FACTS_LOST and added):
        return failed(NAME, "wrong", f"similarity {score:.2f}, {100 * kept:.0f} % of the facts kept", score)
    return unjudged(NAME, f"similarity {score:.2f}, {100 * kept:.0f} % of the facts kept, {added} new", score)


def similarity(recorded: str, given: str) -> float:
    """0 to 1: the mean of the F1 of content words and the Dice coefficient of character trigrams."""
    a, b = Counter(_content(recorded)), Counter(_content(given))
    shared = sum((a & b).values())
    words = 2 * shared / (sum(a.values()) + sum(b.values())) if a and b else float(not a and not b)
    x, y = _trigrams(recorded), _trigrams(given)
    grams = 2 * len(x & y) / (len(x) + len(y)) if x and y else float(not x and not y)
    return (words + grams) / 2


def least_kept(recorded: str, given: str, stock: frozenset[str] = frozenset()) -> tuple[float, str]:
    """The sentence or line of which the smallest share of words comes back, and that share. (1, "") where there are none.

    A phrase of the task's stock ("thank you for writing") is not missed where another one stands instead.
    """
    known = set(_content(given))
    said, other = sentences(recorded), sentences(given)
    lost = [each for each in said if normalised(each) in stock and each not in other]
    instead = [each for each in other if normalised(each) in stock and each not in said]
    excused = set(lost) if len(instead) >= len(lost) else set()
    worst = (1.0, "")
    for sentence in said:
        words = _content(sentence)
        if len(words) >= 2 and sentence not in excused:
            worst = min(worst, (sum(word in known for word in words) / len(words), sentence))
    return worst


def facts_kept(recorded: str, given: str) -> tuple[float, int]:
    """The share of the recorded answer's facts that the other has, and how many that it adds."""
    a, b = facts(recorded), facts(given)
    return (len(a & b) / len(a) if a else 1.0), len(b - a)


def facts(text: str) -> set[str]:
    """Numbers, codes and abbreviations."""
    return {each.strip(".,:;").replace(",", "").casefold() for each in _FACT.findall(text)}


def _content(text: str) -> list[str]:
    return [_stem(word) for word in _WORD.findall(normalised(text)) if word not in _COMMON]


def _stem(word: str) -> str:
    """Enough for ``orders`` and ``ordered``."""
    for ending in ("ing", "ed", "es", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 4:
            return word[: -len(ending)]
    return word


def _trigrams(text: str) -> set[str]:
    plain = normalised(text)
    return {plain[i : i + 3] for i in range(len(plain) - 2)}
