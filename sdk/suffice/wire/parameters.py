"""Request parameters: by the last part of the conventions' name, else as sent.

Kept are scalars and a few known objects. Anything else may hold content, ids of persons or
credentials (``mcp_servers`` carries tokens), and is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_TEXT_CHARS = 64
_OBJECTS = frozenset(
    {"tool_choice", "function_call", "thinking", "reasoning", "output_config", "logit_bias", "modalities", "stop"}
    | {"stop_sequences", "web_search_options", "context_management"}
    | {"stopSequences", "thinkingConfig", "thinking_config", "toolConfig", "tool_config", "responseModalities"}
    | {"response_modalities", "toolChoice", "inferenceConfig", "additionalModelRequestFields", "options"}
)
_PERSONAL = frozenset({"user", "metadata", "safety_identifier", "prompt_cache_key", "user_id", "session_id"})


def kept_parameters(
    body: Mapping[str, Any], names: Mapping[str, str], read_elsewhere: frozenset[str]
) -> dict[str, Any]:
    """The parameters of a request body. ``names`` maps the format's words to the conventions'."""
    kept: dict[str, Any] = {}
    for key, value in body.items():
        if key in read_elsewhere or key in _PERSONAL or value is None:
            continue
        if isinstance(value, bool | int | float) or key in _OBJECTS:
            kept[names.get(key, key)] = [value] if key == "stop" and isinstance(value, str) else value
        elif isinstance(value, str) and len(value) <= _TEXT_CHARS:
            kept[names.get(key, key)] = value
    return kept


def written_parameters(parameters: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """The way back: the format's words for the conventions'."""
    words = {name: word for word, name in names.items()}
    return {words.get(key, key): value for key, value in parameters.items()}
