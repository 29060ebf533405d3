"""What both wire formats need: ids that look like the vendors', and a text cut into stream pieces."""

from __future__ import annotations

from hashlib import blake2b
from typing import Final

PIECE_CHARS: Final = 18  # about four tokens; vendors merge that many under load
_ALPHABET: Final = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


def pieces_of(text: str) -> list[str]:
    """The text in order, cut after every ``PIECE_CHARS`` characters. ``""`` has no piece."""
    return [text[start : start + PIECE_CHARS] for start in range(0, len(text), PIECE_CHARS)]


def random_id(prefix: str, *numbers: int, length: int = 29) -> str:
    """``prefix`` and ``length`` letters and digits that only ``numbers`` decide; unique as they are."""
    value = int.from_bytes(blake2b(repr(numbers).encode(), digest_size=24).digest(), "big")
    letters = []
    for _ in range(length):
        value, rest = divmod(value, len(_ALPHABET))
        letters.append(_ALPHABET[rest])
    return prefix + "".join(letters)
