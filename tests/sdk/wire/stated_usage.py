"""What a raw body states as usage, found without our parser: by hand, per format, from the bytes.

Gives input and output tokens in our one meaning (input with cached, output with reasoning), or None where the
body states none.
"""

from __future__ import annotations

import json
from typing import Any

Stated = tuple[int | None, int | None]


def stated_usage(recorded: dict[str, Any]) -> Stated | None:
    return _READERS[recorded["format"]](documents(recorded))


def documents(recorded: dict[str, Any]) -> list[dict[str, Any]]:
    """The JSON objects of a body in order: one, or one an event or line."""
    body: str = recorded["response_body"] or ""
    found = []
    lines = body.splitlines()
    if any(line.startswith("data:") for line in lines):
        pieces = [line[5:] for line in lines if line.startswith("data:")]
    else:
        pieces = lines if recorded["stream"] else [body]
    for piece in pieces:
        if piece.strip() and piece.strip() != "[DONE]":
            found.append(json.loads(piece))
    return found


def _chat(documents: list[dict[str, Any]]) -> Stated | None:
    usage: dict[str, Any] = {}
    for each in documents:
        usage |= each.get("usage") or (each.get("x_groq") or {}).get("usage") or {}
    return (usage["prompt_tokens"], usage["completion_tokens"]) if usage else None


def _embeddings(documents: list[dict[str, Any]]) -> Stated | None:
    usage = documents[0].get("usage")
    return (usage.get("prompt_tokens", usage.get("total_tokens")), 0) if usage else None


def _responses(documents: list[dict[str, Any]]) -> Stated | None:
    usage = documents[-1].get("response", documents[-1]).get("usage")
    return (usage["input_tokens"], usage["output_tokens"]) if usage else None


def _anthropic(documents: list[dict[str, Any]]) -> Stated | None:
    usage: dict[str, Any] = {}
    for each in documents:
        usage |= (each.get("message") or each).get("usage") or {}
    if not usage:
        return None
    cached = usage.get("cache_read_input_tokens", 0) + usage.get("cache_creation_input_tokens", 0)
    return usage["input_tokens"] + cached, usage["output_tokens"]


def _gemini(documents: list[dict[str, Any]]) -> Stated | None:
    usage: dict[str, Any] = {}
    for each in documents:
        usage |= each.get("usageMetadata") or {}
    if "promptTokenCount" not in usage:
        return None
    asked = usage["promptTokenCount"] + usage.get("toolUsePromptTokenCount", 0)
    answered = usage.get("candidatesTokenCount", 0) + usage.get("thoughtsTokenCount", 0)
    if len(documents) == 1:  # one stream's last event leaves out the answer's tokens that those before it stated
        assert asked + answered == usage.get("totalTokenCount", asked)  # the vendor's own sum
    return asked, answered


def _vertex_predict(documents: list[dict[str, Any]]) -> Stated | None:
    return sum(each["embeddings"]["statistics"]["token_count"] for each in documents[0]["predictions"]), 0


_READERS = {
    "openai.chat": _chat,
    "openai.completions": _chat,
    "openai.embeddings": _embeddings,
    "openai.responses": _responses,
    "anthropic.messages": _anthropic,
    "gemini.generateContent": _gemini,
    "gemini.streamGenerateContent": _gemini,
    "gemini.embed": _gemini,
    "vertex.predict": _vertex_predict,
}
