"""The one chokepoint: what leaves the process went through here.

- ``headers``: of a request's headers only a list of known harmless ones is kept. Credentials are not
  on it, so no new header a vendor invents can leak one.
- ``url``, ``text``: query values and user info go, things shaped like keys are masked, in every mode.
- ``attributes``: in mode ``metrics`` only names on the list below pass, and only numbers among the parameters.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit, urlunsplit

from suffice import semconv
from suffice.config import CaptureMode

MASK = "[masked]"

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

# Shapes of credentials: the prefix stays, so that a person sees which key was in the wrong place.
_SECRETS = re.compile(
    r"""(?P<kept>\bbearer\s+|\b(?:api[-_]?key|access[-_]?token|authorization|password|secret)["']?\s*[=:]\s*["']?(?:(?:bearer|basic)\s+)?
        |\bsk-(?:ant-|proj-|or-)?|\bAKIA|\bASIA|\bAIza|\bgsk_|\bhf_|\bghp_|\bgho_|\bxox[abp]-|\bya29\.)
        (?P<secret>[A-Za-z0-9_\-./+*]{6,}=*)""",
    re.VERBOSE | re.IGNORECASE,
)

# What mode "metrics" lets through: names, numbers, times. No text a person or a model wrote.
_METRIC_ATTRIBUTES = frozenset(
    {
        semconv.OPERATION,
        semconv.PROVIDER,
        semconv.REQUEST_MODEL,
        semconv.RESPONSE_MODEL,
        semconv.RESPONSE_ID,
        semconv.FINISH_REASONS,
        semconv.TIME_TO_FIRST_CHUNK,
        semconv.REQUEST_STREAM,
        semconv.OUTPUT_TYPE,
        semconv.INPUT_TOKENS,
        semconv.OUTPUT_TOKENS,
        semconv.CACHE_READ_TOKENS,
        semconv.CACHE_WRITE_TOKENS,
        semconv.REASONING_TOKENS,
        semconv.AGENT_NAME,
        semconv.CONVERSATION_ID,
        semconv.ERROR_TYPE,
        semconv.SERVER_ADDRESS,
        semconv.SERVER_PORT,
        semconv.STATUS_CODE,
        semconv.USER_ID,
        semconv.WIRE_FORMAT,
        semconv.COMPLETENESS,
        semconv.CUT_BYTES,
        semconv.CALL_SITE,
        semconv.ATTEMPT,
        semconv.RETRY_OF,
        semconv.TASK_NAME,
        semconv.RUN_ID,
        semconv.RUN_NAME,
        semconv.STEP,
        semconv.SERVICE_TIER,
        semconv.USAGE_SOURCE,
        semconv.CACHE_WRITE_5M_TOKENS,
        semconv.CACHE_WRITE_1H_TOKENS,
        semconv.AUDIO_INPUT_TOKENS,
        semconv.AUDIO_OUTPUT_TOKENS,
        semconv.OUTCOME_TARGET,
        semconv.OUTCOME_TARGET_ID,
        semconv.OUTCOME_OK,
        semconv.OUTCOME_SCORE,
        semconv.OUTCOME_LABEL,
        "http.request.method",
        "http.method",
        "http.status_code",
        "server.address",
        "server.port",
    }
)
_NUMBERS_ONLY = frozenset({semconv.PARAMETERS, semconv.USAGE_RAW})  # JSON objects, kept down to their numbers
_TEXTS = frozenset({semconv.ERROR_MESSAGE, "url.full", "http.url", "exception.message", "url.query"})


def text(value: str) -> str:
    """The text with everything shaped like a credential masked."""
    return _SECRETS.sub(lambda m: m["kept"] + MASK, value)


def url(address: str) -> str:
    """The address without user info, without fragment, without the values of its query."""
    parts = urlsplit(address)
    host = parts.hostname or ""
    if ":" in host:
        host = f"[{host}]"
    netloc = f"{host}:{parts.port}" if parts.port else host
    query = "&".join(name for name, _ in parse_qsl(parts.query, keep_blank_values=True))
    return urlunsplit((parts.scheme, netloc, text(parts.path), query, ""))


def request_headers(raw: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Of the headers as sent, those that say how to read the body. Never a credential."""
    return _chosen(raw, _REQUEST_HEADERS)


def response_headers(raw: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Of the headers as received, those that say how to read the body. Never a cookie."""
    return _chosen(raw, _RESPONSE_HEADERS)


def attributes(given: Mapping[str, Any], mode: CaptureMode) -> dict[str, Any]:
    """A span's attributes as they may leave in this mode."""
    kept: dict[str, Any] = {}
    for name, value in given.items():
        if name in _TEXTS and isinstance(value, str):
            value = url(value) if name in ("url.full", "http.url") else text(value)
        if mode == "full" or name in _METRIC_ATTRIBUTES:
            kept[name] = value
        elif name in _NUMBERS_ONLY:
            kept[name] = json.dumps(_numbers(json.loads(value)))
        elif name.startswith(semconv.REQUEST_PREFIX) and isinstance(value, int | float):
            kept[name] = value
    return kept


def _chosen(raw: Iterable[tuple[bytes, bytes]], wanted: frozenset[str]) -> dict[str, str]:
    kept = {}
    for name, value in raw:
        key = name.decode("latin-1").lower()
        if key in wanted:
            kept[key] = text(value.decode("latin-1"))
    return kept


def _numbers(value: Any) -> Any:
    if isinstance(value, dict):
        inner = {k: _numbers(v) for k, v in value.items()}
        return {k: v for k, v in inner.items() if v is not None}
    return value if isinstance(value, int | float) else None
