"""Pseudonyms: ``<email:kqzmtwbd>``. The same value has the same one in a project, so that tasks and threads still show.

Keyed (BLAKE2b), so that nobody without the project's secret can try values out. Eight consonants, 25 billion
names: of 20,000 values two share one once in a hundred. Letters, because a name is then one word to whoever
looks for templates, and no digit, because it then looks like nothing that is masked: masking twice changes nothing.
"""

from __future__ import annotations

import re
from hashlib import blake2b

LETTERS = "bcdfghjklmnpqrstvwxz"
LENGTH = 8
PSEUDONYM = re.compile(rf"<[a-z]+:[{LETTERS}]{{{LENGTH}}}>")
_OPAQUE = re.compile(r"(?:[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?::[0-9a-f]{16})?\Z", re.IGNORECASE)


class Pseudonyms:
    """Makes the names of one project."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def name(self, kind: str, value: str) -> str:
        """The pseudonym of a value of this kind."""
        data = f"{kind}\0{value}".encode("utf-8", "surrogatepass")
        number = int.from_bytes(blake2b(data, key=self._key, digest_size=8).digest(), "big")
        letters = []
        for _ in range(LENGTH):
            number, place = divmod(number, len(LETTERS))
            letters.append(LETTERS[place])
        return f"<{kind}:{''.join(letters)}>"

    def id(self, kind: str, value: str) -> str:
        """The pseudonym of an id. A run's that says nothing stays: other programs speak of it."""
        if PSEUDONYM.fullmatch(value) or (kind == "run" and is_opaque(value)):
            return value
        return self.name(kind, value)

    def digest(self, kind: str, value: str, size: int = 16) -> str:
        """``2 * size`` hex digits that stand for a value."""
        return blake2b(f"{kind}\0{value}".encode("utf-8", "surrogatepass"), key=self._key, digest_size=size).hexdigest()


def is_opaque(value: str) -> bool:
    """Whether an id was made by a machine: 32 hex digits or a UUID, a span behind it or not."""
    return _OPAQUE.match(value) is not None
