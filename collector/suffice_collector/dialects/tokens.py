"""Token counts under any of the names that vendors and frameworks give them, as one Usage: input with cache included.

A sender that counts input apart from the cache says so by its dialect (``exclusive``), or by a part that exceeds
the whole. Sources: the conventions, the vendors' usage objects, and what each framework was measured to send.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from suffice.wire.call import Usage
from suffice_collector.dialects import fields

_INPUT = ("input_tokens", "prompt_tokens", "inputTokens", "promptTokens", "prompt", "input", "input_token_count")
_OUTPUT = ("output_tokens", "completion_tokens", "outputTokens", "completionTokens", "completion", "output")
_READ = (
    "cache_read_tokens", "cache_read_input_tokens", "cached_tokens", "cache_read", "cachedInputTokens",
    "cacheReadTokens", "cached_token_count", "cached_content_token_count", "input_cache_read", "input_cached_tokens",
)  # fmt: skip
_WRITE = (
    "cache_write_tokens", "cache_write_input_tokens", "cache_creation_tokens", "cache_creation_input_tokens",
    "cache_creation", "cache_write", "cacheWriteTokens", "input_cache_creation", "cache_write_token_count",
)  # fmt: skip
_REASONING = ("reasoning_tokens", "reasoning", "reasoningTokens", "output_reasoning", "output_reasoning_tokens")
_INPUT_DETAILS = ("prompt_tokens_details", "input_tokens_details", "input_token_details", "inputTokenDetails")
_OUTPUT_DETAILS = ("completion_tokens_details", "output_tokens_details", "output_token_details", "outputTokenDetails")


def usage_of(raw: Mapping[str, Any] | None, *, exclusive: bool = False, output_exclusive: bool = False) -> Usage | None:
    """A usage object; None where it states nothing. ``*exclusive``: the whole is told without its special parts."""
    if not raw:
        return None
    asked, answered = _details(raw, _INPUT_DETAILS), _details(raw, _OUTPUT_DETAILS)
    usage = Usage(
        input_tokens=fields.integer(raw, *_INPUT),
        output_tokens=fields.integer(raw, *_OUTPUT),
        cache_read_tokens=_either(raw, asked, _READ),
        cache_write_5m_tokens=_either(raw, asked, _WRITE),
        reasoning_tokens=_either(raw, answered, _REASONING),
        audio_input_tokens=fields.integer(asked, "audio_tokens", "audio"),
        audio_output_tokens=fields.integer(answered, "audio_tokens", "audio"),
    )
    return finished(usage, raw, exclusive=exclusive, output_exclusive=output_exclusive)


def finished(
    usage: Usage, raw: Mapping[str, Any], *, exclusive: bool = False, output_exclusive: bool = False
) -> Usage | None:
    """The counts with one meaning; None where nothing is stated."""
    if usage == Usage():
        return None
    cached = (usage.cache_read_tokens or 0) + (usage.cache_write_5m_tokens or 0) + (usage.cache_write_1h_tokens or 0)
    if usage.input_tokens is not None and (exclusive or usage.input_tokens < cached):
        usage.input_tokens += cached  # a part can't exceed the whole: this sender counts apart from the cache
    if usage.output_tokens is not None and (output_exclusive or usage.output_tokens < (usage.reasoning_tokens or 0)):
        usage.output_tokens += usage.reasoning_tokens or 0
    usage.raw = dict(raw)
    return usage


def _details(raw: Mapping[str, Any], names: tuple[str, ...]) -> Mapping[str, Any]:
    return next((raw[name] for name in names if isinstance(raw.get(name), dict)), {})


def _either(raw: Mapping[str, Any], details: Mapping[str, Any], names: tuple[str, ...]) -> int | None:
    found = fields.integer(details, *names)
    return fields.integer(raw, *names) if found is None else found
