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

from suffice.privacy.forms import json_value, text_form

SMALL_OBJECT = 3  # fields: a choice with a reason and a flag, not a record
FEW_VALUES = 30  # of a field that is chosen from a list

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
    return _hashed_form(parts) or text_form(_text(parts))


def closed_fields(texts: Sequence[str]) -> tuple[str, ...]:
    """Top-level fields of answers that are small JSON objects, where a field's values are few: what is chosen.

    Empty where fewer than half of ``texts`` are objects of at most ``SMALL_OBJECT`` fields, or of the fields are chosen.
    """
    objects = [value for text in texts if isinstance(value := json_value(text), dict) and len(value) <= SMALL_OBJECT]
    if len(objects) * 2 <= len(texts):
        return ()
    names = sorted({name for each in objects for name in each})
    values = {name: [json.dumps(o[name], sort_keys=True) for o in objects if name in o] for name in names}
    usual = {name: each for name, each in values.items() if 2 * len(each) > len(objects)}
    closed = tuple(name for name, each in usual.items() if len(set(each)) <= min(FEW_VALUES, len(each) / 5))
    return closed if 2 * len(closed) >= len(usual) else ()


def action(messages: Sequence[Mapping[str, Any]]) -> str:
    """What the model did: ``tool:NAME`` (the first tool), ``react:NAME``, ``refusal``, else ``answer:FORM``."""
    parts = _parts(messages)
    for part in parts:
        if part.get("type") == "tool_call":
            return f"tool:{part.get('name') or 'unnamed'}"
    if any("refusal" in (part.get("type"), part.get("of")) for part in parts):
        return "refusal"
    hashed = _hashed_form(parts)
    if hashed is not None:
        return f"answer:{hashed}"
    text = _text(parts)
    if not text.strip():
        return "answer:empty"
    steps = _REACT.findall(text)
    if steps:
        return f"react:{re.sub(r'[^a-z0-9]+', '_', steps[-1].lower()).strip('_')}"
    return f"answer:{text_form(text)}"


def _parts(messages: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return [part for part in (messages[0].get("parts") or ()) if isinstance(part, Mapping)] if messages else []


def _hashed_form(parts: Sequence[Mapping[str, Any]]) -> str | None:
    """The form that a text had before it was hashed; None where nothing is hashed."""
    forms = [str(part.get("form") or "long_text") for part in parts if part.get("type") == "hashed"]
    return forms[0] if forms else None


def _text(parts: Sequence[Mapping[str, Any]]) -> str:
    return "\n".join(str(part.get("content") or "") for part in parts if part.get("type") in ("text", "refusal"))
