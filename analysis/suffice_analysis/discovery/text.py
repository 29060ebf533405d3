"""Text to word 4-grams: the units a template is made of. What a word is and where the marks stand: ``suffice.privacy.shingles``.

A message is read once. One that was captured hashed brings its grams along, hashed with its project's key, and no
text: its grams meet those of other hashed messages only, which is enough to find templates, not to read them.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
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
    "message_parts",
    "plain_text",
    "sorted_distinct",
]

Grams = npt.NDArray[np.uint64]
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)
_SHIFT = np.uint64(29)


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
    pieces: list[str] = []
    for part in message_parts(message.content):
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


class GramReader:
    """Turns messages into gram hashes that are the same in every process."""

    def __init__(self) -> None:
        self._words: dict[str, int] = {}

    def grams(self, message: MessageText) -> Grams:
        """uint64 [words + 3]: the hash of each 4-gram in order."""
        parts = message_parts(message.content)
        if any(part.get("type") == "hashed" for part in parts):
            return _hashed_grams(parts)
        return self.word_grams(words_of(plain_text(message)), message.role)

    def word_grams(self, words: list[str], role: str) -> Grams:
        """uint64 [len(words) + 3]: gram ``i`` covers words ``i - 3 .. i``; the marks stand outside."""
        every = marked(words, role)
        known = self._words
        if len(known) > 500_000:
            known.clear()
        hashes = np.empty(len(every), dtype=np.uint64)
        for i, word in enumerate(every):
            code = known.get(word)
            if code is None:
                code = known[word] = zlib.crc32(b"0" if word.isdigit() else word.encode("utf-8", "surrogatepass"))
            hashes[i] = code
        count = len(every) - GRAM + 1
        out = np.zeros(count, dtype=np.uint64)
        for i in range(GRAM):
            out = out * _MULTIPLIER + hashes[i : i + count]
            out ^= out >> _SHIFT
        return out


def sorted_distinct(grams: Grams) -> Grams:
    """The distinct grams, ascending; numpy's own unique takes ten times as long for a few hundred."""
    if len(grams) < 2:
        return grams
    ascending = np.sort(grams)
    return np.asarray(ascending[np.concatenate([[True], ascending[1:] != ascending[:-1]])])


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
