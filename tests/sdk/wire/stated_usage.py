"""What a raw body states as usage, found without our parser: by hand, per format, from the bytes.

Gives input and output tokens in our one meaning (input with cached, output with reasoning), or None where the
body states none.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

from sdk.wire.recorded import response_bytes

Stated = tuple[int | None, int | None]


def stated_usage(recorded: dict[str, Any]) -> Stated | None:
    return _READERS[recorded["format"]](documents(recorded))


def documents(recorded: dict[str, Any]) -> list[dict[str, Any]]:
    """The JSON objects of a body in order: one, or one an event, line or frame."""
    raw = response_bytes(recorded)
    if recorded["response_b64"]:
        return [json.loads(payload) for payload in frames(raw)]
    lines = raw.decode().splitlines()
    if any(line.startswith("data:") for line in lines):
        pieces = [line[5:] for line in lines if line.startswith("data:")]
    else:
        pieces = lines if recorded["stream"] else [raw.decode()]
    return [json.loads(piece) for piece in pieces if piece.strip() and piece.strip() != "[DONE]"]


def frames(raw: bytes) -> Iterator[bytes]:
    """Payloads of AWS frames, by their lengths alone."""
    while raw:
        total, headers = int.from_bytes(raw[:4], "big"), int.from_bytes(raw[4:8], "big")
        yield raw[12 + headers : total - 4]
        raw = raw[total:]


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


def _converse(documents: list[dict[str, Any]]) -> Stated | None:
    usage: dict[str, Any] = {}
    for each in documents:
        usage |= each.get("usage") or {}
    if not usage:
        return None
    cached = usage.get("cacheReadInputTokens", 0) + usage.get("cacheWriteInputTokens", 0)
    asked = usage["inputTokens"] + cached
    assert asked + usage["outputTokens"] == usage["totalTokens"]  # the vendor's own sum
    return asked, usage["outputTokens"]


def _invoke(documents: list[dict[str, Any]]) -> Stated | None:
    """Claude, Nova, whoever speaks OpenAI's, then the older ones; a stream's frames hold the family's own events."""
    if "bytes" in documents[0]:
        documents = [json.loads(base64.b64decode(each["bytes"])) for each in documents]
    whole: dict[str, Any] = {}
    for each in documents:
        whole |= each.get("message") or each.get("metadata") or {}
        whole |= {**each, "usage": (whole.get("usage") or {}) | (each.get("usage") or {})}
    usage, metered = whole["usage"], whole.get("amazon-bedrock-invocationMetrics")
    if "inputTokens" in usage:
        return usage["inputTokens"], usage.get("outputTokens")
    if "input_tokens" in usage:
        cached = usage.get("cache_read_input_tokens", 0) + usage.get("cache_creation_input_tokens", 0)
        return usage["input_tokens"] + cached, usage["output_tokens"]
    if "prompt_tokens" in usage:
        return usage["prompt_tokens"], usage["completion_tokens"]
    if "generation_token_count" in whole:
        return whole["prompt_token_count"], whole["generation_token_count"]
    if "results" in whole:
        return whole["inputTextTokenCount"], sum(each["tokenCount"] for each in whole["results"])
    if "totalOutputTextTokenCount" in whole:
        return whole["inputTextTokenCount"], whole["totalOutputTextTokenCount"]
    if "embedding" in whole:
        return whole["inputTextTokenCount"], 0
    return (metered["inputTokenCount"], metered["outputTokenCount"]) if metered else None


def _cohere(documents: list[dict[str, Any]]) -> Stated | None:
    last = documents[-1]
    counted = last.get("usage") or last.get("meta") or (last.get("response") or {}).get("meta")
    counted = counted or (last.get("delta") or {}).get("usage") or {}
    units = counted.get("billed_units") or counted.get("tokens")
    return (units["input_tokens"], units["output_tokens"]) if units and "output_tokens" in units else None


def _cohere_embed(documents: list[dict[str, Any]]) -> Stated | None:
    units = documents[0].get("meta", {}).get("billed_units", {})
    return (units["input_tokens"], 0) if "input_tokens" in units else None


def _cohere_rerank(documents: list[dict[str, Any]]) -> Stated | None:
    assert documents[0]["meta"]["billed_units"]["search_units"] > 0
    return None, None


def _ollama(documents: list[dict[str, Any]]) -> Stated | None:
    last = documents[-1]
    return (last.get("prompt_eval_count"), last["eval_count"]) if "eval_count" in last else None


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
    "bedrock.converse": _converse,
    "bedrock.converse-stream": _converse,
    "bedrock.invoke": _invoke,
    "bedrock.invoke-with-response-stream": _invoke,
    "cohere.v1.chat": _cohere,
    "cohere.v2.chat": _cohere,
    "cohere.generate": _cohere,
    "cohere.embed": _cohere_embed,
    "cohere.rerank": _cohere_rerank,
    "ollama.chat": _ollama,
    "ollama.generate": _ollama,
    "ollama.embed": _ollama,
}
