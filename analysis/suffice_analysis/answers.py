"""Answers: the form of what a model answered, and what it did. Pure; each call's answer is looked at once.

Forms are those of ``tasks.answer_form``. An action is what the model did in a call: which tool it called
(``tool:search_flights``), which step of a text protocol it took (``react:search`` for an answer with
``Action: search[...]``), else the form of its answer (``answer:json``).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

LABEL_WORDS = 4
LABEL_CHARS = 40
SHORT_WORDS = 60
SHORT_CHARS = 400
SMALL_OBJECT = 3  # fields: a choice with a reason and a flag, not a record
FEW_VALUES = 30  # of a field that is chosen from a list

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
_REACT = re.compile(
    r"^\s*\**Action(?:\s+\d+)?\**\s*:\s*\**\s*([A-Za-z][\w .-]{0,40}?)\s*(?:\[|\(|$)", re.MULTILINE | re.IGNORECASE
)


def answer_form(messages: Sequence[Mapping[str, Any]]) -> str:
    """json, label, number, tool_call, code, sql, short_text or long_text; of several choices the first's.

    ``messages`` are output messages with ``parts`` (canonical or as recorded). No answer is ``short_text``.
    """
    parts = _parts(messages)
    if any(part.get("type") == "tool_call" for part in parts):
        return "tool_call"
    return text_form(_text(parts))


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


def closed_fields(texts: Sequence[str]) -> tuple[str, ...]:
    """Top-level fields of answers that are small JSON objects, where a field's values are few: what is chosen.

    Empty where fewer than half of ``texts`` are objects of at most ``SMALL_OBJECT`` fields, or of the fields are chosen.
    """
    objects = [value for text in texts if isinstance(value := _json_value(text), dict) and len(value) <= SMALL_OBJECT]
    if len(objects) * 2 <= len(texts):
        return ()
    names = sorted({name for each in objects for name in each})
    values = {name: [json.dumps(o[name], sort_keys=True) for o in objects if name in o] for name in names}
    usual = {name: each for name, each in values.items() if 2 * len(each) > len(objects)}
    closed = tuple(name for name, each in usual.items() if len(set(each)) <= min(FEW_VALUES, len(each) / 5))
    return closed if 2 * len(closed) >= len(usual) else ()


def _json_value(text: str) -> Any:
    fenced = _main_fence(text)
    try:
        return json.loads(fenced[1] if fenced else text)
    except ValueError:
        return None


def action(messages: Sequence[Mapping[str, Any]]) -> str:
    """What the model did: ``tool:NAME`` (the first tool), ``react:NAME``, ``refusal``, else ``answer:FORM``."""
    parts = _parts(messages)
    for part in parts:
        if part.get("type") == "tool_call":
            return f"tool:{part.get('name') or 'unnamed'}"
    if any(part.get("type") == "refusal" for part in parts):
        return "refusal"
    text = _text(parts)
    if not text.strip():
        return "answer:empty"
    steps = _REACT.findall(text)
    if steps:
        return f"react:{re.sub(r'[^a-z0-9]+', '_', steps[-1].lower()).strip('_')}"
    return f"answer:{text_form(text)}"


def _parts(messages: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return [part for part in (messages[0].get("parts") or ()) if isinstance(part, Mapping)] if messages else []


def _text(parts: Sequence[Mapping[str, Any]]) -> str:
    return "\n".join(str(part.get("content") or "") for part in parts if part.get("type") in ("text", "refusal"))


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
