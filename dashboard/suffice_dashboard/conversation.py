"""A conversation as chat bubbles: messages of the canonical form, with tool calls as readable blocks.

Everything in a message is hostile until escaped: prompts quote web pages, and web pages quote anything.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from suffice_dashboard.formatting import render_count
from suffice_dashboard.pieces import e

FOLD_AT = 1_200  # characters shown before a message folds
TEXT_LIMIT = 60_000  # characters of one part that go to the browser at all
VARIABLE = "…"  # stands for a variable part in a template

_ROLE_LINE = re.compile(r"^\[(system|user|assistant|tool)\]\n?", re.MULTILINE)
_WHO = {"system": "System", "user": "User", "assistant": "Model", "tool": "Tool result"}


def parse_message(content: Any) -> dict[str, Any]:
    """The stored JSON of a message -> ``{"role", "parts"}``; what isn't one becomes a text part. None: the role shows no text."""
    if content is None:
        return {"role": "", "parts": [{"type": "withheld"}]}
    try:
        message = json.loads(content) if isinstance(content, str) else content
    except ValueError:
        message = None
    if isinstance(message, Mapping) and isinstance(message.get("parts"), list):
        return {"role": str(message.get("role", "")), "parts": [p for p in message["parts"] if isinstance(p, Mapping)]}
    return {"role": "", "parts": [{"type": "text", "content": str(content or "")}]}


def render_conversation(rows: Iterable[Mapping[str, Any]]) -> str:
    """The rows of the read ``conversation`` (position, direction, role, content) as bubbles, in order."""
    bubbles = [
        render_message(parse_message(row["content"]), row["role"], answer=row["direction"] == "answer") for row in rows
    ]
    return f'<div class="sf-chat">{"".join(bubbles)}</div>'


def render_message(message: Mapping[str, Any], role: str | None = None, *, answer: bool = False) -> str:
    """One bubble."""
    who = role or message["role"] or "user"
    parts = "".join(render_part(part) for part in message["parts"]) or '<p class="sf-text">(empty)</p>'
    name = _WHO.get(who, who) + (" · the answer" if answer else "")
    tone = who if who in _WHO else "user"
    return f'<div class="sf-msg {tone}{" answer" if answer else ""}"><div class="who">{e(name)}</div>{parts}</div>'


def render_part(part: Mapping[str, Any]) -> str:
    """One part of a message by its type; an unknown type is shown as its fields."""
    kind = part.get("type")
    if kind in ("text", "reasoning", "refusal"):
        prefix = {"reasoning": "Reasoning: ", "refusal": "Refused: "}.get(str(kind), "")
        return _folded(prefix + str(part.get("content") or ""))
    if kind == "withheld":
        return '<p class="sf-text">(your role shows no text)</p>'
    if kind == "tool_call":
        return _block(f"⚙ calls {part.get('name', 'a tool')}", render_value(part.get("arguments")))
    if kind == "tool_call_response":
        return render_value(part.get("response"))
    if kind == "blob":
        size = f", {render_count(part.get('size'))} bytes" if part.get("size") is not None else ""
        return _block(
            f"▣ {part.get('modality', 'file')} ({part.get('mime_type', 'unknown type')}{size}), not stored", ""
        )
    if kind == "hashed":
        told = f"▣ {part.get('of', 'text')} of {render_count(part.get('chars'))} characters, kept as a hash"
        return _block(told, render_value(part["json"]) if "json" in part else "")
    if kind in ("uri", "file"):
        return _block(f"▣ {kind}", _folded(str(part.get("uri") or part.get("file_id") or "")))
    return _block(str(kind or "part"), render_value({k: v for k, v in part.items() if k != "type"}))


def render_value(value: Any) -> str:
    """A JSON value for a person: an object as names and values, text as text, the rest as indented JSON."""
    if isinstance(value, str):
        return _folded(value)
    if isinstance(value, Mapping) and value and all(not isinstance(v, (Mapping, list)) for v in value.values()):
        pairs = "".join(
            f'<div class="k">{e(k)}</div><div class="v">{e(_scalar(v)[:TEXT_LIMIT])}</div>' for k, v in value.items()
        )
        return f'<div class="sf-args">{pairs}</div>'
    if value in (None, {}, []):
        return '<div class="sf-args"><div class="k">no arguments</div></div>'
    return _folded(json.dumps(value, ensure_ascii=False, indent=2, default=str), "sf-code")


def render_template(template: str) -> str:
    """A template with its variable parts marked."""
    marked = _ROLE_LINE.sub(lambda line: f'<span class="role">{_WHO[line[1]]}</span>', e(template))
    marked = marked.replace(VARIABLE, f'<mark title="differs from call to call">{VARIABLE}</mark>')
    return f'<div class="sf-template" tabindex="0">{marked}</div>'


def _scalar(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def _block(title: str, body: str) -> str:
    return f'<div class="sf-tool"><div class="t">{e(title)}</div>{body}</div>'


def _folded(text: str, tone: str = "sf-text") -> str:
    """Long text shows its beginning and unfolds; enormous text is cut, and says so."""
    if tone != "sf-code" and _looks_like_json(text):
        tone, text = "sf-code", _indented(text)
    cut = len(text) > TEXT_LIMIT
    rest = f"\n[{render_count(len(text) - TEXT_LIMIT)} more characters are stored, not shown]" if cut else ""
    text = text[:TEXT_LIMIT] + rest
    if len(text) <= FOLD_AT * 1.25:
        return f'<div class="{tone}">{e(text)}</div>'
    return (
        f'<div class="{tone}">{e(text[:FOLD_AT])} …</div><details class="sf-more"><summary>Show the other '
        f'{render_count(len(text) - FOLD_AT)} characters</summary><div class="{tone}">{e(text[FOLD_AT:])}</div></details>'
    )


def _looks_like_json(text: str) -> bool:
    stripped = text.strip()
    return stripped[:1] in ("{", "[") and stripped[-1:] in ("}", "]")


def _indented(text: str) -> str:
    try:
        return json.dumps(json.loads(text), ensure_ascii=False, indent=2)
    except ValueError:
        return text
