"""Of URLs and headers, the harmless part: in every mode, and before anything is parsed.

- ``request_headers``, ``response_headers``: only those on a short list. Credentials are not on it, so no new header a
  vendor invents can leak one.
- ``url``: without user info, fragment and the values of its query.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from urllib.parse import parse_qsl, urlsplit, urlunsplit

from suffice.privacy.masking import Masker

_REQUEST_HEADERS = frozenset(
    {"content-type", "content-encoding", "x-stainless-retry-count", "x-stainless-lang", "anthropic-version"}
    | {"anthropic-beta", "openai-beta", "user-agent"}
)
_RESPONSE_HEADERS = frozenset(
    {"content-type", "content-encoding", "retry-after", "x-request-id", "request-id", "openai-processing-ms"}
    | {"openai-version", "x-ms-region", "server", "transfer-encoding"}
    | {"x-amzn-bedrock-input-token-count", "x-amzn-bedrock-output-token-count"}
    | {"x-amzn-bedrock-cache-read-input-token-count", "x-amzn-bedrock-cache-write-input-token-count"}
)
_credentials = Masker(None)


def text(value: str) -> str:
    """The text with everything shaped like a credential masked."""
    return _credentials.text(value)


def url(address: str) -> str:
    """The address without user info, without fragment, without the values of its query."""
    try:
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return ""
    if ":" in host:
        host = f"[{host}]"
    netloc = f"{host}:{port}" if port else host
    query = "&".join(name for name, _ in parse_qsl(parts.query, keep_blank_values=True))
    return urlunsplit((parts.scheme, netloc, text(parts.path), query, ""))


def request_headers(raw: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Of the headers as sent, those that say how to read the body. Never a credential."""
    return _chosen(raw, _REQUEST_HEADERS)


def response_headers(raw: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Of the headers as received, those that say how to read the body. Never a cookie."""
    return _chosen(raw, _RESPONSE_HEADERS)


def _chosen(raw: Iterable[tuple[bytes, bytes]], wanted: frozenset[str]) -> dict[str, str]:
    kept = {}
    for name, value in raw:
        key = _header_name(name)
        if key in wanted:
            kept[key] = text(value.decode("latin-1"))
    return kept


@lru_cache(1024)
def _header_name(name: bytes) -> str:
    return name.decode("latin-1").lower()
