"""Token counts that stand in the answer's headers: Bedrock states them there for models whose bodies state none."""

from __future__ import annotations

from collections.abc import Mapping

from suffice.wire.call import Usage

INPUT, OUTPUT = "x-amzn-bedrock-input-token-count", "x-amzn-bedrock-output-token-count"
CACHE_READ, CACHE_WRITE = "x-amzn-bedrock-cache-read-input-token-count", "x-amzn-bedrock-cache-write-input-token-count"


def usage_in_headers(headers: Mapping[str, str]) -> Usage | None:
    """Bedrock's counts, input made inclusive; None where the headers hold none."""
    found = {name: int(headers[name]) for name in (INPUT, OUTPUT, CACHE_READ, CACHE_WRITE) if _is_count(headers, name)}
    if INPUT not in found:
        return None
    read, written = found.get(CACHE_READ), found.get(CACHE_WRITE)
    return Usage(found[INPUT] + (read or 0) + (written or 0), found.get(OUTPUT, 0), read, written, raw=dict(found))


def _is_count(headers: Mapping[str, str], name: str) -> bool:
    value = headers.get(name, "")
    return value.isascii() and value.isdigit() and len(value) < 16
