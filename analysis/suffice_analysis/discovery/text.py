"""Text to word 4-grams: the units a template is made of.

A message is read once: words and signs (each CJK character is a word, digits are one word, case is
folded), with its role as three marks before it and three end marks behind, so that a short or
one-line template still has grams of its own (``you are a``, anchored at the start of a system message).
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from suffice_analysis.discovery.types import MessageText

GRAM = 4
HEAD_WORDS, TAIL_WORDS = 3000, 1000  # of one message; what lies between is not read
WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|[^\W\d_]+|\d+|[^\w\s]")

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
        elif kind == "blob":
            pieces.append(f"[{part.get('modality') or 'blob'}]")
        else:
            pieces.append(f"[{kind}]")
    return "\n".join(pieces)


class GramReader:
    """Turns messages into gram hashes that are the same in every process."""

    def __init__(self) -> None:
        self._words: dict[str, int] = {}

    def grams(self, message: MessageText) -> Grams:
        """uint64 [words + 3]: the hash of each 4-gram in order."""
        words = WORD.findall(plain_text(message).casefold())
        if len(words) > HEAD_WORDS + TAIL_WORDS:
            words = words[:HEAD_WORDS] + words[-TAIL_WORDS:]
        return self.word_grams(words, message.role)

    def word_grams(self, words: list[str], role: str) -> Grams:
        """uint64 [len(words) + 3]: gram ``i`` covers words ``i - 3 .. i``; the marks stand outside."""
        marked = [f"<{role}>"] * (GRAM - 1) + words + ["</>"] * (GRAM - 1)
        known = self._words
        if len(known) > 500_000:
            known.clear()
        hashes = np.empty(len(marked), dtype=np.uint64)
        for i, word in enumerate(marked):
            code = known.get(word)
            if code is None:
                code = known[word] = zlib.crc32(b"0" if word.isdigit() else word.encode("utf-8", "surrogatepass"))
            hashes[i] = code
        count = len(marked) - GRAM + 1
        out = np.zeros(count, dtype=np.uint64)
        for i in range(GRAM):
            out = out * _MULTIPLIER + hashes[i : i + count]
            out ^= out >> _SHIFT
        return out
