"""JSON as models write it: in a fence, after a sentence, with a LaTeX backslash or a comma too many, or only its fields.

An app that reads such answers today reads them this way; one that asked for a response format does not, and there only
strict JSON counts (``json_fields.py``).
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

_FENCE = re.compile(r"```(?:json5?|JSON)?[ \t]*\n?(.*?)(?:```|\Z)", re.DOTALL)
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|.)", re.DOTALL)
_LATEX = re.compile(
    r"(?:frac|forall|begin|binom|bar|beta|bullet|boxed|nabla|neq|neg|ne|not|nu|rho|right|rangle|rceil|rfloor|text|tan|theta|times|to|tau|triangle|tfrac)(?![a-z])"
)
_TRAILING_COMMA = re.compile(r",(\s*[}\]])")
_FIELD = re.compile(
    r'"(\w{1,40})"\s*:\s*("(?:[^"\\\n]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?|true|false|null)(?=\s*[,}\n`]|\s*\Z)'
)


@dataclass(frozen=True, slots=True)
class Found:
    """A value, and whether the text was JSON as it stood."""

    value: Any
    strict: bool


def lenient_json(text: str) -> Found | None:
    """The object or list that a text holds; None where none can be read."""
    stripped = text.strip()
    value = _load(stripped)
    if isinstance(value, (dict, list)):
        meant = _load(_repairs(stripped)[2]) if "\\" in stripped else value  # a form feed and "rac" is a fraction
        return Found(value if meant is None else meant, True)
    for candidate in (*_FENCE.findall(stripped), _braced(stripped)):
        for repaired in _repairs(candidate.strip()):
            value = _load(repaired)
            if isinstance(value, (dict, list)):
                return Found(value, False)
    return None


def fields_of(text: str) -> Found | None:
    """The plain fields of a text that was meant as an object and can't be read as one; the last of a name counts."""
    found = {name: _load(_repairs(value)[2]) for name, value in _FIELD.findall(text)}
    return Found(found, False) if found else None


def _repairs(text: str) -> tuple[str, ...]:
    plain = _TRAILING_COMMA.sub(r"\1", text)
    return (text, plain, _ESCAPE.sub(lambda m: _escaped(m, plain), plain))


def _escaped(match: re.Match[str], text: str) -> str:
    """A backslash that JSON does not know, or that begins a word of LaTeX, was meant as itself."""
    is_known = match[1][0] in '"\\/bfnrt' or (match[1][0] == "u" and len(match[1]) == 5)
    return match[0] if is_known and not _LATEX.match(text, match.start() + 1) else f"\\\\{match[1]}"


def _braced(text: str) -> str:
    """From the first brace to the last."""
    start, end = text.find("{"), text.rfind("}")
    return text[start : end + 1] if 0 <= start < end else ""


def _load(text: str) -> Any:
    try:
        return json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return None
