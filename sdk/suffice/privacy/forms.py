"""The form of an answer that is text: json, label, number, code, sql, short_text, long_text.

Stands in the SDK because hashed content must say its form where its text does not leave; the analysis uses the same.
"""

from __future__ import annotations

import json
import re
from typing import Any

LABEL_WORDS = 4
LABEL_CHARS = 40
SHORT_WORDS = 60
SHORT_CHARS = 400

_FENCE = re.compile(r"```[ \t]*([\w+#.-]*)[^\n]*\n(.*?)(?:```|\Z)", re.DOTALL)
_NUMBER = re.compile(r"[-+]?[$€£]?\d[\d,_ ]*(?:\.\d+)?(?:[eE][-+]?\d+)?\s*%?")
_SQL = re.compile(
    r"\s*(?:WITH\s+\w+\s+AS\s*\(|SELECT\s+[\s\S]+?\bFROM\b|SELECT\s+(?:[\d*'(]|\w+\()|INSERT\s+INTO\b|UPDATE\s+\S+\s+SET\b|DELETE\s+FROM\b|"
    r"CREATE\s+(?:TABLE|VIEW|INDEX)\b|ALTER\s+TABLE\b|DROP\s+(?:TABLE|VIEW)\b|SHOW\s+(?:TABLES|COLUMNS|DATABASES|CREATE|INDEX)\b|"
    r"DESC(?:RIBE)?\s+[\w.`\"]+\s*;?\s*$|EXPLAIN\s+SELECT\b|PRAGMA\s+\w+)",
    re.IGNORECASE,
)
_CODE = re.compile(
    r"^\s*(?:def \w+\(|class \w+|import \w+|from \w[\w.]* import |#include\b|package \w+|func \w+\(|function \w*\(|"
    r"(?:public|private|static) \w+|(?:const|let|var) \w+ *=|fn \w+\(|#!/|@\w+\n)",
    re.MULTILINE,
)


def text_form(text: str) -> str:
    """The form of an answer that is text."""
    text = text.strip()
    if not text:
        return "short_text"
    fenced = _main_fence(text)
    if fenced is not None:
        language, body = fenced
        if language in ("json", "jsonc", "json5") or (not language and _is_json(body)):
            return "json"
        if language in ("sql", "mysql", "postgresql", "sqlite", "tsql", "plsql") or (not language and _SQL.match(body)):
            return "sql"
        if language not in ("text", "txt", "markdown", "md", ""):
            return "code"
        if language == "" and _CODE.search(body):
            return "code"
    if _is_json(text):
        return "json"
    if _NUMBER.fullmatch(text):
        return "number"
    if _SQL.match(text):
        return "sql"
    if _CODE.match(text):
        return "code"
    if (
        len(text) <= LABEL_CHARS
        and "\n" not in text
        and len(text.split()) <= LABEL_WORDS
        and text[-1] not in ".?!。？！"
    ):
        return "label"
    return "short_text" if len(text) <= SHORT_CHARS and len(text.split()) <= SHORT_WORDS else "long_text"


def json_value(text: str) -> Any:
    """The JSON that a text is, also in a fence; None where it is none."""
    fenced = _main_fence(text)
    try:
        return json.loads(fenced[1] if fenced else text)
    except (ValueError, RecursionError):
        return None


def _main_fence(text: str) -> tuple[str, str] | None:
    """(language, body) of the longest fenced block, if it is most of the answer."""
    blocks = _FENCE.findall(text)
    if not blocks:
        return None
    language, body = max(blocks, key=lambda block: len(block[1]))
    beside = len(_FENCE.sub("", text).strip())
    return (language.lower(), body.strip()) if beside <= sum(len(block[1]) for block in blocks) else None


def _is_json(text: str) -> bool:
    text = text.strip()
    if text[:1] not in "{[" or text[-1:] not in "}]":
        return False
    try:
        json.loads(text)
    except ValueError:
        return False
    return True
