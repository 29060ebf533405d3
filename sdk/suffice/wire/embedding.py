"""The answer of an embedding call: how many vectors of how many dimensions. The numbers are not kept."""

from __future__ import annotations

from typing import Any

from suffice.wire.call import Message

FLOAT_BYTES = 4  # in base64, vectors are sent as 32-bit floats


def embedding_message(count: int, dimensions: int | None) -> Message:
    part: dict[str, Any] = {"type": "embeddings", "count": count}
    return {"role": "assistant", "parts": [part if dimensions is None else part | {"dimensions": dimensions}]}


def vector_length(vector: Any) -> int | None:
    """Dimensions of a vector sent as numbers or as base64 of 32-bit floats."""
    if isinstance(vector, list):
        return len(vector)
    if isinstance(vector, str):
        return (len(vector.rstrip("=")) * 3 // 4) // FLOAT_BYTES
    return None
