"""Text to word 4-grams: the units a template is made of. What a word is and where the marks stand: ``suffice.privacy.shingles``.

A message is read once. One that was captured hashed brings its grams along, hashed with its project's key, and no
text: its grams meet those of other hashed messages only, which is enough to find templates, not to read them.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from suffice.privacy.shingles import GRAM, GRAM_BYTES, HEAD_WORDS, TAIL_WORDS, WORD, marked, read_grams, words_of
from suffice_analysis.discovery.types import MessageText

__all__ = [
    "GRAM",
    "HEAD_WORDS",
    "TAIL_WORDS",
    "WORD",
    "GramReader",
    "Grams",
    "in_sorted",
    "message_parts",
    "plain_text",
    "ranges",
    "sorted_distinct",
]

Grams = npt.NDArray[np.uint64]
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)
_SHIFT = np.uint64(29)
KNOWN_WORDS = 500_000


def message_parts(content: str) -> list[dict[str, Any]]:
    """The parts of a stored message: the canonical message ``{"role", "parts"}`` or its parts alone, as JSON."""
    try:
        value = json.loads(content)
    except ValueError:
        return [{"type": "text", "content": content}]
    if isinstance(value, Mapping):
        value = value.get("parts", [])
    if isinstance(value, str):
        return [{"type": "text", "content": value}]
    return [part for part in value if isinstance(part, dict)] if isinstance(value, list) else []


def plain_text(message: MessageText) -> str:
    """What stands in a message as text; an image or file leaves a mark of its kind, a tool call its name."""
    return parts_text(message_parts(message.content))


def parts_text(parts: Sequence[Mapping[str, Any]]) -> str:
    """The same of a message's parts."""
    pieces: list[str] = []
    for part in parts:
        kind = part.get("type")
        if kind in ("text", "refusal"):
            pieces.append(str(part.get("content") or ""))
        elif kind == "tool_call":
            pieces.append(f"[tool call {part.get('name')}]")
        elif kind == "tool_call_response":
            response = part.get("response")
            pieces.append(response if isinstance(response, str) else json.dumps(response, ensure_ascii=False))
        elif kind == "hashed":
            pieces.append(hashed_mark(part))
        elif kind == "blob":
            pieces.append(f"[{part.get('modality') or 'blob'}]")
        else:
            pieces.append(f"[{kind}]")
    return "\n".join(pieces)


def hashed_mark(part: Mapping[str, Any]) -> str:
    """What a person sees of a hashed text."""
    return f"[hashed {part.get('of') or 'text'}, {part.get('chars') or 0} characters]"


class _WordCodes(dict[str, int]):
    """Word -> its code, worked out when it is first asked for."""

    def __missing__(self, word: str) -> int:
        code = self[word] = zlib.crc32(b"0" if word.isdigit() else word.encode("utf-8", "surrogatepass"))
        return code


class GramReader:
    """Turns messages into gram hashes that are the same in every process."""

    def __init__(self) -> None:
        self._words = _WordCodes()

    def grams(self, message: MessageText) -> Grams:
        """uint64 [words + 3]: the hash of each 4-gram in order."""
        return self.grams_of([message])[0]

    def grams_of(self, messages: Sequence[MessageText]) -> list[Grams]:
        """The same of many messages. One pass over all their words: of ten thousand short ones each costs a fifth."""
        found: list[Grams | None] = []
        words: list[str] = []
        ends: list[int] = []
        for message in messages:
            parts = message_parts(message.content)
            if any(part.get("type") == "hashed" for part in parts):
                found.append(_hashed_grams(parts))
                continue
            found.append(None)
            words += marked(words_of(parts_text(parts)), message.role)
            ends.append(len(words))
        pieces = iter(self._grams_between(words, ends))
        return [next(pieces) if each is None else each for each in found]

    def word_grams(self, words: list[str], role: str) -> Grams:
        """uint64 [len(words) + 3]: gram ``i`` covers words ``i - 3 .. i``; the marks stand outside."""
        every = marked(words, role)
        return self._grams_between(every, [len(every)])[0]

    def _grams_between(self, words: list[str], ends: Sequence[int]) -> list[Grams]:
        """The grams of each stretch of words that ends at ``ends``; none reaches from one into the next."""
        if not ends:
            return []
        if len(self._words) > KNOWN_WORDS:
            self._words.clear()
        codes = np.fromiter(map(self._words.__getitem__, words), dtype=np.uint64, count=len(words))
        count = len(words) - GRAM + 1
        out = np.zeros(count, dtype=np.uint64)
        for i in range(GRAM):
            out *= _MULTIPLIER
            out += codes[i : i + count]
            out ^= out >> _SHIFT
        starts = [0, *ends[:-1]]
        return [out[start : end - GRAM + 1] for start, end in zip(starts, ends, strict=True)]


def sorted_distinct(grams: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The distinct grams, ascending; numpy's own unique takes ten times as long for a few hundred, twice for millions."""
    if len(grams) < 2:
        return grams
    ascending = np.sort(grams)
    return np.asarray(ascending[np.concatenate([[True], ascending[1:] != ascending[:-1]])])


def in_sorted(grams: Grams, among: Grams) -> npt.NDArray[np.bool_]:
    """For each gram whether it is ``among`` ascending ones; numpy's own isin takes ten times as long for a few hundred."""
    if not len(among):
        return np.zeros(len(grams), dtype=bool)
    at = np.minimum(np.searchsorted(among, grams), len(among) - 1)
    return np.asarray(among[at] == grams)


def ranges(starts: npt.NDArray[np.int64], counts: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The whole numbers from each start on, as many as its count, one after another."""
    ends = np.cumsum(counts)
    return np.arange(ends[-1] if len(ends) else 0) + np.repeat(starts - ends + counts, counts)


def _hashed_grams(parts: list[dict[str, Any]]) -> Grams:
    """The grams that hashed parts bring along; another part is one gram, made of what kind it is."""
    found: list[Grams] = []
    for part in parts:
        try:
            raw = read_grams(str(part["grams"]))
        except (KeyError, ValueError):
            mark = (part.get("type"), part.get("name"), part.get("modality"), part.get("digest"))
            raw = zlib.crc32(repr(mark).encode()).to_bytes(GRAM_BYTES, "big")
        found.append(np.frombuffer(raw, dtype=">u4").astype(np.uint64))
    return np.concatenate(found)
