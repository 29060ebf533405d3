"""Whether two texts answer yes and no: words in common say nothing of it, as ``not`` and ``no`` stand in every other sentence.

Only openings are read: "Yes, with a condition. Colleagues on trial are not allowed" and "Colleagues on trial are not allowed" share
nine words of ten. A rule can't tell which of the two is meant, so what differs here is never passed; it isn't failed either.
"""

from __future__ import annotations

import re

from suffice_analysis.judges.said import normalised, sentences

_YES = "yes|yeah|yep|yup|sure|certainly|absolutely|definitely|indeed|correct|right|true|of course|ja|oui|sí"
_NO = "no|nope|never|false|incorrect|wrong|nein|non|unfortunately not|not (?:at all|really|yet|quite)"
# A word alone, not a part of what follows: "no refunds", "right now", "correct the total" open with no answer.
_END = r"(?=\s*(?:[,.;:!–—]|\s-\s|$)|\s+(?:you|we|they|it|he|she|i|this|that|there)\b)"
_OPENS_NO = re.compile(rf"(?:{_NO}|(?:{_YES})\s+not){_END}")
_OPENS_YES = re.compile(rf"(?:{_YES}){_END}")
_NEGATES = re.compile(r"\b(?:not|no|never|cannot|none|nobody|neither|nor|nicht|kein\w*)\b|n['’]t\b")
_BEFORE = " *_`#>\"'“”‘’([-–—"


def differ(one: str, other: str) -> str:
    """Why the two may say the opposite of each other, in words; "" where their openings don't."""
    first, second = _stance(one), _stance(other)
    if first[0] and second[0]:
        return "" if first[0] == second[0] else f"one opens with {first[0]}, the other with {second[0]}"
    if not first[0] and not second[0]:
        return ""
    (opening, negated), (_, bare_negated) = (first, second) if first[0] else (second, first)
    if opening == "yes":
        return "one opens with yes, the other with a sentence that negates" if bare_negated else ""
    return "one opens with no, and only one of them negates what follows" if negated != bare_negated else ""


def _stance(text: str) -> tuple[str, bool]:
    """How it opens, "yes", "no" or "", and whether the first sentence behind that negates."""
    plain = normalised(text).lstrip(_BEFORE)
    for opening, pattern in (("no", _OPENS_NO), ("yes", _OPENS_YES)):
        if found := pattern.match(plain):
            return opening, _negates(plain[found.end() :])
    return "", _negates(plain)


def _negates(text: str) -> bool:
    first = next((each for each in sentences(text.lstrip(_BEFORE + ",.;:!")) if any(c.isalpha() for c in each)), "")
    return bool(_NEGATES.search(first))
