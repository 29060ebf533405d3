"""An answer as judges read it: its text, the tools it called; and texts with what is only spelling taken away."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from suffice.privacy.forms import text_form

_SENTENCE = re.compile(r"\n+|(?<=[.!?])\s+")
_SPACE = re.compile(r"\s+")
_REFUSAL = re.compile(
    r"^\W*(?:i['’]?m sorry|sorry|i apologi[sz]e|i (?:can(?:no|['’])t|am (?:not able|unable)|won['’]t)|as an ai\b)[^.\n]{0,80}"
    r"\b(?:can(?:no|['’])t|cannot|unable|not able|assist|help|comply|answer|provide)\b",
    re.IGNORECASE,
)
_REFUSAL_CHARS = 400  # a longer text says something, whatever it begins with


@dataclass(frozen=True, slots=True)
class ToolUse:
    """One tool called."""

    name: str
    arguments: Any


@dataclass(frozen=True, slots=True)
class Said:
    """One answer. ``hashed``: its text never left the app, so that it can only be compared as a whole."""

    text: str
    calls: tuple[ToolUse, ...] = ()
    refused: bool = False
    hashed: bool = False

    @property
    def is_empty(self) -> bool:
        return not self.calls and not self.text.strip()

    @property
    def refuses(self) -> bool:
        """Whether it says that it won't answer."""
        short = len(self.text) <= _REFUSAL_CHARS
        return self.refused or (not self.calls and short and _REFUSAL.search(self.text) is not None)

    @property
    def form(self) -> str:
        """As ``tasks.answer_form``."""
        return "tool_call" if self.calls else text_form(self.text)


def parse_said(messages: Sequence[Mapping[str, Any]]) -> Said:
    """The first choice of an answer (output messages, canonical or as recorded)."""
    parts = [part for part in (messages[0].get("parts") or ()) if isinstance(part, Mapping)] if messages else []
    calls = tuple(
        ToolUse(str(part.get("name") or ""), part.get("arguments")) for part in parts if part.get("type") == "tool_call"
    )
    texts = [str(part.get("content") or "") for part in parts if part.get("type") in ("text", "refusal")]
    kinds = {part.get("type") for part in parts}
    return Said("\n".join(texts), calls, "refusal" in kinds, "hashed" in kinds)


def normalised(text: str) -> str:
    """Without what is only spelling: Unicode forms, runs of white space, case."""
    return _SPACE.sub(" ", unicodedata.normalize("NFKC", text)).strip().casefold()


def bare(text: str) -> str:
    """``normalised``, without quotation marks, Markdown's stars and marks at its ends."""
    return normalised(text).strip("*_`\"'“”‘’ .,:;!?")


def sentences(text: str) -> list[str]:
    """Its sentences and lines, without empty ones."""
    return [each.strip() for each in _SENTENCE.split(text) if each.strip()]
