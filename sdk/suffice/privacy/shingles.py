"""Word 4-grams: the units that tasks are found by. The analysis reads texts with them; mode ``hashed`` sends them keyed.

A message is words and signs (each CJK character is a word, digits are one word, case is folded), with its role as
three marks before it and three end marks behind, so that a short template still has grams of its own.
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from hashlib import blake2b

GRAM = 4
HEAD_WORDS, TAIL_WORDS = 3000, 1000  # of one message; what lies between is not read
WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|[^\W\d_]+|\d+|[^\w\s]")
_ASCII_WORD = re.compile(
    r"[a-z]+|[0-9]+|[!-/:-^`{-~\x00-\x08\x0e-\x1b\x7f]"
)  # WORD on folded ASCII, in a third of the time
GRAM_BYTES = 4  # 4 billion values: of a million grams one in 4,000 is taken for another, and no table of them is whole
_LONG_TEXT = 40_000  # characters; what is longer is read at its ends only
_END = "</>"


def words_of(text: str) -> list[str]:
    """The words that are read of a text: all, or the first 3,000 and the last 1,000."""
    words = (_ASCII_WORD if text.isascii() else WORD).findall(text.casefold())
    return words if len(words) <= HEAD_WORDS + TAIL_WORDS else words[:HEAD_WORDS] + words[-TAIL_WORDS:]


def marked(words: list[str], role: str) -> list[str]:
    """The words between their role's marks and the end's."""
    return [f"<{role}>"] * (GRAM - 1) + words + [_END] * (GRAM - 1)


def hashed_grams(text: str, role: str, key: bytes) -> str:
    """The 4-grams of a text in order, each a keyed hash of 4 bytes, as base64. A gram is hashed as a whole: hashed
    words would be read by how often they come."""
    plain = ["0" if word.isdigit() else word for word in marked(words_of(_ends(text)), role)]
    whole = [word.encode("utf-8", "surrogatepass") for word in plain]
    return b64encode(
        b"".join(
            blake2b(b"\0".join(whole[i : i + GRAM]), key=key, digest_size=GRAM_BYTES).digest()
            for i in range(len(whole) - GRAM + 1)
        )
    ).decode()


def read_grams(grams: str) -> bytes:
    """The hashes, ``GRAM_BYTES`` each. Raises ValueError for what is none."""
    raw = b64decode(grams, validate=True)
    if len(raw) % GRAM_BYTES:
        raise ValueError("hashed grams are cut short")
    return raw


def _ends(text: str) -> str:
    """A long text's ends, so that no more is cut into words than is read: 4,000 words have 40,000 characters at most often."""
    return text if len(text) <= 2 * _LONG_TEXT else f"{text[:_LONG_TEXT]}\n{text[-_LONG_TEXT:]}"
