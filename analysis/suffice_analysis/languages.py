"""Which languages a task's requests are written in: by script, and between Latin ones by their commonest words.

Only for the question whether a model's maker names the language, so few languages, and none where it can't be told.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence

MINIMUM_SHARE = 0.05  # of the sampled requests
MINIMUM_WORDS = 4  # of a language's commonest words, and more than of any other's
LOOKED_AT = 200
CHARS = 2_000
_SCRIPTS = {"CYRILLIC": "ru", "ARABIC": "ar", "HEBREW": "he", "HANGUL": "ko", "HIRAGANA": "ja", "KATAKANA": "ja", "CJK": "zh", "DEVANAGARI": "hi", "THAI": "th", "GREEK": "el"}  # fmt: skip
_WORDS = {
    "en": "the and of to is in that for with you not are this have from",
    "de": "der die und das ist nicht mit ein eine ich für auf den sich wir",
    "fr": "le les des est une pour dans que pas vous avec sur nous ce qui",
    "es": "el los las una que por para con del está como pero más muy su",
    "it": "il gli una che per con del della non sono questo più anche di è",
    "pt": "o os uma que não para com do da mais como por está você em",
    "nl": "de het een niet van voor met zijn ik op dat aan ook maar wij",
}
_OF = {language: frozenset(words.split()) for language, words in _WORDS.items()}
_WORD = re.compile(r"[^\W\d_]+")


def find_languages(texts: Sequence[str]) -> list[str]:
    """The languages of at least ``MINIMUM_SHARE`` of the texts, sorted."""
    looked = texts[:LOOKED_AT]
    counts = Counter(found for text in looked if (found := guess_language(text[:CHARS])))
    return sorted(language for language, count in counts.items() if count >= max(1, MINIMUM_SHARE * len(looked)))


def guess_language(text: str) -> str | None:
    """ISO 639-1, or None where nothing tells."""
    letters = [c for c in text if c.isalpha()]
    foreign = Counter(
        language
        for c in letters
        if ord(c) > 0x24F and (language := _SCRIPTS.get(unicodedata.name(c, "").split(" ")[0]))
    )
    if foreign and sum(foreign.values()) > 0.3 * len(letters):
        return "ja" if foreign["ja"] else foreign.most_common(1)[0][0]
    words = Counter(_WORD.findall(text.lower()))
    seen = {language: sum(words[w] for w in common) for language, common in _OF.items()}
    (best, most), (_, second) = sorted(seen.items(), key=lambda pair: -pair[1])[:2]
    return best if most >= MINIMUM_WORDS and most > 1.5 * second else None
