"""What OpenAI's formats, and the many who speak them, state as usage: one meaning for all of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from suffice.wire.call import Usage
from suffice.wire.lenient import as_object, first_count


def chat_usage(body: Mapping[str, Any], choices: Iterable[Mapping[str, Any]] = ()) -> Usage | None:
    """``prompt_tokens``, ``completion_tokens``: chat, completions and embeddings."""
    raw = as_object(body.get("usage")) or as_object(as_object(body.get("x_groq")).get("usage"))
    raw = raw or next((found for each in choices if (found := as_object(each.get("usage")))), {})  # Moonshot
    if not raw:
        return None
    prompt, completion = as_object(raw.get("prompt_tokens_details")), as_object(raw.get("completion_tokens_details"))
    usage = Usage(
        input_tokens=first_count(raw.get("prompt_tokens")),
        output_tokens=first_count(raw.get("completion_tokens")),
        cache_read_tokens=first_count(
            prompt.get("cached_tokens"),
            raw.get("prompt_cache_hit_tokens"),  # DeepSeek
            raw.get("cached_tokens"),  # Moonshot
            raw.get("num_cached_tokens"),  # Mistral
            raw.get("cache_read_input_tokens"),  # proxies in front of Anthropic
        ),
        cache_write_5m_tokens=first_count(prompt.get("cache_write_tokens"), raw.get("cache_creation_input_tokens")),
        reasoning_tokens=first_count(completion.get("reasoning_tokens"), raw.get("reasoning_tokens")),
        audio_input_tokens=first_count(prompt.get("audio_tokens")),
        audio_output_tokens=first_count(completion.get("audio_tokens")),
        raw=raw,
    )
    total = first_count(raw.get("total_tokens"))
    if usage.reasoning_tokens and usage.input_tokens is not None and usage.output_tokens is not None:
        with_reasoning = usage.output_tokens + usage.reasoning_tokens
        if total == usage.input_tokens + with_reasoning:  # xAI states completion_tokens without reasoning
            usage.output_tokens = with_reasoning
    return usage


def responses_usage(raw: dict[str, Any]) -> Usage | None:
    """``input_tokens`` with cached ones, ``output_tokens`` with reasoning: the responses API."""
    if not raw:
        return None
    given, made = as_object(raw.get("input_tokens_details")), as_object(raw.get("output_tokens_details"))
    return Usage(
        input_tokens=first_count(raw.get("input_tokens")),
        output_tokens=first_count(raw.get("output_tokens")),
        cache_read_tokens=first_count(given.get("cached_tokens")),
        cache_write_5m_tokens=first_count(given.get("cache_write_tokens")),
        reasoning_tokens=first_count(made.get("reasoning_tokens")),
        audio_input_tokens=first_count(given.get("audio_tokens")),
        audio_output_tokens=first_count(made.get("audio_tokens")),
        raw=raw,
    )
